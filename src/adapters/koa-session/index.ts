/**
 * Sessions with the API of koa-session 7, and its cookies and stores: an application changes one import, nobody is logged out, and it can go back.
 *
 * @module
 */
import { cannot } from "../../ground/errors.ts";
import type { RequestInfo, Sessions } from "../../index.ts";
import { managersByKeys } from "../koa/app-keys.ts";
import { type Dialect, getSession, middlewareOf } from "../koa/middleware.ts";
import { KoaRequest } from "../koa/request.ts";
import type { KoaContext } from "../koa/types.ts";
import { KoaSessionContext } from "./context.ts";
import { current, requestFor, within } from "./current.ts";
import { koaSessionManagers } from "./managers.ts";
import type { KoaSessionMembers } from "./members.ts";
import { type KoaSessionOptions, type Settled, settleOptions } from "./options.ts";

export type { SessionEvent } from "../../index.ts";
export type { PlainResult } from "../../stores/bridges/settled.ts";
export type { Done, SessionMethods } from "../express-methods.ts";
export { getSession } from "../koa/middleware.ts";
export type { KoaSessionMembers } from "./members.ts";
export type { ExternalKey, KoaSessionOptions, KoaSessionStore } from "./options.ts";

/** What the middleware gives to Koa's context. */
export interface KoaSessionContextMembers<Data extends object = Record<string, unknown>> {
  /** The data, with koa-session's properties and methods. */
  get session(): Partial<Data> & KoaSessionMembers;
  /** The entries of an object take the place of the data; null ends the session. */
  set session(data: Partial<Data> | null);
  /** The options, of which `maxAge` is this session's own. */
  readonly sessionOptions: KoaSessionOptions;
}

/** {@link KoaSessionOptions}, by koa-session's names. */
export type CreateSessionOptions = KoaSessionOptions;
/** {@link KoaSessionOptions}, by koa-session's names. */
export type SessionOptions = KoaSessionOptions;

/** The middleware. */
export interface KoaSessionMiddleware {
  // biome-ignore lint/suspicious/noExplicitAny: any Koa's context.
  (ctx: any, next: () => Promise<unknown>): Promise<void>;
  /** The manager: for `read()`. @throws OptionError before the first request, since its cookies are signed with the application's keys. */
  readonly sessions: Sessions<never>;
}

/** A Koa application, as far as it matters here. */
export interface KoaApplication {
  /** Adds a middleware. */
  use(...given: never[]): unknown;
}

/** {@link session}: a function, with {@link getSession} as a property for those who `require()` it. */
export interface KoaSessionFactory {
  (options: KoaSessionOptions, app: KoaApplication): KoaSessionMiddleware;
  (app: KoaApplication, options?: KoaSessionOptions): KoaSessionMiddleware;
  /** {@link getSession}, for those who `require()` the function. */
  readonly getSession: typeof getSession;
  /** The function itself, for those who take it out of what `require()` gives. */
  readonly session: KoaSessionFactory;
  /** The same, by koa-session's own name. */
  readonly createSession: KoaSessionFactory;
  /** The function itself, for what compilers make of `import session from`. */
  readonly default: KoaSessionFactory;
}

function makeMiddleware(
  one: KoaSessionOptions | KoaApplication,
  other?: KoaApplication | KoaSessionOptions,
): KoaSessionMiddleware {
  const [app, given] = isApplication(one) ? [one, other] : [other, one];
  if (!isApplication(app)) cannot("make the middleware", "it needs the application: session(options, app)");
  const options = settleOptions((given ?? {}) as KoaSessionOptions);
  const dialect: Dialect = {
    name: options.key,
    lazy: false,
    managers: managersByKeys((keys) => koaSessionManagers(options, keys)),
    autoCommit: options.autoCommit ?? true,
    within: (ctx, run) => within(requestFor(ctx, options), run),
    open: (ctx, visitor, sessions) => {
      Object.defineProperty(ctx, "sessionOptions", { value: current()?.options, configurable: true });
      return new KoaSessionContext(visitor, sessions);
    },
    request: (ctx) => requestOf(ctx, options),
  };
  return middlewareOf(dialect) as unknown as KoaSessionMiddleware;
}

function isApplication(given: unknown): given is KoaApplication {
  return typeof (given as Partial<KoaApplication> | undefined)?.use === "function";
}

/** The request; where the application keeps the key elsewhere, with a cookie that holds it. */
function requestOf(ctx: KoaContext, { key, externalKey }: Settled): RequestInfo {
  const request = new KoaRequest(ctx);
  if (!externalKey) return request;
  const found = externalKey.get(ctx as never);
  const cookie = found ? `${key}=${found}` : null;
  const { method, url } = request;
  return { method, url, headers: { get: (name) => (name.toLowerCase() === "cookie" ? cookie : request.get(name)) } };
}

/**
 * Makes the middleware: koa-session's options, cookies, stores, events, and what it has on `ctx.session`; where this does better on purpose is in
 * docs/migrating.md.
 *
 * @throws OptionError when an option cannot be used, or the application is missing; at the first use when `app.keys` is missing.
 *
 * @see https://github.com/koajs/session
 *
 * @example
 * ```ts
 * import { session } from "web-session-store/koa-session";
 *
 * app.keys = [process.env.APP_KEY ?? ""];
 * app.use(session({ key: "koa.sess", maxAge: 86_400_000 }, app));
 * ```
 */
export const session: KoaSessionFactory = Object.assign(makeMiddleware, { getSession }) as unknown as KoaSessionFactory;
Object.assign(session, { session, createSession: session, default: session });
/** {@link session}, by the name that koa-session gives it. */
export const createSession: KoaSessionFactory = session;
export default session;
