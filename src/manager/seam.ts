/**
 * The seam between sessions and frameworks. Types only.
 *
 * @module
 */

import type { SessionInfo } from "../session/record.ts";
import type { Session } from "../session/session.ts";
import type { Committed, HeaderReader } from "./headers.ts";
import type { SessionSnapshot } from "./snapshot.ts";

/** A request: a `Request`, or what an adapter makes of a framework's own. */
export interface RequestInfo {
  /**
   * The method. HEAD takes no flash value. If the session got another id meanwhile, changes by GET, HEAD or OPTIONS
   * are dropped with the event `lost`; others, and requests without a method, get a {@link GoneError}.
   */
  readonly method?: string | undefined;
  /** The whole URL, for the warning about Secure cookies over plain http. */
  readonly url?: string | undefined;
  /** The headers. `cookie` and `sec-purpose` are read, and a few more for that warning. */
  readonly headers: HeaderReader;
}

/** A response to commit a session for, such as a `Response`, as far as it is known. */
export interface Answer {
  /** The status. A lost change throws only if the status is below 400. */
  readonly status?: number | undefined;
  /**
   * The current headers, read for caching. Omitted: not known yet. `null`: already sent, or unable
   * to carry a cookie (status 101).
   */
  readonly headers?: HeaderReader | null | undefined;
  /**
   * Whether the handler failed: its unsaved changes are dropped, but a session that it ended still ends. If the store
   * fails too, an event reports it, and the handler's error remains. Default: false.
   */
  readonly failed?: boolean | undefined;
}

/**
 * Handles a request with its session. Further arguments from the server follow. `Incoming` is
 * the server's type of request.
 */
export type SessionHandler<Data extends object, Rest extends unknown[], Incoming extends Request = Request> = (
  request: Incoming,
  session: Session<Data>,
  ...rest: Rest
) => Response | Promise<Response>;

/** One of a user's sessions. Instants are epoch seconds. */
export interface ListedSession extends SessionInfo {
  /** Whether it was passed as `current`. */
  readonly current: boolean;
}

/** The result of ending sessions. */
export interface Revocation {
  /** How many sessions were ended. */
  readonly count: number;
  /**
   * `"now"`: no request gets these sessions any more. `"requested"`: the store is not immediate; its
   * documentation says how long that may take.
   */
  readonly effect: "now" | "requested";
}

/** The sessions of a user. */
export interface Subjects {
  /**
   * Lists a user's living sessions, the most recently used first.
   *
   * @param options `current`: the id of the session to mark as current.
   * @throws OptionError without a subject, or if the store cannot list; StoreError if it fails
   */
  list(subject: string, options?: { current?: string | undefined }): Promise<ListedSession[]>;
  /**
   * Ends one session of a user. Returns false for any other id, so an id from a form is safe.
   *
   * @throws OptionError without a subject or a store; StoreError if it fails
   */
  revoke(subject: string, id: string): Promise<boolean>;
  /**
   * Ends all sessions of a user, for "log out everywhere" and after a new password.
   *
   * @param options `except`: the id of a session to spare, such as the current one.
   * @throws OptionError without a subject, or if the store cannot list; StoreError if it fails
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
   * Wraps a fetch handler: loads the session before it and commits after it. Passes further arguments through, such
   * as Workers' `env` and `ctx`. A {@link GoneError} becomes a 409 response.
   *
   * @throws OptionError at once for anything but a function. The wrapped handler: what the handler throws, TypeError if
   * it returns no response, and StoreError, which has status 503 and `getResponse()`.
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
   * Loads a request's session. `await` it: it returns a promise if anything has to be waited for.
   *
   * @param options `lazy`: overrides the option of that name. `fresh`: loads from the store, not from a copy.
   * @throws StoreError
   */
  load(request: RequestInfo, options?: { lazy?: boolean; fresh?: boolean }): Session<Data> | Promise<Session<Data>>;
  /**
   * Saves the changes and returns the headers for the response, which {@link put} adds. `await` it: it returns a
   * promise if anything has to be waited for, including `update()`, `save()` and `ready()` that nobody awaited. After
   * that the session takes no changes, and another commit returns no headers.
   *
   * @throws StoreError, DataError, GoneError, and the error of a call that nobody awaited: respond with an error, and
   * commit again for that response with `failed`. StateError if such a call takes longer than 30 seconds, or if the
   * browser needs a cookie and `headers` is null. TypeError if it is no session, such as a promise of one; OptionError
   * if another `createSessions()` loaded it.
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
   * Commits and returns the response to send: the same one with our headers, or a copy if its headers are immutable.
   *
   * @throws as {@link commit}; TypeError without a response, or if its body has been read
   */
  apply(session: Session<Data>, response: Response, options?: { failed?: boolean }): Promise<Response>;
  /** A read-only snapshot of the session, for WebSockets and logs; null if there is none. Does not count as use. */
  read(request: RequestInfo): Promise<SessionSnapshot<Data> | null>;
}

/** Sessions in a store: a user's can be listed and ended. */
export interface StoredSessions<Data extends object = Record<string, unknown>> extends Sessions<Data>, Subjects {}
