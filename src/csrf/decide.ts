/**
 * What decides about requests that another website may have made a visitor's browser send.
 *
 * The decisions are those of `http.CrossOriginProtection` in Go 1.25.
 *
 * @module
 */

/** What an answer depends on that refuses. Answers to requests that pass need no `Vary`: no cache answers an unsafe method. */
export const REFUSED_VARY = "Sec-Fetch-Site, Origin";
/** What a refused visitor reads. */
export const REFUSED_TEXT = "Forbidden: this request came from another website";

/** What decides about a request, wherever it comes from. */
export interface AskedRequest {
  /** Its method, in capitals. */
  readonly method: string;
  /** Host and port, as the browser knows them. */
  readonly host: string;
  /** The value of a header; empty when there is none. */
  header(name: string): string;
}

/** Which header gives a request away that another website made the browser send; null for all others. @param trusted Origins that may. */
export function reasonToRefuse(
  { method, host, header }: AskedRequest,
  trusted: ReadonlySet<string>,
): "sec-fetch-site" | "origin" | null {
  if (isSafe(method) && !opensWebSocket(header)) return null;
  const [site, origin] = [header("Sec-Fetch-Site"), header("Origin")];
  // What the visitor asks for directly, by a bookmark or the address bar, is "none".
  if (site === "same-origin" || site === "none") return null;
  // Browsers have sent Origin with every unsafe request since 2020: without it, it is none, and no visitor's cookies are abused.
  if (site === "" && (origin === "" || hostOf(origin) === host)) return null;
  if (origin !== "" && trusted.has(origin)) return null;
  return site === "" ? "origin" : "sec-fetch-site";
}

/** RFC 9110, section 9.2.1. Methods are case-sensitive. */
function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** A handshake is a GET, and opens a way in both directions with the visitor's cookies: RFC 6455, section 10.2. */
function opensWebSocket(header: AskedRequest["header"]): boolean {
  return /\bwebsocket\b/i.test(header("Upgrade"));
}

/** `scheme://host[:port]` and nothing else, as RFC 6454, section 6.2 has it. `null`, an opaque origin, has no host. */
export const ORIGIN: RegExp = /^[a-z][a-z0-9+.-]*:\/\/([^\s/?#@\\]+)$/;

function hostOf(origin: string): string | undefined {
  return ORIGIN.exec(origin)?.[1];
}
