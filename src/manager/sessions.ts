/**
 * createSessions: the manager that loads a request's session and puts it on the response.
 *
 * @module
 */

import { StoreError } from "../ground/errors.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { Session, stateOf } from "../session/session.ts";
import { SessionState } from "../session/visit.ts";
import { subjects } from "../stored/users.ts";
import { type CookieMode, commitAnswer } from "./commit.ts";
import { commitEnds, pendingCalls } from "./ending.ts";
import { handling, type SessionHandler } from "./handling.ts";
import {
  assertAnswer,
  assertSendable,
  type Committed,
  headersFor,
  isUnseen,
  letsShare,
  NOTHING,
  withCommitted,
} from "./headers.ts";
import { loadInto } from "./load.ts";
import { createEngine, type Engine } from "./manager.ts";
import { Actions } from "./opening.ts";
import type { CookieSessionOptions, SessionOptions, StoredOptions } from "./options.ts";
import type { Answer, RequestInfo, Sessions, StoredSessions } from "./seam.ts";
import { settle } from "./settle.ts";
import { type SessionSnapshot, snapshotOf } from "./snapshot.ts";

/**
 * Sets up sessions. Nothing random, timed or asynchronous happens before the first request, so it may stand at the top of a module.
 *
 * @throws OptionError when an option or a secret cannot be used.
 *
 * @example
 * ```ts
 * const sessions = createSessions<{ views: number }>({ secrets: SECRET });
 * export default { fetch: sessions.handler((request, session) => new Response(`${session.data.views}`)) };
 * ```
 */
export function createSessions<Data extends object = Record<string, unknown>>(options: StoredOptions<Data>): StoredSessions<Data>;
/** Sets up sessions that are in their cookies. */
export function createSessions<Data extends object = Record<string, unknown>>(
  options: CookieSessionOptions<Data>,
): Sessions<Data>;
/** Sets up sessions, in a store or not: `"list" in sessions` tells. */
export function createSessions<Data extends object = Record<string, unknown>>(
  options: SessionOptions<Data>,
): Sessions<Data> | StoredSessions<Data>;
export function createSessions<Data extends object>(options: SessionOptions<Data>): Sessions<Data> {
  return manage(createEngine(settle(options)));
}

/** The manager of an engine. */
export function manage<Data extends object>(engine: Engine): Sessions<Data> {
  const actions = new Actions(engine);

  function load(request: RequestInfo, { lazy = engine.lazy, fresh = false } = {}): MaybePromise<Session<Data>> {
    const state = new SessionState(request.headers.get("cookie") ?? null, engine.hostOnly, engine.prototype);
    state.method = request.method;
    state.request = request;
    state.unseen = isUnseen(request.method, request.headers.get("sec-purpose"));
    const session = new Session<Data>(state, actions);
    if (lazy) return session;
    return after(loadInto(state, engine, { fresh }), () => session);
  }

  function commit(session: Session<Data>, answer: Answer = {}): MaybePromise<Committed> {
    const state = stateOf(session);
    const { failed = false } = answer;
    if (state.pending?.isEmpty === false) return pendingCalls(state, engine, failed).then(() => commit(session, answer));
    state.answered = true;
    const committing = state.committing as Promise<Committed> | null;
    if (committing !== null) return failed ? committing.catch(() => commit(session, answer)) : committing;
    if (state.phase !== "open" && state.phase !== "closing") return NOTHING;
    // A commit that failed is followed by that of the answer which says so: no other is as it should be.
    const hasFailed = state.phase === "closing";
    if (hasFailed && !failed && (answer.status ?? 200) < 400) throw state.failure;
    return underWay(state, failed || hasFailed ? commitFailed(state, engine, answer) : commitState(state, engine, answer));
  }

  function applyNow(session: Session<Data>, response: Response, failed = false): MaybePromise<Response> {
    assertAnswer(response);
    const { status, headers } = response;
    const { used, phase } = stateOf(session);
    if (used && phase !== "committed") assertSendable(response);
    return after(commit(session, { status, headers, failed }), (committed) => withCommitted(response, committed));
  }

  async function read(request: RequestInfo): Promise<SessionSnapshot<Data> | null> {
    const state = new SessionState(request.headers.get("cookie") ?? null);
    await loadInto(state, engine);
    return snapshotOf<Data>(state);
  }

  function handler<Rest extends unknown[], Incoming extends Request>(answer: SessionHandler<Data, Rest, Incoming>) {
    return handling({ load, commit, apply: applyNow }, answer);
  }

  const sessions: Sessions<Data> = {
    handler,
    load,
    commit,
    apply: async (session, response, { failed } = {}) => applyNow(session, response, failed),
    read,
    ...(engine.store && subjects(engine)),
  };
  // Not enumerable: for adapters of ours, and no part of what an application sees.
  return Object.defineProperties(sessions, { [WAITS]: { value: mustWait(engine) }, [ENGINE]: { value: engine } });
}

const WAITS = Symbol("waits");
const ENGINE = Symbol("engine");

/** The engine of a manager. */
export function engineOf<Data extends object>(sessions: Sessions<Data>): Engine {
  return (sessions as unknown as { [ENGINE]: Engine })[ENGINE];
}

/** Whether loading a session takes more than opening a cookie. */
function mustWait({ places, waits, schema, accept }: Engine): boolean {
  const asksStore = !places.session.keeping.dataInToken || !places.visitor.keeping.dataInToken;
  return asksStore || waits || schema !== undefined || accept.length > 0;
}

/** Whether a manager cannot load a session at once, as a getter must. */
export function waitsOf<Data extends object>(sessions: Sessions<Data>): boolean {
  return (sessions as { [WAITS]?: boolean })[WAITS] ?? true;
}

/** Whoever else commits meanwhile waits for this, and gets the same; whoever commits after a failure hears of it. */
function underWay(state: SessionState, committing: MaybePromise<Committed>): MaybePromise<Committed> {
  if (!(committing instanceof Promise)) return committing;
  state.committing = committing;
  return committing.then(
    (committed) => {
      state.committing = null;
      return committed;
    },
    (error) => {
      state.committing = null;
      state.failure = error;
      throw error;
    },
  );
}

function commitState(state: SessionState, engine: Engine, answer: Answer): MaybePromise<Committed> {
  const mode = modeOf(answer);
  return after(commitAnswer(state, engine, mode, answer.status ?? 200), (setCookie) => {
    if (setCookie.length > 0 && state.request !== undefined) engine.noticeCookie(state.request);
    return mode === "impossible" ? NOTHING : headersFor(state, setCookie, engine.cacheHeaders);
  });
}

/** What can be done with cookies on this answer. */
function modeOf({ status, headers }: Answer): CookieMode {
  if (headers === null || status === 101) return "impossible";
  return letsShare(headers?.get("Cache-Control")) ? "changes" : "send";
}

/**
 * Drops what was not saved. The cookie of an id that `save()` wrote goes along; where it cannot, that session ends, since no browser knows it.
 * The handler's own error is the one to report, whatever fails here.
 */
async function commitFailed(state: SessionState, engine: Engine, answer: Answer): Promise<Committed> {
  // A save() that the answer has waited for long enough may be under way for ever.
  const canSend = modeOf(answer) !== "impossible" && state.writing === null;
  try {
    if (!canSend) await commitEnds(state, engine);
    else {
      state.discard();
      return await commitState(state, engine, answer);
    }
  } catch (error) {
    if (error instanceof StoreError) engine.emit({ type: "store-error", operation: error.operation });
    if (canSend) await commitEnds(state, engine).catch(() => {});
  }
  state.close("committed", engine.onLateChange);
  return NOTHING;
}
