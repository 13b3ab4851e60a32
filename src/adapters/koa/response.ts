/**
 * Node's response and Koa's errors, as far as session headers go.
 *
 * @module
 */
import { type Committed, type NodeHeaderHolder, nodeHeaders, put } from "../../index.ts";

/** What is used of Node's `ServerResponse`. */
export interface NodeResponse extends NodeHeaderHolder {
  readonly headersSent: boolean;
  statusMessage?: string;
  /** Sends the headers; called by `end()` and `write()`, too. What stands for a response may lack it. */
  writeHead?(...given: never[]): unknown;
}

/**
 * On Workers a response begins with the status text "unknown", which Koa would answer a 404 with; elsewhere with none. It is the response's own
 * there; HTTP/2 has none, and Node warns whoever asks its response for one.
 */
export function clearStatusText(response: NodeResponse): void {
  if (Object.hasOwn(response, "statusMessage") && response.statusMessage === "unknown") response.statusMessage = "";
}

/** The status that Koa answers an error with. What is no Error is answered with 500; a file that is missing is a fault, though Koa 2 says 404. */
export function statusOf(error: unknown): number {
  if (!(error instanceof Error)) return 500;
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown };
  const given = status ?? statusCode;
  return typeof given === "number" && given >= 400 && given < 600 ? given : 500;
}

/**
 * Puts the headers on whatever answer is sent in the end. Koa drops those of the response when it answers an error, and takes the
 * error's own: but that belongs to the application, and may be thrown for many visitors.
 */
export function putWhenSent(response: NodeResponse | undefined, committed: Committed): void {
  const writeHead = response?.writeHead;
  const { setCookie, headers } = committed;
  if (response === undefined || writeHead === undefined || setCookie.length + headers.length === 0) return;
  response.writeHead = (...given) => {
    response.writeHead = writeHead;
    const target = nodeHeaders(response);
    const there = target.getSetCookie();
    const isThere = setCookie.length > 0 && setCookie.every((line) => there.includes(line));
    if (!response.headersSent && !isThere) put(target, committed);
    return writeHead.apply(response, given);
  };
}
