/**
 * What the benchmark knows of an application: it is called without a network, and answers.
 *
 * @module
 */

/** An answer, as far as anybody looks at it. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** The Set-Cookie lines. */
  readonly setCookie: readonly string[];
}

/** An application under test. */
export interface App {
  /** Answers one request, and reads the answer: for checks. */
  ask(path: string, cookie?: string): Promise<Answer>;
  /** A request made ready: every call sends it anew. Nobody reads the answer: for timing. */
  ready(path: string, cookie?: string): () => Promise<unknown>;
}

/** The pairs for a Cookie header that Set-Cookie lines give to a browser without cookies. */
export function cookieHeader(lines: readonly string[]): string {
  const pairs = new Map<string, string>();
  for (const line of lines) {
    const pair = line.slice(0, line.indexOf(";") === -1 ? undefined : line.indexOf(";"));
    pairs.set(pair.slice(0, pair.indexOf("=")), pair);
  }
  return [...pairs.values()].join("; ");
}
