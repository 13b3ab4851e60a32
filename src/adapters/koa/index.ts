/**
 * Sessions as a Koa middleware: the API of koa-session-store, and with `secrets` the library like everywhere else.
 *
 * @module
 */

import { StateError, StoreError } from "../../ground/errors.ts";
import { after, type MaybePromise } from "../../ground/maybe-promise.ts";
import type { DataSchema, Session, SessionOptions } from "../../index.ts";
import { commitAnswer } from "../../manager/commit.ts";
import { commitEnds, pendingCalls } from "../../manager/ending.ts";
import { editHeaders, headersFor, isShared, isUnseen, type SessionHeaders } from "../../manager/headers.ts";
import { loadInto } from "../../manager/load.ts";
import { createEngine, type Engine } from "../../manager/manager.ts";
import { settle } from "../../manager/settle.ts";
import { nodeCrypto } from "../../node.ts";
import { SessionState } from "../../session/visit.ts";
import type { PlainStore } from "../../stores/bridges/plain.ts";
import { twice } from "../one-name.ts";
import { type AppKeys, type CompatibleOptions, checkCompatible, compatibleEngines, cookieName } from "./compatible.ts";
import { ContextSession } from "./context.ts";
import { cameBy } from "./request.ts";
import { clearStatusText, type NodeResponse, nodeHeaders, putWhenSent, statusOf } from "./response.ts";
import { type KoaStore, sessionStore } from "./store.ts";

export type { KoaCookieOptions } from "../../cookie/koa.ts";
export type { RequestOptions } from "../../manager/options.ts";
export type { AppKeys, CompatibleOptions } from "./compatible.ts";
export type { NodeResponse } from "./response.ts";
export type { KoaStore } from "./store.ts";

/** Options without `secrets`: cookies as koa-session-store has them, signed with `app.keys`. */
export interface KoaOptions<Store = KoaStore> extends CompatibleOptions {
  /** Where the data is kept. Default `"cookie"`: in the cookie, which anyone who sees it can read. */
  store?: Store;
  /** Not here: with `secrets` the options are {@link KoaSecretOptions}. */
  secrets?: never;
}

/** Options with `secrets`: the library's own tokens and cookie rules. */
export interface KoaSecretOptions<Store = KoaStore> extends Omit<SessionOptions, "store"> {
  /** Where sessions are kept. Default `"cookie"`: in the cookie, encrypted. */
  store?: Store;
}

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

/** The middleware. */
export type KoaMiddleware<Data extends object> = (
  ctx: KoaContext & KoaSession<Data>,
  next: () => Promise<unknown>,
) => Promise<void>;

function makeMiddleware<Data extends object>(given?: KoaOptions | KoaSecretOptions | null): KoaMiddleware<Data> {
  const options = given ?? {};
  const engineFor = engines(options);
  // Applications of koa-session-store call methods on their session, such as hasOwnProperty.
  const prototype = hasSecrets(options) ? null : Object.prototype;
  const name = hasSecrets(options) ? (options.name ?? "session") : cookieName(options);

  return async function session(ctx, next) {
    if (ctx.res !== undefined) clearStatusText(ctx.res);
    const engine = engineFor(ctx);
    const other = ContextSession.of(ctx, name);
    if (other !== undefined && !other.isOf(engine)) throw twice(name);
    if (other?.isRunning) return void (await next());
    const state = new SessionState(ctx.req.headers.cookie ?? null, engine.hostOnly, prototype);
    state.method = ctx.req.method;
    state.unseen = isUnseen(ctx.req.method, String(ctx.req.headers["sec-purpose"]));
    const own = new ContextSession(name, state, engine);
    // What must be waited for cannot be had in a getter, so it is loaded before the handlers.
    if (!engine.lazy && mustWait(engine)) await loadInto(state, engine);
    own.show(ctx);
    try {
      try {
        await next();
      } catch (thrown) {
        putWhenSent(ctx.res, await finishFailed(ctx, state, engine, thrown));
        // The very object: it may be the application's to compare, and may have private fields.
        throw thrown;
      }
      // `delete ctx.session` ends the session, as it always did.
      if (!Object.hasOwn(ctx, "session")) {
        own.load();
        own.session.destroy();
      }
      try {
        const finishing = finish(ctx, state, engine);
        if (finishing instanceof Promise) await finishing;
      } catch (error) {
        await finishRefused(ctx, state, engine, error);
      }
    } finally {
      state.answered = true;
      own.hide(ctx);
    }
  };
}

/**
 * The Session of a request.
 *
 * @param name The option `name` of its middleware, where there are several. Default: the innermost.
 * @throws StateError when no such middleware ran for this request.
 */
