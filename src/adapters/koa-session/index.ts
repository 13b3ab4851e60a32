/**
 * Sessions with the API, cookies and stores of koa-session 7. An application changes one import, nobody is logged out,
 * and it can go back.
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

/** What the middleware adds to Koa's context. */
export interface KoaSessionContextMembers<Data extends object = Record<string, unknown>> {
  /** The data, with koa-session's properties and methods. */
  get session(): Partial<Data> & KoaSessionMembers;
  /** The entries of an object replace the data. Null ends the session. */
  set session(data: Partial<Data> | null);
  /** The options, with the `maxAge` of this session. */
  readonly sessionOptions: KoaSessionOptions;
}

/** {@link KoaSessionOptions} under koa-session's name. */
export type CreateSessionOptions = KoaSessionOptions;
/** {@link KoaSessionOptions} under koa-session's name. */
export type SessionOptions = KoaSessionOptions;

/** The middleware. */
export interface KoaSessionMiddleware {
  // biome-ignore lint/suspicious/noExplicitAny: any Koa's context.
  (ctx: any, next: () => Promise<unknown>): Promise<void>;
  /**
   * The manager, for `read()`. @throws OptionError before the first request, as the application's keys sign the
   * cookies.
   */
  readonly sessions: Sessions<never>;
}

/** The part of a Koa application that is used. */
export interface KoaApplication {
  /** Adds a middleware. */
  use(...given: never[]): unknown;
}

/** The type of {@link session}: a function that also has {@link getSession} as a property, for `require()`. */
export interface KoaSessionFactory {
  (options: KoaSessionOptions, app: KoaApplication): KoaSessionMiddleware;
  (app: KoaApplication, options?: KoaSessionOptions): KoaSessionMiddleware;
  /** {@link getSession}, for users of `require()`. */
  readonly getSession: typeof getSession;
  /** The function itself, for `const { session } = require(...)`. */
  readonly session: KoaSessionFactory;
  /** The function itself, under koa-session's name. */
  readonly createSession: KoaSessionFactory;
  /** The function itself, for code that compilers make of `import session from`. */
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

/** The request. With `externalKey`, it has a cookie that holds the application's key. */
function requestOf(ctx: KoaContext, { key, externalKey }: Settled): RequestInfo {
  const request = new KoaRequest(ctx);
  if (!externalKey) return request;
  const found = externalKey.get(ctx as never);
  const cookie = found ? `${key}=${found}` : null;
  const { method, url } = request;
  return { method, url, headers: { get: (name) => (name.toLowerCase() === "cookie" ? cookie : request.get(name)) } };
}

/**
 * Returns the middleware, with koa-session's options, cookies, stores, events and members of `ctx.session`.
 * docs/migrating.md lists the deliberate improvements.
 *
 * @throws OptionError if an option cannot be used or the application is missing, and on first use if `app.keys` is
 * missing.
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
/** {@link session} under koa-session's name. */
export const createSession: KoaSessionFactory = session;
export default session;
