/**
 * SessionRecord: a session as a store keeps it.
 *
 * @module
 */

import { cannot } from "../ground/errors.ts";
import type { Claims } from "../token/claims.ts";
import { timeoutsIn } from "../token/timeouts.ts";

/** A description of a login for lists of sessions: `{ device: "Firefox on Linux" }`. Strings only. */
export type SessionMeta = Readonly<Record<string, string>>;

const MAX_META_LENGTH = 200;
const MAX_META_ENTRIES = 16;

/**
 * Makes a login's description safe for a list. Values often come from clients, so they are cut to 200 characters,
 * without control characters or those that change the direction of text.
 *
 * @throws OptionError unless it is an object of at most 16 strings
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

/** A session as a store keeps it. Instants are epoch seconds. */
export interface SessionRecord {
  /** The session's data: the JSON text of an object. */
  readonly data: string;
  /** 1 at creation, one more with every change of data. */
  readonly version: number;
  /** When the session began: at its creation or last login. */
  readonly startedAt: number;
  /** The last recorded use. */
  readonly seenAt: number;
  /** When the record expires. A store may keep it longer, never shorter. */
  readonly expiresAt: number;
  /** Who is logged in. */
  readonly subject?: string;
  /** The login's `meta`. */
  readonly meta?: SessionMeta;
  /** The session's own idle timeout, if its login set one. Seconds. */
  readonly idleTimeout?: number;
  /** The session's own absolute timeout, if its login set one. Seconds. */
  readonly absoluteTimeout?: number;
}

/** One entry in a list of sessions. */
export interface SessionInfo {
  /** The public id. */
  readonly id: string;
  /** When it began: at its creation or last login. Epoch seconds. */
  readonly startedAt: number;
  /** The last recorded use. Epoch seconds. */
  readonly seenAt: number;
  /** When it expires if it is not used again. Epoch seconds. */
  readonly expiresAt: number;
  /** The login's `meta`. */
  readonly meta?: SessionMeta;
  /** The session's own idle timeout, if its login set one. Seconds. */
  readonly idleTimeout?: number;
  /** The session's own absolute timeout, if its login set one. Seconds. */
  readonly absoluteTimeout?: number;
}

/** Where a record is: the session's public id, and the route if the store has one. */
export interface Key {
  /** 15 to 64 letters, digits, `-` and `_`. */
  readonly id: string;
  /** The result of the store's `route`. */
  readonly route?: string;
}

/** Why a session got a new id. */
export type MoveReason = "login" | "regenerateId";

/**
 * The mark that a session leaves for 60 seconds when it gets a new id. Applications never
 * see one, since `to` is internal.
 */
export interface MovedMark {
  /** The `seenAt` of the record that moved. */
  readonly movedAt: number;
  /** Where it went. May be missing if a login left the mark. */
  readonly to?: Key;
  /** What gave it the new id. */
  readonly by: MoveReason;
  /** Until then, in epoch seconds, the old id still stands for the session. Absent: it was dead at once. */
  readonly graceUntil?: number;
}

/** The result of a change. Expected outcomes are values; a store throws only for faults. */
export type UpdateResult =
  | { readonly ok: true; readonly version: number }
  | { readonly ok: false; readonly why: "gone" | "moved" | "conflict" | "too-large" };

/** Times and conditions of an update. Instants are epoch seconds. */
export interface UpdateOptions {
  /** When the session is used. */
  readonly now: number;
  /** When it expires then, unless it already expires later. */
  readonly expiresAt: number;
  /** Update only if the record has this version; else `conflict`. */
  readonly ifVersion?: number | undefined;
  /**
   * Update only if the record was used after this; else `gone`. For callers that have not read it and
   * may have lowered its timeouts.
   */
  readonly seenAfter?: number | undefined;
  /**
   * Update only if the data then takes at most this many bytes as JSON in UTF-8, or no more than before; else
   * `too-large`. For callers that have not read it. A store that writes keys in its own way may count them so.
   */
  readonly maxBytes?: number | undefined;
}

/**
 * How many sessions a subject may have. A store that can list ends those beyond it, used
 * longest ago, in the same step.
 */
export interface Limit {
  /** At least 1. The session being written counts and stays. Default: no limit. */
  readonly maxSessions?: number;
}

/** How a session gets a new key. */
export interface Move extends Limit {
  /** What gives it the new id. */
  readonly by: MoveReason;
  /** How long the old id still stands for the session, 0 to 60 seconds. */
  readonly graceSeconds: number;
  /** Move only if the record has this version; else `conflict`, and nothing changes. */
  readonly ifVersion?: number;
}

/** The entry of an accepted token that was redeemed. */
export interface Redeemed {
  /** The session that the token became; null if that ended in the same request. */
  readonly key: Key | null;
  /** The entry as a moved session's mark: the token's session got its own id at once, so the token brings nothing. */
  readonly mark: MovedMark | null;
}

/** How long a store keeps a mark. Seconds. */
export const MOVED_MARK_SECONDS = 60;

/** A key holds a session or the mark of one that moved. */
export type RecordOrMark = SessionRecord | MovedMark;

export const isMoved = (found: RecordOrMark): found is MovedMark => "movedAt" in found;

export const keyOf = ({ sid, route }: Claims): Key => (route === undefined ? { id: sid } : { id: sid, route });

export const recordFromToken = ({ start, iat, exp, sub, idle, abs, data = "{}" }: Claims): SessionRecord => ({
  data,
  version: 0,
  startedAt: start,
  seenAt: iat,
  expiresAt: exp,
  ...(sub !== undefined && { subject: sub }),
  ...timeoutsIn({ idle, abs }),
});

/** The longest grace, after which the mark is gone. Seconds. */
export const MAX_GRACE_SECONDS: number = MOVED_MARK_SECONDS;

/** The mark that `replace` leaves. Copies the key, so that the caller cannot change it. */
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