export function getSession<Data extends object = Record<string, unknown>>(ctx: object, name = ""): Session<Data> {
  const found = ContextSession.of(ctx, name);
  found?.load();
  if (found !== undefined) return found.session as unknown as Session<Data>;
  throw new StateError(
    "ERR_SESSION_MISSING",
    "Cannot get the session: its middleware did not run for this request; app.use() it before",
  );
}

/** {@link session}: a function, with {@link getSession} as a property for those who `require()` it. */
export interface KoaSessionFunction {
  <Data extends object>(options: KoaSecretOptions & { schema: DataSchema<Data> }): KoaMiddleware<Data>;
  <Data extends object = Record<string, unknown>>(
    options?: KoaOptions<PlainStore | "cookie"> | KoaSecretOptions<PlainStore | "cookie">,
  ): KoaMiddleware<Data>;
  <Data extends object = Record<string, unknown>>(options: KoaOptions | KoaSecretOptions): KoaMiddleware<Data>;
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

type EngineFor = (ctx: KoaContext) => Engine;

function engines(options: KoaOptions | KoaSecretOptions): EngineFor {
  if (hasSecrets(options)) {
    const { store: given, crypto = nodeCrypto, ...rest } = options;
    const store = sessionStore(given);
    const engine = createEngine(settle({ ...rest, crypto, ...(store !== undefined && { store }) }));
    return () => engine;
  }
  checkCompatible(options);
  const store = sessionStore(options.store);
  const made = new WeakMap<object, { keys: AppKeys | undefined; engines: ReturnType<typeof compatibleEngines> }>();
  return ({ app, secure }) => {
    let entry = made.get(app);
    if (entry === undefined || !sameKeys(entry.keys, app.keys)) {
      const keys = Array.isArray(app.keys) ? [...app.keys] : app.keys;
      entry = { keys, engines: compatibleEngines(options, store, keys) };
      made.set(app, entry);
    }
    return entry.engines.for(secure);
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

/** Whether loading a session takes more than opening a cookie. */
function mustWait({ places, waits, schema, accept }: Engine): boolean {
  const asksStore = !places.session.keeping.dataInToken || !places.visitor.keeping.dataInToken;
  return asksStore || waits || schema !== undefined || accept.length > 0;
}

/** Saves what changed, and puts the headers on the response while that is possible; answers with those. */
function finish(
  ctx: KoaContext,
  state: SessionState,
  engine: Engine,
  status = ctx.status,
): MaybePromise<SessionHeaders | undefined> {
  if (state.pending?.isEmpty === false) return pendingCalls(state, engine).then(() => finish(ctx, state, engine, status));
  if (state.phase !== "open" && state.phase !== "closing") return undefined;
  const target = ctx.res === undefined || ctx.res.headersSent || ctx.status === 101 ? undefined : nodeHeaders(ctx.res);
  const mode = target === undefined ? "impossible" : isShared(target.get("Cache-Control")) ? "changes" : "send";
  return after(commitAnswer(state, engine, mode, status), (setCookie) => {
    if (setCookie.length > 0) engine.noticeCookie(cameBy(ctx));
    const headers = target && headersFor(state, setCookie, engine.cacheHeaders);
    if (target !== undefined && headers !== undefined) editHeaders(target, headers);
    // A middleware outside may still throw, and Koa would drop the headers: but what they say is done.
    if (headers !== undefined && setCookie.length > 0) putWhenSent(ctx.res, headers);
    return headers;
  });
}

/** What could not be saved is an error. The cookie of an id that save() wrote goes with its answer, if the store can be asked at all. */
async function finishRefused(ctx: KoaContext, state: SessionState, engine: Engine, error: unknown): Promise<never> {
  state.discard();
  try {
    putWhenSent(ctx.res, await finish(ctx, state, engine, statusOf(error)));
  } catch {
    // No cookie can be sent, so the browser would never know an id that save() wrote.
    await commitEnds(state, engine).catch(() => {});
  }
  throw error;
}

/** The headers that must go with the error. */
async function finishFailed(
  ctx: KoaContext,
  state: SessionState,
  engine: Engine,
  thrown: unknown,
): Promise<SessionHeaders | undefined> {
  const status = statusOf(thrown);
  const failed = status >= 500;
  while (failed && state.pending?.isEmpty === false) await state.pending.done().catch(() => {});
  if (failed && state.phase === "open") state.discard();
  try {
    return await finish(ctx, state, engine, status);
  } catch (error) {
    if (!failed || !(error instanceof StoreError)) throw error;
    // The handler's own error is the one to report.
    engine.emit({ type: "store-error", operation: error.operation });
    return undefined;
  }
}
