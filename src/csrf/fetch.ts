/**
 * Cross-origin protection for `fetch` handlers: refuses requests that another website makes a visitor's browser send.
 *
 * The rules are those of `http.CrossOriginProtection` in Go 1.25. No token, no cookie, no state.
 *
 * @module
 */
import { type CsrfOptions, createCheck, REFUSED_TEXT, REFUSED_VARY } from "./check.ts";

export type { CsrfOptions, CsrfRefusal } from "./check.ts";

/** The middleware for `fetch` handlers. */
export interface Csrf {
  /** Returns the response of `next()`, or 403 if the request is refused. */
  (request: Request, next: () => Response | Promise<Response>): Promise<Response>;
  /** Returns the 403 response if the request is refused, otherwise null. */
  check(request: Request): Response | null;
}

/**
 * Returns the protection for `fetch` handlers. Put it around every handler that reads a session. Requests that may
 * change something (all but GET, HEAD and OPTIONS) and WebSocket handshakes pass if they come from a page of the same
 * origin, directly from the visitor, from a client that is no browser, or from one of `trustedOrigins`. All others get
 * a 403 response, including those from other subdomains of the same site.
 *
 * Risky: a GET that changes something is not protected. Nor are browsers from before 2023, against another scheme of
 * the same host.
 *
 * @throws OptionError if an origin is invalid or an option is misspelt.
 *
 * @see https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 * @see https://pkg.go.dev/net/http#CrossOriginProtection
 *
 * @example
 * ```ts
 * const protect = csrf();
 * export default { fetch: (request: Request) => protect(request, () => answer(request)) };
 * ```
 */
export function csrf(options: CsrfOptions = {}): Csrf {
  const refuses = createCheck(options);
  const check = (request: Request): Response | null => {
    const { method, headers, url } = request;
    const refused = refuses({ method, host: new URL(url).host, header: (name) => headers.get(name) ?? "" });
    return refused ? new Response(REFUSED_TEXT, { status: 403, headers: REFUSED_HEADERS }) : null;
  };
  const run: (request: Request, next: () => Response | Promise<Response>) => Promise<Response> = async (request, next) =>
    check(request) ?? next();
  return Object.assign(run, { check });
}

const REFUSED_HEADERS = { "Content-Type": "text/plain; charset=UTF-8", Vary: REFUSED_VARY };
