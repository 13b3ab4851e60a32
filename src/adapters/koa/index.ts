/**
 * Sessions as a Koa middleware: the API of koa-session-store, and with `secrets` the library like everywhere else.
 *
 * @module
 */

import { StateError } from "../../ground/errors.ts";
import { after, type MaybePromise } from "../../ground/maybe-promise.ts";
import {
  type Committed,
  nodeHeaders,
  put,
  type Session,
  type SessionOptions,
  type Sessions,
  type StoredSessions,
} from "../../index.ts";
import { waitsOf } from "../../manager/sessions.ts";
import type { DefinedStore } from "../../stored/define.ts";
import type { PlainStore } from "../../stores/bridges/plain.ts";
import { twice } from "../one-name.ts";
import { cookieName } from "./compatible.ts";
import { ContextSession } from "./context.ts";
import { compatible, hasSecrets, ownManager } from "./managers.ts";
import { KoaRequest } from "./request.ts";
import { clearStatusText, putWhenSent, statusOf } from "./response.ts";
import type {
  KoaContext,
  KoaCookieSessionOptions,
  KoaMiddleware,
  KoaOptions,
  KoaSecretOptions,
  KoaSession,
  KoaStoredOptions,
  KoaVisitor,
} from "./types.ts";

export type { KoaCookieOptions } from "../../cookie/koa.ts";
export type { RequestOptions } from "../../manager/options.ts";
export type { Done, SessionMethods } from "../express-methods.ts";
export type { NodeResponse } from "./response.ts";
export type { KoaStore } from "./store.ts";
export type {
  AppKeys,
  CompatibleOptions,
  KoaContext,
  KoaCookieSessionOptions,
  KoaData,
  KoaMiddleware,
  KoaOptions,
  KoaSecretOptions,
  KoaSession,
  KoaStoredOptions,
  KoaVisitor,
} from "./types.ts";

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
