/**
 * Visit: what one request knows of its session, and wants of it. No input or output happens here.
 *
 * @module
 */
import { parseData, stringifyData } from "../ground/json.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import { newSessionId } from "../ground/session-id.ts";
import type { OwnTimeouts } from "../token/timeouts.ts";
import { SessionData } from "./data.ts";
import type { Ending, Found, Living } from "./found.ts";
import type { PendingCalls } from "./pending.ts";
import type { SessionMeta, SessionRecord } from "./record.ts";

/** How a request came, as far as it is known. */
export interface Came {
  readonly method?: string | undefined;
  /** The whole URL; a path says nothing. */
  readonly url?: string | undefined;
  readonly headers: { get(name: string): string | null | undefined };
}

/** What is wanted. `stay`: no more than changes of the data. */
export type Wish = { readonly to: "stay" } | Renewal | Login;

/** A new id. */
interface Renewal {
  readonly to: "regenerateId";
  /** How long the old id still counts. */
  readonly graceSeconds: number;
}

/** A user's login. */
export interface Login {
  readonly to: "login";
  readonly graceSeconds: 0;
  readonly subject: string;
  readonly meta: SessionMeta | undefined;
  readonly remember: boolean;
  /** The timeouts that it gives its session. */
  readonly times: OwnTimeouts;
  /** Whether what the store holds is dropped before this request's data goes in. */
  readonly replacesData: boolean;
  /** The keys that are taken along, as they are when the session moves; null where none are named. */
  readonly keys: readonly string[] | null;
  /** What is left behind: that it is not there any more is no change of the data. */
  readonly left: string[];
}

/** One request's view of a session. `Session` is its public face; load and commit write it. */
export interface Visit {
  readonly request: Came;
  /** The Cookie header. */
  readonly cookie: string | null;
  /** Whether nobody may ever see the answer: a HEAD request, or a page that a browser fetches ahead. */
  readonly unseen: boolean;
  readonly data: SessionData;
  /** `closing`: the answer's own commit has begun. From then on nothing is changed. */
  stage: "open" | "closing" | "closed";
  /** Whether the handler read or changed anything. */
  used: boolean;
  /** What loading found, and when; never changed after. */
  arrived: Arrived;
  /** What there is now. */
  found: Found;
  /** What the request wants: another object with every login, new id and end, so that a commit on its way does not undo one that came meanwhile. */
  wish: Wish;
  /** What ends at the commit. */
  ended: Ending[];
  /** What the request's tokens name that is no session any more, or was none: a logout is carried out for it, too. */
  readonly remains: Ending[];
  /** How each of the sessions ends of which none was used, because several came; `settled` once a login or a logout says which one counts. */
  rivals: readonly Ending[] | "settled" | null;
  /** The latest end, and what the browser is to drop with it, as the value of Clear-Site-Data. */
  farewell: { readonly clearSiteData: string | undefined } | null;
  /** Whether this request wrote to the store, beyond that the session was used. */
  wrote: boolean;
  /** Whether a login was written. */
  loggedIn: boolean;
  /** How well the record is known: as the store answered, as a copy says, or not, because others changed it since. */
  known: "exact" | "copy" | "stale";
  /** When the store answered last. Epoch seconds. */
  askedAt: number;
  /** The id that the session will have. */
  nextId: string | undefined;
  /** The id that this request gave the session, which no other answer brings, and no accepted token leads to. */
  madeId: string | null;
  /** The data as it was shown, where that is not what is kept: it was converted to a newer schema. */
  converted: string | null;
  /** The one load, however many ask for it at the same time. */
  loading: MaybePromise<void> | undefined;
  /** What the handler has asked for and may not have waited for. */
  pending: PendingCalls | null;
  /** A commit that is not done yet. */
  writing: Promise<unknown> | null;
  /** An `update()` that has the session to itself. */
  updating: Promise<unknown> | null;
  /** What goes on the answer, while that is not known yet. */
  committing: Promise<unknown> | null;
  /** What the answer's own commit failed with. */
  failure: unknown;
  /** Tells whether the handler has failed, and an error handler goes on with the session. */
  failing: (() => boolean) | null;
  /** The data as the handler left it that failed. */
  failedWith: string | undefined;
  /** Called for late changes, which throw where there is none. */
  onLate: ((id: string) => void) | undefined;
}

