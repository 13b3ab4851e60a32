/**
 * Sessions as a Koa middleware: the API of koa-session-store, and with `secrets` the library like everywhere else.
 *
 * @module
 */

import { cannot, StateError } from "../../ground/errors.ts";
import { after, type MaybePromise } from "../../ground/maybe-promise.ts";
import {
  type Committed,
  type CookieSessionOptions,
  createSessions,
  nodeHeaders,
  put,
  type Session,
  type SessionOptions,
  type Sessions,
  type StoredOptions,
  type StoredSessions,
} from "../../index.ts";
import { waitsOf } from "../../manager/sessions.ts";
import { nodeCrypto } from "../../node.ts";
import type { DefinedStore } from "../../stored/define.ts";
import type { PlainStore } from "../../stores/bridges/plain.ts";
import { twice } from "../one-name.ts";
import { type AppKeys, type CompatibleOptions, checkCompatible, compatibleManagers, cookieName } from "./compatible.ts";
import { ContextSession } from "./context.ts";
import { KoaRequest } from "./request.ts";
import { clearStatusText, type NodeResponse, putWhenSent, statusOf } from "./response.ts";
import { type KoaStore, sessionStore } from "./store.ts";

export type { KoaCookieOptions } from "../../cookie/koa.ts";
export type { RequestOptions } from "../../manager/options.ts";
export type { AppKeys, CompatibleOptions } from "./compatible.ts";
export type { NodeResponse } from "./response.ts";
export type { KoaStore } from "./store.ts";

/** Options without `secrets`: cookies as koa-session-store has them, signed with `app.keys`. */
export interface KoaOptions<Store = KoaStore | null | undefined> extends CompatibleOptions {
  /** Where the data is kept. Default `"cookie"`: in the cookie, which anyone who sees it can read. */
  store?: Store;
  /** Not here: with `secrets` the options are {@link KoaSecretOptions}. */
  secrets?: never;
}

/** Options with `secrets` and a store: the library's own tokens and cookie rules. */
// biome-ignore lint/suspicious/noExplicitAny: options without a schema fit sessions of any data.
export interface KoaStoredOptions<Data extends object = any, Store = DefinedStore | PlainStore>
  extends Omit<StoredOptions<Data>, "store"> {
  /** Where sessions are kept: also a store of three methods. */
  store: Store;
}

/** Options with `secrets` for sessions in their cookie, encrypted. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export interface KoaCookieSessionOptions<Data extends object = any> extends Omit<CookieSessionOptions<Data>, "store"> {
  /** Default `"cookie"`. */
  store?: "cookie" | null | undefined;
}

/** Options with `secrets`. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type KoaSecretOptions<Data extends object = any> = KoaStoredOptions<Data> | KoaCookieSessionOptions<Data>;

/** What the middleware uses of Koa's context. */
export interface KoaContext {
  /** Node's request. */
  readonly req: {
    readonly method?: string | undefined;
    readonly headers: { readonly [name: string]: string | string[] | undefined; readonly cookie?: string | undefined };
  };
  /** Node's response. Contexts of sockets, like those of koa-websocket, have none. */
  readonly res?: NodeResponse | undefined;
  readonly app: { readonly keys?: AppKeys | undefined };
  readonly secure: boolean;
  readonly status: number;
}

/** What the middleware gives to Koa's context: the session's data. Null ends the session, an object takes its place. */
export interface KoaSession<Data extends object> {
  /** The data, yours to change in place. Any key may be missing, since sessions end. */
  get session(): Partial<Data>;
  /** An object takes the place of the data; null ends the session. */
  set session(data: Partial<Data> | null);
}

/** The middleware. `Manager` is a {@link StoredSessions} where there is a store. */
export interface KoaMiddleware<Data extends object, Manager = Sessions<Data>> {
  (ctx: KoaContext & KoaSession<Data>, next: () => Promise<unknown>): Promise<void>;
  /**
   * The manager: for `read()`, and with a store for `list()`, `revoke()` and `revokeAll()`.
   *
   * @throws OptionError without `secrets` before the first request: its cookies are signed with the application's keys.
   */
  readonly sessions: Manager;
}

/** The Session of a request, as {@link getSession} gives it. */
export interface KoaVisitor<Data extends object = Record<string, unknown>> extends Session<Data> {
  /**
   * Commits now, and puts the cookie on Koa's response: for an answer that leaves before the middleware is done, by `ctx.flushHeaders()` or with
   * `ctx.respond = false`. The session takes no change after that.
   *
   * @throws what saving fails with: StoreError, DataError, GoneError.
   */
  commit(): Promise<void>;
}

