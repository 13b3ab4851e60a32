/**
 * The middleware of every dialect: opens the session of a context, runs the handlers, and commits to Koa's response.
 *
 * @module
 */

import { StateError } from "../../ground/errors.ts";
import { after, type MaybePromise } from "../../ground/maybe-promise.ts";
import { type Committed, nodeHeaders, put, type RequestInfo, type Session, type Sessions } from "../../index.ts";
import { waitsOf } from "../../manager/sessions.ts";
import { twice } from "../one-name.ts";
import { ContextSession } from "./context.ts";
import { KoaRequest } from "./request.ts";
import { clearStatusText, putWhenSent, statusOf } from "./response.ts";
import type { KoaContext, KoaMiddleware, KoaSession, KoaVisitor } from "./types.ts";

export interface Managers {
  for(ctx: KoaContext): Sessions<never>;
  /** The manager for callers without a request. */
  one(): Sessions<never>;
}

/** A form of the middleware: its cookies, and what it shows as `ctx.session`. */
export interface Dialect {
  /** The cookie's name, by which `getSession()` finds the session. */
  readonly name: string;
  /** Whether the application loads the session with `ready()`. */
  readonly lazy: boolean;
  readonly managers: Managers;
  /** If false, the application commits, and changes it does not commit are dropped. Default: true. */
  readonly autoCommit?: boolean;
  /** Makes the object that holds the session of a context. */
  open?(ctx: KoaContext, visitor: Session<never>, sessions: Sessions<never>): ContextSession;
  request?(ctx: KoaContext): RequestInfo;
  within?<Result>(ctx: KoaContext, run: () => Promise<Result>): Promise<Result>;
}

export function middlewareOf<Data extends object>(dialect: Dialect): KoaMiddleware<Data> {
  const { managers, within } = dialect;
  const middleware = function session(ctx: KoaContext & KoaSession<Data>, next: () => Promise<unknown>): Promise<void> {
    return within === undefined ? running(ctx, next, dialect) : within(ctx, () => running(ctx, next, dialect));
  };
  return Object.defineProperty(middleware, "sessions", { get: () => managers.one() }) as unknown as KoaMiddleware<Data>;
}

async function running(ctx: KoaContext, next: () => Promise<unknown>, dialect: Dialect): Promise<void> {
  const { name, lazy, managers } = dialect;
  if (ctx.res !== undefined) clearStatusText(ctx.res);
  const sessions = managers.for(ctx);
  const other = ContextSession.of(ctx, name);
  if (other !== undefined && !other.isOf(sessions)) throw twice(name);
  if (other?.isRunning) return void (await next());
  // A getter cannot wait, so a session that has to be waited for is loaded before the handlers.
  const loading = sessions.load(dialect.request?.(ctx) ?? new KoaRequest(ctx), { lazy: lazy || !waitsOf(sessions) });
  const visitor = loading instanceof Promise ? await loading : loading;
  const own = dialect.open?.(ctx, visitor, sessions) ?? new ContextSession(name, visitor, sessions, lazy);
  own.show(ctx);
  try {
    try {
      await next();
      if (dialect.autoCommit === false) return;
      // `delete ctx.session` ends the session.
      if (!Object.hasOwn(ctx, "session")) own.delete();
    } catch (thrown) {
      if (dialect.autoCommit !== false) await answerError(ctx, own, thrown);
      // The same object: the application may compare it, and it may have private fields.
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
}

/** Commits for an error response. Koa removes the headers set so far, and middleware outside may write the response. */
async function answerError(ctx: KoaContext, own: ContextSession, thrown: unknown): Promise<void> {
  const status = statusOf(thrown);
  try {
    putWhenSent(ctx.res, await commitTo(ctx, own, { status, failed: status >= 500 }));
  } catch (error) {
    await answerRefusal(ctx, own, error);
  }
}

/** Turns a failed save into an error. The cookie of an id that save() wrote is sent with the error response. */
async function answerRefusal(ctx: KoaContext, own: ContextSession, error: unknown): Promise<never> {
  putWhenSent(ctx.res, await commitTo(ctx, own, { status: statusOf(error), failed: true }));
  throw error;
}

/** Commits, and puts the headers on Koa's response if they can still be sent. */
export function commitTo(
  ctx: KoaContext,
  own: ContextSession,
  { status = ctx.res === undefined ? 200 : ctx.status, failed = false }: { status?: number; failed?: boolean } = {},
): MaybePromise<Committed> {
  // Changes of a failed request are not saved, so nothing may mark the session as used.
  if (!failed) own.stamp?.();
  const target = ctx.res === undefined || ctx.res.headersSent || ctx.status === 101 ? null : nodeHeaders(ctx.res);
  return after(own.sessions.commit(own.session, { status, headers: target, failed }), (committed) => {
    if (target !== null && !ctx.res?.headersSent) put(target, committed);
    // Middleware outside may still throw, and Koa would drop the headers, but the commit has happened.
    if (committed.setCookie.length > 0) putWhenSent(ctx.res, committed);
    return committed;
  });
}

/**
 * The Session of a request.
 *
 * @param name The option `name` of its middleware, if there are several. Default: the innermost.
 * @throws StateError if no such middleware ran for this request.
 */
export function getSession<Data extends object = Record<string, unknown>>(ctx: object, name = ""): KoaVisitor<Data> {
  const found = ContextSession.of(ctx, name);
  found?.load();
  if (found !== undefined) return withCommit(found, ctx as KoaContext) as unknown as KoaVisitor<Data>;
  throw new StateError(
    "ERR_SESSION_MISSING",
    "Cannot get the session: its middleware did not run for this request. Call app.use() with it first.",
  );
}

/**
 * Adds the method `commit` to a session when the application asks for that session, and no other property can be added
 * then: `getSession(ctx).views = 1` throws.
 */
function withCommit(own: ContextSession, ctx: KoaContext): Session<never> {
  const { session } = own;
  if (!Object.hasOwn(session, "commit")) {
    const value = () => {
      // Koa's status is 404 until the handler sets another. A failure here is for the handler to deal with.
      const committing = (async () => void (await commitTo(ctx, own, { status: 200 })))();
      // If nobody waits, the response reports the failure. It must not end the process.
      committing.catch(() => {});
      return committing;
    };
    Object.preventExtensions(Object.defineProperty(session, "commit", { value }));
  }
  return session;
}
