/**
 * Cross-origin protection as Koa middleware.
 *
 * @module
 */
import { type CsrfOptions, createCheck, REFUSED_TEXT, REFUSED_VARY } from "./check.ts";

export type { CsrfOptions, CsrfRefusal } from "./check.ts";

/** The part of Koa's context that is used. */
export interface CsrfKoaContext {
  readonly method: string;
  /** From `Host` or, with `app.proxy`, from `X-Forwarded-Host`. */
  readonly host: string;
  status: number;
  type: string;
  body: unknown;
  get(name: string): string;
  vary(name: string): unknown;
}

/**
 * Returns the middleware. If another website made the browser send a request, the response is 403 and later middleware
 * does not run. For the rules, see {@link CsrfOptions} and `csrf` of `web-session-store/csrf`. Behind a proxy that
 * changes `Host`, set `app.proxy`.
 *
 * @throws OptionError if an origin is invalid or an option is misspelt.
 *
 * @example
 * ```ts
 * app.use(csrf());
 * app.use(session({ secrets: SECRET }));
 * ```
 */
export function csrf(options: CsrfOptions = {}): (ctx: CsrfKoaContext, next: () => Promise<unknown>) => Promise<unknown> {
  const refuses = createCheck(options);
  return async function csrf(ctx, next) {
    if (!refuses({ method: ctx.method, host: ctx.host, header: (name) => ctx.get(name) })) return next();
    ctx.status = 403;
    ctx.type = "text/plain";
    ctx.body = REFUSED_TEXT;
    ctx.vary(REFUSED_VARY);
    return undefined;
  };
}