/** What loading found. */
interface Arrived {
  readonly found: Found;
  /** Epoch seconds. */
  readonly at: number;
  /** Whether an accepted token brought it. */
  readonly accepted: boolean;
}

/** Nobody has looked yet. */
export const UNREAD: Found = { is: "unread" };
/** There is no session. */
export const NEW: Found = { is: "new" };
const NO_TIMES: OwnTimeouts = {};
const NOWHERE: Arrived = { found: UNREAD, at: 0, accepted: false };

/** The visit of a request. @param prototype That of `session.data`. */
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

/** The living session, if there is one. */
export const livingOf = ({ found }: Visit): Living | null => (found.is === "living" ? found : null);

/** The record that was loaded or last written; undefined where nothing is there to be changed. */
export const recordOf = ({ found }: Visit): SessionRecord | undefined =>
  found.is === "living" || found.is === "imported" ? found.record : undefined;

/** What the handler is shown: also of a session that went while the request ran. */
const shownOf = ({ found }: Visit) =>
  found.is === "living" || found.is === "imported" ? found : found.is === "gone" ? found.shown : null;

/** Who is logged in. */
export const subjectOf = (visit: Visit): string | undefined =>
  visit.wish.to === "login" ? visit.wish.subject : shownOf(visit)?.record.subject;

/** What the login said. */
export const metaOf = (visit: Visit): SessionMeta | undefined =>
  visit.wish.to === "login" ? visit.wish.meta : shownOf(visit)?.record.meta;

/** Whether the cookie outlives the browser. */
export const remembersOf = (visit: Visit): boolean =>
  visit.wish.to === "login" ? visit.wish.remember : (shownOf(visit)?.remember ?? true);

/** The timeouts that the session has of its own: those of a login that is asked for, else those it came with. */
export const timesOf = (visit: Visit): OwnTimeouts =>
  visit.wish.to === "login" ? visit.wish.times : (recordOf(visit) ?? NO_TIMES);

/** When the session that is shown began; undefined for a new one. Epoch seconds. */
export const startOf = (visit: Visit): number | undefined =>
  visit.wish.to === "login" ? undefined : shownOf(visit)?.record.startedAt;

/** The session's id, once what is wanted is written. */
export function idOf(visit: Visit): string {
  const { found, wish } = visit;
  const isShown = found.is === "living" || (found.is === "gone" && found.shown !== null);
  if (isShown && wish.to === "stay") return found.key.id;
  visit.nextId ??= newSessionId();
  return visit.nextId;
}

/** The JSON text that this request's changes are counted from. */
export const baseOf = (visit: Visit): string => shownOf(visit)?.record.data ?? "{}";

/** The JSON text that the handler was shown, as far as it has not changed it. */
export const shownText = (visit: Visit): string => visit.converted ?? baseOf(visit);

/**
 * Tells later whether the session is still the one that a change was meant for: what takes a while must reach neither the session after a logout, nor that
 * of somebody else who logged in.
 */
export function sameFor(visit: Visit): () => boolean {
  const { farewell } = visit;
  const subject = subjectOf(visit);
  return () => visit.farewell === farewell && (subject === undefined || subjectOf(visit) === subject);
}

/** The data without what a login left behind. */
export function withoutLeft({ wish }: Visit, text: string): string {
  if (wish.to !== "login" || wish.left.length === 0) return text;
  const data = parseData(text) ?? {};
  for (const key of wish.left) delete data[key];
  return stringifyData(data, null);
}

/** There is no session, and nothing is shown. What is gone, or could not be asked for, stays so. */
export function reject(visit: Visit): void {
  if (visit.found.is === "gone") visit.found = { ...visit.found, shown: null };
  else if (visit.found.is !== "outage") visit.found = NEW;
  visit.wish = { to: "stay" };
  visit.nextId = undefined;
  visit.converted = null;
  visit.data.fill("{}");
}

/** Somebody asks for the session. What an error handler does to it is no part of what failed. */
export function noteFailure(visit: Visit): void {
  if (visit.failing?.()) visit.failedWith ??= visit.data.text();
}
