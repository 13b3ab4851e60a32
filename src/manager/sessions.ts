/**
 * createSessions: the manager that loads and commits sessions. See {@link handling} for a request's life.
 *
 * @module
 */
import { cannot, isGoneError, isStoreError } from "../ground/errors.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { refuseUnknownOf } from "../ground/option-values.ts";
import { discard } from "../session/discard.ts";
import { Session, visitOf } from "../session/session.ts";
import { newVisit, type Visit } from "../session/visit.ts";
import { managerOf, partsFor } from "./assemble.ts";
import { closeVisit, commitAnswer, commitEnds, pendingCalls } from "./commit.ts";
import { isUpgraded } from "./handshake.ts";
import {
  assertAnswer,
  assertSendable,
  type Committed,
  headersFor,
  isAnswer,
  isUnseen,
  letsShare,
  NOTHING,
  withCommitted,
} from "./headers.ts";
import { load, mayBeUsers } from "./load.ts";
import type { Manager, Parts } from "./manager.ts";
import type { CookieSessionOptions, SessionOptions, StoredOptions } from "./options.ts";
import type { Answer, RequestInfo, Sessions, StoredSessions } from "./seam.ts";
import { settle } from "./settle.ts";
import { snapshotOf } from "./snapshot.ts";

/**
 * Sets up sessions. Nothing random, timed or asynchronous happens before the first request:
 * call it at the top of a module.
 *
 * @throws OptionError for an invalid option or secret.
 *
 * @example
 * ```ts
 * const sessions = createSessions<{ views: number }>({ secrets: SECRET });
 * export default { fetch: sessions.handler((request, session) => new Response(`${session.data.views}`)) };
 * ```
 */
export function createSessions<Data extends object = Record<string, unknown>>(options: StoredOptions<Data>): StoredSessions<Data>;
/** Sets up sessions in cookies. */
export function createSessions<Data extends object = Record<string, unknown>>(
  options: CookieSessionOptions<Data>,
): Sessions<Data>;
/** Sets up sessions with or without a store: check `"list" in sessions`. */
export function createSessions<Data extends object = Record<string, unknown>>(
  options: SessionOptions<Data>,
): Sessions<Data> | StoredSessions<Data>;
export function createSessions<Data extends object>(options: SessionOptions<Data>): Sessions<Data> {
  return sessionsOf(partsFor(settle(options)), Object.preventExtensions);
}

/** @param finish Called with each new session. Ours get no further properties, so that `session.views = 1` throws. */
export function sessionsOf<Data extends object>(parts: Parts, finish?: (session: object) => unknown): Sessions<Data> {
  const manager = managerOf(parts);
  const steps: Steps<Data> = {
    load: (request, options) => {
      if (typeof request?.headers?.get !== "function") refuseRequest();
      if (options !== undefined) refuseUnknownOf("load()", options, LOAD);
      const { lazy = manager.lazy, fresh = false } = options ?? {};
      const unseen = isUnseen(request.method, request.headers.get("sec-purpose"));
      const visit = newVisit(request, unseen, manager.prototype);
      const session = new Session<Data>(visit, manager);
      finish?.(session);
      return lazy ? session : after(load(visit, manager, false, fresh), () => session);
    },
    commit: (session, answer = {}) => commit(visitOf(session, manager), manager, answer),
    apply: (session, response, failed = false, problem = "the handler returned none. Return a Response") => {
      assertAnswer(response, problem);
      const visit = visitOf(session, manager);
      if (visit.used && visit.stage !== "closed") assertSendable(response);
      const { status, headers } = response;
      return after(commit(visit, manager, { status, headers, failed }), (committed) => withCommitted(response, committed));
    },
  };
  const sessions: Sessions<Data> = {
    handler: (answer) => {
      if (typeof answer !== "function") cannot("make a handler", "pass a function, like (request, session) => new Response()");
      return (request, ...rest) => handling(steps, (session) => answer(request, session, ...rest), request, rest[0]);
    },
    load: steps.load,
    commit: steps.commit,
    apply: async (session, response, options = {}) => {
      refuseUnknownOf("apply()", options, APPLY);
      return steps.apply(session, response, options.failed, "apply() was given none. Write apply(session, response)");
    },
    read: async (request) => {
      if (typeof request?.headers?.get !== "function") refuseRequest();
      const visit = newVisit(request, false, null);
      await load(visit, manager);
      return snapshotOf<Data>(visit);
    },
    ...manager.backend.members,
  };
  // Not enumerable, since applications must not see it.
  return Object.defineProperty(sessions, MANAGER, { value: manager });
}

const LOAD: ReadonlySet<string> = new Set(["lazy", "fresh"]);
const APPLY: ReadonlySet<string> = new Set(["failed"]);

/** Headers of Node's request are a plain object. */
function refuseRequest(): never {
  const like = "{ method, url, headers: { get: (name) => req.headers[name.toLowerCase()] } }";
  cannot("load the session of this request", `its headers have no get(); for Node's request, give ${like}`);
}

// A string, so that it works across two copies of the library in one program.
const MANAGER = "~manager";

