/**
 * createSessions: the manager that loads a request's session and puts it on the response.
 *
 * @module
 */

import { type WatchOptions, watch } from "../features/watch.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { type Session, stateOf } from "../session/session.ts";
import { SessionState } from "../session/visit.ts";
import { type Subjects, subjects } from "../stored/users.ts";
import { commitAnswer } from "./commit.ts";
import { commitEnds, pendingCalls } from "./ending.ts";
import { handling, type SessionHandler } from "./handling.ts";
import { assertAnswer, assertSendable, headersFor, isShared, isUnseen, withSessionHeaders } from "./headers.ts";
import { loadInto } from "./load.ts";
import { createEngine, type Engine } from "./manager.ts";
import { open } from "./opening.ts";
import type { SessionOptions } from "./options.ts";
import { settle } from "./settle.ts";
import { type SessionSnapshot, snapshotOf } from "./snapshot.ts";

/** Whatever has the request's headers: a `Request`, or what a framework makes of its own. */
export interface RequestHeaders {
  /**
   * The request's method. HEAD takes no flash value. If the session got another id meanwhile, a change by GET, HEAD or OPTIONS is dropped
   * with the event `lost`, where others get a {@link GoneError}. Left out, it counts as one of the others.
   */
  readonly method?: string;
  /** The whole URL. Left out, nobody is warned of a Secure cookie that goes out over plain http. */
  readonly url?: string;
  /** The request's headers; `cookie` and `sec-purpose` are read, and for that warning a few more. */
  readonly headers: { get(name: string): string | null };
}

/** The sessions of one application, under one cookie name. */
export interface Sessions<Data extends object = Record<string, unknown>> extends Subjects {
  /** Wraps a handler: loads the session before it, saves it after it. Further arguments are passed on, as Workers give `env` and `ctx`. */
  handler<Rest extends unknown[] = [], Incoming extends Request = Request>(
    answer: SessionHandler<Data, Rest, Incoming>,
  ): (request: Incoming, ...rest: Rest) => Promise<Response>;
  /** Loads the session of a request. `await` it: it is a promise unless nothing had to be waited for. `fresh`: from the store, not from a copy. @throws StoreError */
  load(request: RequestHeaders, options?: { fresh?: boolean }): Session<Data> | Promise<Session<Data>>;
  /**
   * Saves what changed, waits for it, and answers with the response to send: the same one with our headers on it, or a
   * copy where its headers cannot be changed. `discard`: because the request failed, changes of data are dropped.
   *
   * It waits for `update()`, `save()` and `ready()` that nobody awaited.
   *
   * @throws StoreError, DataError, GoneError, and what a call failed with that nobody awaited: then nothing was promised to the client, and
   * the response should be an error. StateError when such a call takes longer than 30 seconds.
   */
  apply(session: Session<Data>, response: Response, options?: { discard?: boolean }): Promise<Response>;
  /** For a request that failed and has no response to carry a cookie: drops changes of data, and ends what was to end. */
  discard(session: Session<Data>): Promise<void>;
  /** The session as it is, without any way to change it and without counting as use; null when there is none. For WebSockets and logs. */
  read(request: RequestHeaders): Promise<SessionSnapshot<Data> | null>;
  /**
   * Answers the handshake of a WebSocket that says nothing and is closed when the session ends (4401) or gets a new id (4409), so that
   * open pages know at once. Pages of other websites get 403; without a session it is closed with 4401 at once.
   *
   * @throws OptionError when the store cannot tell pages; StoreError when it fails
   */
  watch(request: Request, options?: WatchOptions): Promise<Response>;
}

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
export function createSessions<Data extends object = Record<string, unknown>>(options: SessionOptions<Data>): Sessions<Data> {
  return manage(createEngine(settle(options)));
}

/** The manager of an engine. */
function manage<Data extends object>(engine: Engine): Sessions<Data> {
  function load(request: RequestHeaders, { fresh = false } = {}): MaybePromise<Session<Data>> {
    const state = new SessionState(request.headers.get("Cookie"), engine.hostOnly);
    state.method = request.method;
    state.request = request;
    state.unseen = isUnseen(request.method, request.headers.get("Sec-Purpose"));
    const session = open<Data>(state, engine);
    if (engine.lazy) return session;
    return after(loadInto(state, engine, { fresh }), () => session);
  }

  function applyNow(session: Session<Data>, response: Response, options: { discard?: boolean } = {}): MaybePromise<Response> {
    const state = stateOf(session);
    assertAnswer(response);
    if (state.pending?.isEmpty === false) return pendingCalls(state, engine).then(() => applyNow(session, response, options));
    state.answered = true;
    // A commit that failed is followed by that of the answer which says so.
    if (state.phase !== "open" && !(state.phase === "closing" && options.discard)) return response;
    if (state.used) assertSendable(response);
    if (options.discard) state.discard();
    const mode = response.status === 101 ? "impossible" : isShared(response.headers.get("Cache-Control")) ? "changes" : "send";
    return after(commitAnswer(state, engine, mode, response.status), (setCookie) => {
      if (setCookie.length > 0 && state.request !== undefined) engine.noticeCookie(state.request);
      return withSessionHeaders(response, headersFor(state, setCookie, engine.cacheHeaders));
    });
  }

  async function discard(session: Session<Data>): Promise<void> {
    const state = stateOf(session);
    // The request has failed already: what a call fails with is not the error to report.
    while (state.pending?.isEmpty === false) await state.pending.done().catch(() => {});
    state.answered = true;
    if (state.phase !== "open" && state.phase !== "closing") return;
    await commitEnds(state, engine);
    state.close("committed", engine.onLateChange);
  }

  async function read(request: RequestHeaders): Promise<SessionSnapshot<Data> | null> {
    const state = new SessionState(request.headers.get("Cookie"));
    await loadInto(state, engine);
    return snapshotOf<Data>(state);
  }

  function handler<Rest extends unknown[], Incoming extends Request>(answer: SessionHandler<Data, Rest, Incoming>) {
    return handling({ load, apply: applyNow, discard }, engine.emit, answer);
  }

  return {
    handler,
    load,
    apply: async (session, response, options) => applyNow(session, response, options),
    discard,
    read,
    watch: (request, options = {}) => watch(engine, request, options),
    ...subjects(engine),
  };
}
