/**
 * Visit: what one request knows of its session, and wants of it. No I/O.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import { parseData, stringifyData } from "../ground/json.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import { newSessionId } from "../ground/session-id.ts";
import type { OwnTimeouts } from "../token/timeouts.ts";
import { SessionData } from "./data.ts";
import type { Ending, Found, Living } from "./found.ts";
import type { PendingCalls } from "./pending.ts";
import type { SessionMeta, SessionRecord } from "./record.ts";

export interface Came {
  readonly method?: string | undefined;
  /** The whole URL. A path is not enough. */
  readonly url?: string | undefined;
  readonly headers: { get(name: string): string | null | undefined };
}

/** What the request wants. `stay`: nothing but changes of data. */
export type Wish = { readonly to: "stay" } | Renewal | Login;

interface Renewal {
  readonly to: "regenerateId";
  /** How long the old id still counts. */
  readonly graceSeconds: number;
}

export interface Login {
  readonly to: "login";
  readonly graceSeconds: 0;
  readonly subject: string;
  readonly meta: SessionMeta | undefined;
  readonly remember: boolean;
  /** The session's own timeouts. */
  readonly times: OwnTimeouts;
  /** Whether to drop the stored data before this request's goes in. */
  readonly replacesData: boolean;
  /** The keys to keep, with their values when the session moves; null if none are named. */
  readonly keys: readonly string[] | null;
  /** Keys left behind. Their absence is no change of data. */
  readonly left: string[];
}

/** One request's view of a session. `Session` is its public face; load and commit write it. */
export interface Visit {
  readonly request: Came;
  readonly cookie: string | null;
  /** Whether nobody may ever see the response, as for HEAD and prefetches. */
  readonly unseen: boolean;
  readonly data: SessionData;
  /** `closing`: the response's commit has begun, and nothing may change any more. */
  stage: "open" | "closing" | "closed";
  /** Whether the handler used the session. */
  used: boolean;
  /** What loading found, and when. Never changes. */
  arrived: Arrived;
  found: Found;
  /**
   * What the request wants. Every login, new id and end makes a new object, so that a commit under
   * way does not undo a later wish.
   */
  wish: Wish;
  ended: Ending[];
  /** Unusable sessions that the request's tokens name. A logout ends them too. */
  readonly remains: Ending[];
  /** How to end each of several sessions, of which none was used; `settled` once a login or logout decided. */
  rivals: readonly Ending[] | "settled" | null;
  /** The latest end, with its value for Clear-Site-Data. */
  farewell: { readonly clearSiteData: string | undefined } | null;
  /** Whether this request wrote to the store, beyond recording use. */
  wrote: boolean;
  loggedIn: boolean;
  /** Where the record comes from: `exact` from the store, a `copy`, or `stale` since others changed it. */
  known: "exact" | "copy" | "stale";
  /** When the store last answered. Epoch seconds. */
  askedAt: number;
  nextId: string | undefined;
  /** The new id from this request, if no other response brings it and no accepted token leads to it. */
  madeId: string | null;
  /** The data as shown, if it was converted to a newer schema and so differs from what is stored. */
  converted: string | null;
  /** The one load that all callers share. */
  loading: MaybePromise<void> | undefined;
  /** Calls that the handler may not have awaited. */
  pending: PendingCalls | null;
  /** A commit under way. */
  writing: Promise<unknown> | null;
  /** An `update()` that has the session to itself. */
  updating: Promise<unknown> | null;
  /** The response's commit, while it is under way. */
  committing: Promise<unknown> | null;
  /** The error of the response's own commit. */
  failure: unknown;
  /** Whether the handler failed, and an error handler continues with the session. */
  failing: (() => boolean) | null;
  /** The data as the failed handler left it. */
  failedWith: string | undefined;
  /** Called for late changes. Without it they throw. */
  onLate: ((id: string) => void) | undefined;
}

interface Arrived {
  readonly found: Found;
  /** Epoch seconds. */
  readonly at: number;
  readonly accepted: boolean;
}

export const UNREAD: Found = { is: "unread" };
export const NEW: Found = { is: "new" };
const NO_TIMES: OwnTimeouts = {};
const NOWHERE: Arrived = { found: UNREAD, at: 0, accepted: false };

