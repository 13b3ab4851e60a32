/**
 * Cross-origin protection as Hono middleware.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { type CsrfOptions, createCheck, REFUSED_TEXT, REFUSED_VARY } from "./check.ts";

export type { CsrfOptions, CsrfRefusal } from "./check.ts";

/**
 * Returns the middleware. If another website made the browser send a request, the response is 403 and later handlers do
 * not run. For the rules, see {@link CsrfOptions} and `csrf` of `web-session-store/csrf`.
 *
 * @throws OptionError if an origin is invalid or an option is misspelt.
 *
 * @example
 * ```ts
 * const app = new Hono().use(csrf()).use(session({ secrets: SECRET }));
 * ```
 */
export function csrf(options: CsrfOptions = {}): MiddlewareHandler {
  const refuses = createCheck(options);
  return async function csrf(c, next) {
    const { method, url } = c.req;
    if (!refuses({ method, host: new URL(url).host, header: (name) => c.req.header(name) ?? "" })) return next();
    c.header("Vary", REFUSED_VARY, { append: true });
    return c.text(REFUSED_TEXT, 403);
  };
}
