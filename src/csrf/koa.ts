/**
 * Cross-origin protection as a Koa middleware.
 *
 * @module
 */
import { type CsrfOptions, createCheck, REFUSED_TEXT, REFUSED_VARY } from "./check.ts";

export type { CsrfOptions, CsrfRefusal } from "./check.ts";

/** What is used of Koa's context. */
export interface CsrfKoaContext {
  readonly method: string;
  /** From `Host`, and with `app.proxy` from `X-Forwarded-Host`. */
  readonly host: string;
  status: number;
  type: string;
  body: unknown;
  get(name: string): string;
  vary(name: string): unknown;
}

/**
 * Makes the middleware. A request that another website made the browser send is answered with 403, and no later middleware
 * runs. What is refused and what is not: see {@link CsrfOptions}, and `csrf` of `web-session-store/csrf`. Behind a proxy that
 * does not pass `Host` on as it came, set `app.proxy`.
 *
 * @throws OptionError when an origin is not one, or an option is misspelt.
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