/** The manager behind an application's sessions. @throws OptionError for anything else */
export function managerBehind<Data extends object>(sessions: Sessions<Data>): Manager {
  const manager = (sessions as { [MANAGER]?: Manager } | undefined)?.[MANAGER];
  if (manager !== undefined) return manager;
  cannot("use these sessions", "give what createSessions() made, as in watch(sessions, request)");
}

/** Whether loading may need a promise, which a getter cannot wait for. */
export function waitsOf<Data extends object>(sessions: Sessions<Data>): boolean {
  const { backend, opensLater, hooks } = managerBehind(sessions);
  return backend.waits || opensLater || hooks.find !== undefined || hooks.loaded !== undefined;
}

interface Steps<Data extends object> {
  load(request: RequestInfo, options?: { lazy?: boolean; fresh?: boolean }): MaybePromise<Session<Data>>;
  commit(session: Session<Data>, answer?: Answer): MaybePromise<Committed>;
  /** @param problem What to say if there is no response. */
  apply(session: Session<Data>, response: Response, failed?: boolean, problem?: string): MaybePromise<Response>;
}

/**
 * A request's life: load, handle, commit, set headers.
 * @param server What Bun passes, which may have responded itself.
 */
async function handling<Data extends object>(
  { load, commit, apply }: Steps<Data>,
  handle: (session: Session<Data>) => MaybePromise<Response>,
  request: Request,
  server: unknown,
): Promise<Response> {
  const loading = load(request);
  const session = loading instanceof Promise ? await loading : loading;
  let response: Response;
  try {
    response = await handle(session);
  } catch (thrown) {
    // A thrown Response is a response, whatever its status. GoneError has one of its own.
    if (isAnswer(thrown)) response = thrown;
    else if (isGoneError(thrown)) response = thrown.getResponse();
    else {
      await commit(session, { headers: null, failed: true });
      throw thrown;
    }
  }
  try {
    if (server == null || !isUpgraded(request, server)) {
      const applying = apply(session, response);
      return applying instanceof Promise ? await applying : applying;
    }
    // After an upgrade Bun takes no response.
    await commit(session, { headers: null });
    return response;
  } catch (thrown) {
    // Unsaved changes are dropped. The cookie of an id that save() wrote goes with this response.
    if (isGoneError(thrown)) return apply(session, thrown.getResponse(), true);
    await commit(session, { headers: null, failed: true });
    throw thrown;
  }
}

/** Commits once. Parallel calls get the same result, later ones get nothing. */
function commit(visit: Visit, manager: Manager, answer: Answer): MaybePromise<Committed> {
  const { failed = false, status = 200 } = answer;
  if (visit.pending?.isEmpty === false) return pendingCalls(visit, manager, failed).then(() => commit(visit, manager, answer));
  const committing = visit.committing as Promise<Committed> | null;
  if (committing !== null) return failed ? committing.catch(() => commit(visit, manager, answer)) : committing;
  if (visit.stage === "closed") return NOTHING;
  if (visit.found.is === "unread") {
    visit.stage = "closed";
    // A patch() has used it.
    return visit.used ? headersFor(visit, [], manager.cacheHeaders, mayBeUsers(visit, manager)) : NOTHING;
  }
  // After a commit failed, only an error response may be committed.
  const hasFailed = visit.stage === "closing";
  if (hasFailed && !failed && status < 400) throw visit.failure;
  try {
    return underWay(visit, failed || hasFailed ? commitFailed(visit, manager, answer) : commitNow(visit, manager, answer));
  } catch (error) {
    visit.failure = error;
    throw error;
  }
}

function underWay(visit: Visit, committing: MaybePromise<Committed>): MaybePromise<Committed> {
  if (!(committing instanceof Promise)) return committing;
  visit.committing = committing;
  return committing.then(
    (committed) => {
      visit.committing = null;
      return committed;
    },
    (error) => {
      visit.committing = null;
      visit.failure = error;
      throw error;
    },
  );
}

function commitNow(visit: Visit, manager: Manager, answer: Answer): MaybePromise<Committed> {
  const mode = modeOf(answer);
  return after(commitAnswer(visit, manager, { mode, status: answer.status ?? 200 }), (setCookie) => {
    if (setCookie.length > 0) manager.noticeCookie(visit.request);
    return mode === "impossible" ? NOTHING : headersFor(visit, setCookie, manager.cacheHeaders);
  });
}

function modeOf({ status, headers }: Answer): "send" | "changes" | "impossible" {
  if (headers === null || status === 101) return "impossible";
  return letsShare(headers?.get("Cache-Control")) ? "changes" : "send";
}

/**
 * Drops unsaved changes. If `save()` wrote an id, its cookie goes with the response; if that is impossible, the
 * session ends, because no browser knows it. Errors here never hide the handler's own.
 */
async function commitFailed(visit: Visit, manager: Manager, answer: Answer): Promise<Committed> {
  // A save() that took too long may never end.
  const canSend = modeOf(answer) !== "impossible" && visit.writing === null;
  try {
    if (!canSend) await commitEnds(visit, manager);
    else {
      discard(visit);
      return await commitNow(visit, manager, answer);
    }
  } catch (error) {
    if (isStoreError(error)) manager.emit({ type: "store-error", operation: error.operation });
    if (canSend) await commitEnds(visit, manager).catch(() => {});
  }
  closeVisit(visit, "closed", manager.onLateChange);
  return NOTHING;
}