function makeMiddleware<Data extends object>(given?: KoaOptions | KoaSecretOptions | null): KoaMiddleware<Data> {
  const options = given ?? {};
  const managers = hasSecrets(options) ? ownManager(options) : compatible(options);
  const name = hasSecrets(options) ? (options.name ?? "session") : cookieName(options);
  const lazy = options.lazy ?? false;

  const middleware = async function session(ctx: KoaContext & KoaSession<Data>, next: () => Promise<unknown>): Promise<void> {
    if (ctx.res !== undefined) clearStatusText(ctx.res);
    const sessions = managers.for(ctx);
    const other = ContextSession.of(ctx, name);
    if (other !== undefined && !other.isOf(sessions)) throw twice(name);
    if (other?.isRunning) return void (await next());
    // What must be waited for cannot be had in a getter, so it is loaded before the handlers.
    const loading = sessions.load(new KoaRequest(ctx), { lazy: lazy || !waitsOf(sessions) });
    const visitor = loading instanceof Promise ? await loading : loading;
    const own = new ContextSession(name, visitor, sessions, lazy);
    own.show(ctx);
    try {
      try {
        await next();
        // `delete ctx.session` ends the session, as it always did.
        if (!Object.hasOwn(ctx, "session")) own.delete();
      } catch (thrown) {
        await answerError(ctx, own, thrown);
        // The very object: it may be the application's to compare, and may have private fields.
        throw thrown;
      }
      try {
        const committing = commitTo(ctx, own);
        if (committing instanceof Promise) await committing;
      } catch (error) {
        await answerRefusal(ctx, own, error);
      }
    } finally {
      own.hide(ctx);
    }
  };
  return Object.defineProperty(middleware, "sessions", { get: () => managers.one() }) as unknown as KoaMiddleware<Data>;
}

/** What goes on the answer to an error. Koa drops the headers that are there, and its answer may be made by a middleware outside. */
async function answerError(ctx: KoaContext, own: ContextSession, thrown: unknown): Promise<void> {
  const status = statusOf(thrown);
  try {
    putWhenSent(ctx.res, await commitTo(ctx, own, { status, failed: status >= 500 }));
  } catch (error) {
    await answerRefusal(ctx, own, error);
  }
}

/** What could not be saved is an error. The cookie of an id that save() wrote goes with its answer. */
async function answerRefusal(ctx: KoaContext, own: ContextSession, error: unknown): Promise<never> {
  putWhenSent(ctx.res, await commitTo(ctx, own, { status: statusOf(error), failed: true }));
  throw error;
}

/** Commits, and puts what goes on the answer on Koa's response while that is possible. */
function commitTo(
  ctx: KoaContext,
  { session, sessions }: ContextSession,
  { status = ctx.status, failed = false } = {},
): MaybePromise<Committed> {
  const target = ctx.res === undefined || ctx.res.headersSent || ctx.status === 101 ? null : nodeHeaders(ctx.res);
  return after(sessions.commit(session, { status, headers: target, failed }), (committed) => {
    if (target !== null && !ctx.res?.headersSent) put(target, committed);
    // A middleware outside may still throw, and Koa would drop the headers: but what they say is done.
    if (committed.setCookie.length > 0) putWhenSent(ctx.res, committed);
    return committed;
  });
}

/**
 * The Session of a request.
 *
 * @param name The option `name` of its middleware, where there are several. Default: the innermost.
 * @throws StateError when no such middleware ran for this request.
 */
export function getSession<Data extends object = Record<string, unknown>>(ctx: object, name = ""): KoaVisitor<Data> {
  const found = ContextSession.of(ctx, name);
  found?.load();
  if (found !== undefined) return withCommit(found, ctx as KoaContext) as unknown as KoaVisitor<Data>;
  throw new StateError(
    "ERR_SESSION_MISSING",
    "Cannot get the session: its middleware did not run for this request; app.use() it before",
  );
}

