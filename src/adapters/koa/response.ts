/**
 * Session headers on Node's response, and the status of Koa's errors.
 *
 * @module
 */
import { type Committed, type NodeHeaderHolder, nodeHeaders, put } from "../../index.ts";

/** The part of Node's `ServerResponse` that is used. */
export interface NodeResponse extends NodeHeaderHolder {
  readonly headersSent: boolean;
  statusMessage?: string;
  /** Sends the headers. `end()` and `write()` call it too. A stand-in for a response may lack it. */
  writeHead?(...given: never[]): unknown;
}

/**
 * Clears the status text "unknown" that responses start with on Workers: Koa would send it with a 404. It is an own
 * property there. HTTP/2 responses have no status text, and Node warns when it is read.
 */
export function clearStatusText(response: NodeResponse): void {
  if (Object.hasOwn(response, "statusMessage") && response.statusMessage === "unknown") response.statusMessage = "";
}

/**
 * The status that Koa sends for an error: 500 if it is not an Error. A missing file is a fault, although Koa 2 says
 * 404.
 */
export function statusOf(error: unknown): number {
  if (!(error instanceof Error)) return 500;
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown };
  const given = status ?? statusCode;
  return typeof given === "number" && given >= 400 && given < 600 ? given : 500;
}

/**
 * Puts the headers on whichever response is sent in the end. For an error, Koa drops the response's headers and takes
 * those of the error, but that object belongs to the application and may be thrown for many visitors.
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
