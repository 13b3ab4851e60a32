/**
 * Decides which requests another website may have made a visitor's browser send.
 *
 * The rules are those of `http.CrossOriginProtection` in Go 1.25.
 *
 * @module
 */

/** What a refusal depends on. Responses to other requests need no `Vary`, as no cache answers unsafe methods. */
export const REFUSED_VARY = "Sec-Fetch-Site, Origin";
/** The text that a refused visitor sees. */
export const REFUSED_TEXT = "Forbidden: this request came from another website";

/** The parts of a request that decide, independent of the framework. */
export interface AskedRequest {
  /** The method, in capitals. */
  readonly method: string;
  /** Host and port as the browser knows them. */
  readonly host: string;
  /** The value of a header, or empty. */
  header(name: string): string;
}

/**
 * The header that shows that another website made the browser send the request, or null. @param trusted Origins that
 * may.
 */
export function reasonToRefuse(
  { method, host, header }: AskedRequest,
  trusted: ReadonlySet<string>,
): "sec-fetch-site" | "origin" | null {
  if (isSafe(method) && !opensWebSocket(header)) return null;
  const [site, origin] = [header("Sec-Fetch-Site"), header("Origin")];
  // "none" is a direct request by the visitor, such as a bookmark or the address bar.
  if (site === "same-origin" || site === "none") return null;
  // Browsers have sent Origin with every unsafe request since 2020. Without it the client is no browser, so no
  // visitor's cookies are abused.
  if (site === "" && (origin === "" || hostOf(origin) === host)) return null;
  if (origin !== "" && trusted.has(origin)) return null;
  return site === "" ? "origin" : "sec-fetch-site";
}

/** RFC 9110, section 9.2.1. Methods are case-sensitive. */
function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** A handshake is a GET, but opens a connection with the visitor's cookies: RFC 6455, section 10.2. */
function opensWebSocket(header: AskedRequest["header"]): boolean {
  return /\bwebsocket\b/i.test(header("Upgrade"));
}

/** `scheme://host[:port]` and nothing else: RFC 6454, section 6.2. `null`, an opaque origin, has no host. */
export const ORIGIN: RegExp = /^[a-z][a-z0-9+.-]*:\/\/([^\s/?#@\\]+)$/;

function hostOf(origin: string): string | undefined {
  return ORIGIN.exec(origin)?.[1];
}