/** {@link session}: a function, with {@link getSession} as a property for those who `require()` it. */
export interface KoaSessionFunction {
  <Data extends object = Record<string, unknown>>(
    options: KoaStoredOptions<Data, PlainStore> | (KoaOptions<PlainStore> & { store: PlainStore }),
  ): KoaMiddleware<Data, StoredSessions<Data>>;
  <Data extends object = Record<string, unknown>>(
    options: KoaStoredOptions<Data> | (KoaOptions<DefinedStore | PlainStore> & { store: DefinedStore | PlainStore }),
  ): KoaMiddleware<Data, StoredSessions<Data>>;
  <Data extends object = Record<string, unknown>>(
    options?: KoaOptions<"cookie" | null | undefined> | KoaCookieSessionOptions<Data> | null,
  ): KoaMiddleware<Data>;
  <Data extends object = Record<string, unknown>>(
    options: KoaOptions | KoaSecretOptions<Data> | SessionOptions<Data>,
  ): KoaMiddleware<Data, Sessions<Data> | StoredSessions<Data>>;
  /** {@link getSession}, for those who `require()` the function. */
  readonly getSession: typeof getSession;
  /** The function itself, for those who take it out of what `require()` gives. */
  readonly session: KoaSessionFunction;
  /** The function itself, for what compilers make of `import session from`. */
  readonly default: KoaSessionFunction;
}

/**
 * Makes the middleware. `ctx.session` is the visitor's data, opened when it is first used: read it, change it in place, set it
 * to null to end the session. {@link getSession} gives the whole Session, with login, flash and the rest.
 *
 * Without `secrets` it signs with `app.keys` and keeps cookies as koa-session-store 2.0.0 does, so that they stay good in both
 * directions. With `secrets` it is the library like everywhere else.
 *
 * @throws OptionError when an option or a secret cannot be used; at the first use when `app.keys` is missing.
 *
 * @example
 * ```ts
 * app.keys = [process.env.APP_KEY ?? ""];
 * app.use(session());
 * app.use((ctx) => {
 *   ctx.session.views = (ctx.session.views ?? 0) + 1;
 *   ctx.body = `${ctx.session.views} views`;
 * });
 * ```
 */
export const session: KoaSessionFunction = Object.assign(makeMiddleware, { getSession }) as unknown as KoaSessionFunction;
Object.assign(session, { session, default: session });
export default session;

/** The session with the method that commits early, which is made for those who ask. */
function withCommit(own: ContextSession, ctx: KoaContext): Session<never> {
  const { session } = own;
  if (!Object.hasOwn(session, "commit")) {
    const value = () => {
      // Koa's status is 404 until the handler says another, and what fails here is the handler's to answer.
      const committing = (async () => void (await commitTo(ctx, own, { status: 200 })))();
      // A failure that nobody waits for is the answer's, and must not end the process.
      committing.catch(() => {});
      return committing;
    };
    Object.defineProperty(session, "commit", { value });
  }
  return session;
}

/** The managers of one middleware. */
interface Managers {
  for(ctx: KoaContext): Sessions<never>;
  /** One for those who have no request. */
  one(): Sessions<never>;
}

function ownManager({ store: given, crypto = nodeCrypto, ...rest }: KoaSecretOptions): Managers {
  const store = sessionStore(given);
  const sessions = createSessions({ ...rest, crypto, store } as SessionOptions) as unknown as Sessions<never>;
  return { for: () => sessions, one: () => sessions };
}

function compatible(options: KoaOptions): Managers {
  checkCompatible(options);
  const store = sessionStore(options.store);
  const made = new WeakMap<object, { keys: AppKeys | undefined; managers: ReturnType<typeof compatibleManagers> }>();
  let latest: Sessions<never> | undefined;
  return {
    for({ app, secure }) {
      let entry = made.get(app);
      if (entry === undefined || !sameKeys(entry.keys, app.keys)) {
        const keys = Array.isArray(app.keys) ? [...app.keys] : app.keys;
        entry = { keys, managers: compatibleManagers(options, store, keys) };
        made.set(app, entry);
      }
      latest = entry.managers.for(secure);
      return latest;
    },
    one() {
      if (latest !== undefined) return latest;
      const why = "without secrets they are made with app.keys, at the first request";
      cannot("get the sessions yet", `${why}; ask then, or give secrets`);
    },
  };
}

/** Whether they are asked for, if only by a variable that is not set: that must not bring readable cookies. */
function hasSecrets(options: KoaOptions | KoaSecretOptions): options is KoaSecretOptions {
  return typeof options === "object" && "secrets" in options;
}

/** Applications may set new keys at any time, also by changing the list. */
function sameKeys(before: AppKeys | undefined, now: AppKeys | undefined): boolean {
  if (!Array.isArray(before) || !Array.isArray(now)) return before === now;
  return before.length === now.length && before.every((key, index) => key === now[index]);
}
