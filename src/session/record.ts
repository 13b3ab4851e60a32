/**
 * SessionRecord: what a store keeps of a session.
 *
 * @module
 */

import { cannot } from "../ground/errors.ts";
import type { Claims } from "../token/claims.ts";
import { timeoutsIn } from "../token/timeouts.ts";

/** What the application says about a login, for lists of sessions: `{ device: "Firefox on Linux" }`. Strings only. */
export type SessionMeta = Readonly<Record<string, string>>;

/** The most characters of a value, and entries, that lists of sessions keep. */
const MAX_META_LENGTH = 200;
const MAX_META_ENTRIES = 16;

/**
 * What a login says, fit for a list: values often come from the client, so they are cut to 200 characters, and control
 * characters, also those that turn the direction of text, are taken out.
 *
 * @throws OptionError when it is no object of at most 16 strings
 */
export function cleanMeta(meta: SessionMeta): SessionMeta {
  const entries = Object.entries(meta ?? [null]);
  if (entries.length > MAX_META_ENTRIES || !entries.every(([, value]) => typeof value === "string")) {
    cannot("log in", `meta must be an object of at most ${MAX_META_ENTRIES} strings`);
  }
  return Object.freeze(Object.fromEntries(entries.map(([key, value]) => [key, cleanText(value)])));
}

function cleanText(text: string): string {
  return text
    .slice(0, 2 * MAX_META_LENGTH)
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "")
    .slice(0, MAX_META_LENGTH)
    .replace(/\p{Cs}/gu, "");
}

/** What a store keeps of a session. Instants are epoch seconds. */
export interface SessionRecord {
  /** The session's data: the JSON text of an object. */
  readonly data: string;
  /** 1 at creation, one more with every change of data. */
  readonly version: number;
  /** When the session began: at its creation or at the last login. */
  readonly startedAt: number;
  /** When the session was last used, as far as was recorded. */
  readonly seenAt: number;
  /** When the record ends. A store may keep it longer, never shorter. */
  readonly expiresAt: number;
  /** Who is logged in. */
  readonly subject?: string;
  /** What the application said at the login. */
  readonly meta?: SessionMeta;
  /** How long it may be unused, if the login said so for this session alone. Seconds. */
  readonly idleTimeout?: number;
  /** How old it may become, likewise. Seconds. */
  readonly absoluteTimeout?: number;
}

/** One row of a list of sessions. */
export interface SessionInfo {
  /** The public id. */
  readonly id: string;
  /** When it began: its creation, or the last login. Epoch seconds. */
  readonly startedAt: number;
  /** When it was last used, as far as that was recorded. Epoch seconds. */
  readonly seenAt: number;
  /** When it ends unless it is used before. Epoch seconds. */
  readonly expiresAt: number;
  /** What the login said of it. */
  readonly meta?: SessionMeta;
  /** How long it may be unused, if the login said so for this session alone. Seconds. */
  readonly idleTimeout?: number;
  /** How old it may become, likewise. Seconds. */
  readonly absoluteTimeout?: number;
}

/** Where a record is: the session's public id, and the route if the store has one. */
export interface Key {
  /** 15 to 64 letters, digits, `-` and `_`. */
  readonly id: string;
  /** What the store's `route` gave. */
  readonly route?: string;
}

/** Why a session got a new id. */
export type MoveReason = "login" | "regenerateId";

/** What is left where a session was, for 60 seconds after it got a new id. Applications never see one: `to` is for the core. */
export interface MovedMark {
  /** The `seenAt` of the record that moved. */
  readonly movedAt: number;
  /** Where it went. Only marks that earlier builds left at a login lack it. */
  readonly to?: Key;
  /** What gave it the new id. */
  readonly by: MoveReason;
  /** Until then, in epoch seconds, the old id still stands for the session. Absent: it was dead at once. */
  readonly graceUntil?: number;
}

/** What came of a change. Expected outcomes are values; a store throws only when it is broken. */
export type UpdateResult =
  | { readonly ok: true; readonly version: number }
  | { readonly ok: false; readonly why: "gone" | "moved" | "conflict" | "too-large" };

/** What an update is for. Instants are epoch seconds. */
export interface UpdateOptions {
  /** When the session is used. */
  readonly now: number;
  /** When it then ends, unless it ends later already. */
  readonly expiresAt: number;
  /** Only if the record's version is this one; else `conflict`. */
  readonly ifVersion?: number | undefined;
  /** Only if the record was seen after this; else `gone`. For a caller that has not read it, and may have lowered its timeouts. */
  readonly seenAfter?: number | undefined;
  /**
   * Only if the data then takes no more bytes than this, as JSON in UTF-8, or no more than before; else `too-large`. For a caller that has not
   * read it. Where a store writes keys in a way of its own, it may count them so.
   */
  readonly maxBytes?: number | undefined;
}

/** How many sessions a subject may have. A store that lists ends, in the same step, those used longest ago beyond that. */
export interface Limit {
  /** At least 1; the session that is written counts and stays. Default: no limit. */
  readonly maxSessions?: number;
}

/** How a session gets a new key. */
export interface Move extends Limit {
  /** What gives it the new id. */
  readonly by: MoveReason;
  /** For how long the old id still stands for the session: 0 for not at all, at most 60. */
  readonly graceSeconds: number;
  /** Move it only if its version is this one; else `conflict`, and nothing is changed. */
  readonly ifVersion?: number;
}

/** What the entry of an accepted token says that was redeemed. */
export interface Redeemed {
  /** The session that the token became; null when it was ended in the same request. */
  readonly key: Key | null;
  /** As the mark of a session that moved: the token stood for a session that got its own id at once, and brings nothing. */
  readonly mark: MovedMark | null;
}

/** How long a store keeps the mark of a session that moved. Seconds. */
export const MOVED_MARK_SECONDS = 60;

/** What is at a key: a session, or the mark of one that moved. */
export type RecordOrMark = SessionRecord | MovedMark;

/** Whether what a store answered is the mark of a session that moved. */
export const isMoved = (found: RecordOrMark): found is MovedMark => "movedAt" in found;

/** Where a token says that its session is. */
export const keyOf = ({ sid, route }: Claims): Key => (route === undefined ? { id: sid } : { id: sid, route });

/** The session that a token carries. */
export const recordFromToken = ({ start, iat, exp, sub, idle, abs, data = "{}" }: Claims): SessionRecord => ({
  data,
  version: 0,
  startedAt: start,
  seenAt: iat,
  expiresAt: exp,
  ...(sub !== undefined && { subject: sub }),
  ...timeoutsIn({ idle, abs }),
});

/** The longest grace: the mark that says where a session went is gone after that. Seconds. */
export const MAX_GRACE_SECONDS: number = MOVED_MARK_SECONDS;

/** The mark that `replace` leaves. A copy, which the caller cannot change afterwards. */
export const markFor = (
  movedAt: number,
  { id, route }: Key,
  { by, graceSeconds }: Pick<Move, "by" | "graceSeconds">,
): MovedMark => ({
  movedAt,
  to: Object.freeze(route === undefined ? { id } : { id, route }),
  by,
  ...(graceSeconds > 0 && { graceUntil: movedAt + graceSeconds }),
});
