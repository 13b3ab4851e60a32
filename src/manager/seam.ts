/**
 * The seam between sessions and frameworks, as types: what is asked of a request and of its answer, and what a manager does for an adapter.
 *
 * @module
 */

import type { SessionInfo } from "../session/record.ts";
import type { Session } from "../session/session.ts";
import type { Committed, HeaderReader } from "./headers.ts";
import type { SessionSnapshot } from "./snapshot.ts";

/** What is asked of a request: a `Request` has it, or what a framework makes of its own. */
export interface RequestInfo {
  /**
   * The request's method. HEAD takes no flash value. If the session got another id meanwhile, a change by GET, HEAD or OPTIONS is dropped
   * with the event `lost`, where others get a {@link GoneError}. Left out, it counts as one of the others.
   */
  readonly method?: string | undefined;
  /** The whole URL. Left out, nobody is warned of a Secure cookie that goes out over plain http. */
  readonly url?: string | undefined;
  /** The request's headers; `cookie` and `sec-purpose` are read, and for that warning a few more. */
  readonly headers: HeaderReader;
}

/** What is known of the answer that a session is committed for. A `Response` is one. */
export interface Answer {
  /** Its status, where that is known: a change that is lost takes the place of no answer from 400 on. */
  readonly status?: number | undefined;
  /**
   * Its headers as they are now, for what they say of caches. Left out: not known yet. `null`: they have left, or can carry no cookie, as those
   * of status 101.
   */
  readonly headers?: HeaderReader | null | undefined;
  /**
   * The handler has failed: what it changed and did not save is dropped, and what it ended ends. A store that fails, too, is an event, so that it
   * hides no error of the handler's. Default false.
   */
  readonly failed?: boolean | undefined;
}

/** Answers a request, knowing its session; what else the server passes comes after. `Incoming` is what the server calls a request. */
export type SessionHandler<Data extends object, Rest extends unknown[], Incoming extends Request = Request> = (
  request: Incoming,
  session: Session<Data>,
  ...rest: Rest
) => Response | Promise<Response>;

/** A session of a user, for a page that shows them. Instants are epoch seconds. */
export interface ListedSession extends SessionInfo {
  /** Whether it is the one that was named as `current`. */
  readonly current: boolean;
}

/** What came of ending sessions. */
export interface Revocation {
  /** How many sessions were ended. */
  readonly count: number;
  /** `"now"`: no request gets one of them any more. `"requested"`: the store is not immediate, and says how long it may take. */
  readonly effect: "now" | "requested";
}

/** What a manager does with the sessions of a user. */
export interface Subjects {
  /**
   * The living sessions of a user, the one used last first.
   *
   * @param options `current`: the id of the session that asks, so that it is marked.
   * @throws OptionError without a subject, or when the store cannot list; StoreError when it fails
   */
  list(subject: string, options?: { current?: string | undefined }): Promise<ListedSession[]>;
  /**
   * Ends one session of a user. False when the user has no such session: an id from a form is safe to pass, whatever it is.
   *
   * @throws OptionError without a subject or a store; StoreError when it fails
   */
  revoke(subject: string, id: string): Promise<boolean>;
  /**
   * Ends all sessions of a user, for "log out everywhere" and for a new password.
   *
   * @param options `except`: the id of a session that stays, such as the one that asks.
   * @throws OptionError without a subject, or when the store cannot list; StoreError when it fails
   *
   * @example
   * ```ts
   * if (session.subject !== undefined) await sessions.revokeAll(session.subject, { except: session.id });
   * ```
   */
  revokeAll(subject: string, options?: { except?: string | undefined }): Promise<Revocation>;
}

/** The sessions of one application, under one cookie name. */
export interface Sessions<Data extends object = Record<string, unknown>> {
  /**
   * Wraps a handler of the fetch kind: loads the session before it, commits after it. Extra arguments, such as Workers' `env` and `ctx`, are
   * passed through.
   *
   * @throws what the handler throws, and StoreError: it has a status, 503, and `getResponse()`. A {@link GoneError} is answered with 409.
   *
   * @example
   * ```ts
   * export default { fetch: sessions.handler((request, session) => new Response(`${session.data.views}`)) };
   * ```
   */
  handler<Rest extends unknown[] = [], Incoming extends Request = Request>(
    answer: SessionHandler<Data, Rest, Incoming>,
  ): (request: Incoming, ...rest: Rest) => Promise<Response>;
  /**
   * Loads the session of a request. `await` it: it is a promise unless nothing had to be waited for.
   *
   * @param options `lazy`: as the option of that name, for this request: the session is loaded when `session.ready()` asks. `fresh`: from the
   * store, not from a copy.
   * @throws StoreError
   */
  load(request: RequestInfo, options?: { lazy?: boolean; fresh?: boolean }): Session<Data> | Promise<Session<Data>>;
  /**
   * Saves what changed, waits for it, and gives what goes on the answer; {@link put} puts it there. `await` it: it is a promise unless nothing
   * had to be waited for. Done once, it gives nothing more, and the session takes no change.
   *
   * It waits for `update()`, `save()` and `ready()` that nobody awaited.
   *
   * @throws StoreError, DataError, GoneError, and what a call failed with that nobody awaited: then nothing was promised to the client, and
   * the answer should be an error; commit again for that, with `failed`. StateError when such a call takes longer than 30 seconds, or when
   * the browser needs a cookie and `headers` is null.
   *
   * @example
   * ```ts
   * const session = await sessions.load(request);
   * const response = await answer(request, session);
   * put(response.headers, await sessions.commit(session, response));
   * ```
   */
  commit(session: Session<Data>, answer?: Answer): Committed | Promise<Committed>;
  /**
   * Commits and gives the response to send: the same one with our headers on it, or a copy where its headers cannot be changed.
   *
   * @throws as {@link commit}
   */
  apply(session: Session<Data>, response: Response, options?: { failed?: boolean }): Promise<Response>;
  /** The session as it is, without any way to change it and without counting as use; null when there is none. For WebSockets and logs. */
  read(request: RequestInfo): Promise<SessionSnapshot<Data> | null>;
}

/** The sessions of one application in a store: a user's can be listed and ended. */
export interface StoredSessions<Data extends object = Record<string, unknown>> extends Sessions<Data>, Subjects {}