export const newVisit = (request: Came, unseen: boolean, prototype: object | null): Visit => ({
  request,
  cookie: request.headers.get("cookie") ?? null,
  unseen,
  data: new SessionData(prototype),
  stage: "open",
  used: false,
  arrived: NOWHERE,
  found: UNREAD,
  wish: { to: "stay" },
  ended: [],
  remains: [],
  rivals: null,
  farewell: null,
  wrote: false,
  loggedIn: false,
  known: "exact",
  askedAt: 0,
  nextId: undefined,
  madeId: null,
  converted: null,
  loading: undefined,
  pending: null,
  writing: null,
  updating: null,
  committing: null,
  failure: undefined,
  failing: null,
  failedWith: undefined,
  onLate: undefined,
});

export const livingOf = ({ found }: Visit): Living | null => (found.is === "living" ? found : null);

/** The record that was loaded or last written; undefined if there is nothing to change. */
export const recordOf = ({ found }: Visit): SessionRecord | undefined =>
  found.is === "living" || found.is === "imported" ? found.record : undefined;

/** What the handler sees, even if the session went away while the request ran. */
const shownOf = ({ found }: Visit) =>
  found.is === "living" || found.is === "imported" ? found : found.is === "gone" ? found.shown : null;

export const subjectOf = (visit: Visit): string | undefined =>
  visit.wish.to === "login" ? visit.wish.subject : shownOf(visit)?.record.subject;

/** The login's `meta`. */
export const metaOf = (visit: Visit): SessionMeta | undefined =>
  visit.wish.to === "login" ? visit.wish.meta : shownOf(visit)?.record.meta;

export const remembersOf = (visit: Visit): boolean =>
  visit.wish.to === "login" ? visit.wish.remember : (shownOf(visit)?.remember ?? true);

/** The session's own timeouts, of a requested login or as loaded. */
export const timesOf = (visit: Visit): OwnTimeouts =>
  visit.wish.to === "login" ? visit.wish.times : (recordOf(visit) ?? NO_TIMES);

/** When the session began; undefined for a new one. Epoch seconds. */
export const startOf = (visit: Visit): number | undefined =>
  visit.wish.to === "login" ? undefined : shownOf(visit)?.record.startedAt;

/** The session's id once the wish is written. */
export function idOf(visit: Visit): string {
  const { found, wish } = visit;
  const isShown = found.is === "living" || (found.is === "gone" && found.shown !== null);
  if (isShown && wish.to === "stay") return found.key.id;
  visit.nextId ??= newSessionId();
  return visit.nextId;
}

/** The JSON text that this request's changes are compared with. */
export const baseOf = (visit: Visit): string => shownOf(visit)?.record.data ?? "{}";

/** The JSON text that the handler was shown. */
export const shownText = (visit: Visit): string => visit.converted ?? baseOf(visit);

/**
 * Returns a check whether the session is still the one a change was meant for. A slow change must not reach the
 * session after a logout, or one of another user.
 */
export function sameFor(visit: Visit): () => boolean {
  const { farewell } = visit;
  const subject = subjectOf(visit);
  return () => visit.farewell === farewell && (subject === undefined || subjectOf(visit) === subject);
}

/** The data without the keys that a login left behind. */
export function withoutLeft({ wish }: Visit, text: string): string {
  if (wish.to !== "login" || wish.left.length === 0) return text;
  const data = parseData(text) ?? {};
  for (const key of wish.left) delete data[key];
  return stringifyData(data, null);
}

/** Refuses what is given in place of a session. @param isSession Whether it is one, but of another manager. */
export function refuseSession(isSession: boolean): never {
  if (isSession) cannot("commit this session", "another createSessions() loaded it");
  throw new TypeError("Cannot use this session: await sessions.load(request) first");
}

/** Shows no session. One that is gone or could not be loaded stays so. */
export function reject(visit: Visit): void {
  if (visit.found.is === "gone") visit.found = { ...visit.found, shown: null };
  else if (visit.found.is !== "outage") visit.found = NEW;
  visit.wish = { to: "stay" };
  visit.nextId = undefined;
  visit.converted = null;
  visit.data.fill("{}");
}

/** Records the data when an error handler asks for the session: its changes are not part of the failure. */
export function noteFailure(visit: Visit): void {
  if (visit.failing?.()) visit.failedWith ??= visit.data.text();
}
