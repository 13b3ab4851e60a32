/**
 * An application as the benchmark sees it: called without a network, and it responds.
 *
 * @module
 */

/** The part of a response that is checked. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The Set-Cookie lines. */
  readonly setCookie: readonly string[];
}

/** An application under test. */
export interface App {
  /** Sends one request and reads the response. For checks. */
  ask(path: string, cookie?: string): Promise<Answer>;
  /** Prepares a request. Each call sends it again without reading the response. For timing. */
  ready(path: string, cookie?: string): () => Promise<unknown>;
}

/** The Cookie header that a browser without cookies would send after these Set-Cookie lines. */
export function cookieHeader(lines: readonly string[]): string {
  const pairs = new Map<string, string>();
  for (const line of lines) {
    const pair = line.slice(0, line.indexOf(";") === -1 ? undefined : line.indexOf(";"));
    pairs.set(pair.slice(0, pair.indexOf("=")), pair);
  }
  return [...pairs.values()].join("; ");
}
