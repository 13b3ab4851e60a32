/**
 * Cross-origin protection for `fetch` handlers: refuses requests that another website makes a visitor's browser send.
 *
 * The decisions are those of `http.CrossOriginProtection` in Go 1.25. No token, no cookie, no state.
 *
 * @module
 */
import { type CsrfOptions, createCheck, REFUSED_TEXT, REFUSED_VARY } from "./check.ts";

export type { CsrfOptions, CsrfRefusal } from "./check.ts";

/** The middleware for `fetch` handlers. */
export interface Csrf {
  /** Answers with `next()`, or with 403 if the request is refused. */
  (request: Request, next: () => Response | Promise<Response>): Promise<Response>;
  /** The 403 response for a request that is to be refused, or null. */
  check(request: Request): Response | null;
}

/**
 * Makes the protection for `fetch` handlers. Requests that change something (all but GET, HEAD and OPTIONS) and WebSocket
 * handshakes pass if they come from a page of the same origin, from the visitor directly, from no browser, or from one of
 * `trustedOrigins`. Others get a 403 response, also those from another subdomain of the same site.
 *
 * Risky: a GET that changes something is not protected; nor are browsers from before 2023 where another scheme of the same host
 * attacks. Put it around every handler that reads a session.
 *
 * @throws OptionError when an origin is not one, or an option is misspelt.
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
