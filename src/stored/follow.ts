/**
 * Finds a session that got a new id, by following the marks it left.
 *
 * @module
 */
import { isSessionId } from "../ground/session-id.ts";
import { type Gone, type Living, needsCookie } from "../session/found.ts";
import { isMoved, type Key, MOVED_MARK_SECONDS, type MovedMark, type SessionRecord } from "../session/record.ts";
import { endOf } from "../token/timeouts.ts";
import type { Stored } from "./guarded.ts";

/** A living session found under its new id. */
export interface Whereabouts {
  readonly key: Key;
  readonly record: SessionRecord;
  /** Whether its old id still stands for it. */
  readonly inGrace: boolean;
  /** Whether only `regenerateId()` gave it new ids. */
  readonly renewed: boolean;
}

/** A session may get a few new ids within a minute. Longer chains are not followed. */
const MAX_MARKS = 64;

/** Whether a mark still counts. Stores may keep one for longer. */
export const isFresh = ({ movedAt }: MovedMark, now: number): boolean => now < movedAt + MOVED_MARK_SECONDS;

/** Whether the old id still stands for the session. */
export const isInGrace = ({ by, graceUntil }: MovedMark, now: number): boolean =>
  by === "regenerateId" && graceUntil !== undefined && now < graceUntil;

/** Follows marks to a living session, or returns null. A new id without grace ends every earlier grace. */
export async function follow({ manager, store }: Stored, first: MovedMark): Promise<Whereabouts | null> {
  const now = manager.now();
  let [inGrace, renewed] = [true, true];
  let mark = first;
  for (let count = 0; count < MAX_MARKS && isFresh(mark, now); count++) {
    const { to } = mark;
    // A store that an application wrote may leave it out.
    if (!isSessionId(to?.id)) return null;
    inGrace &&= isInGrace(mark, now);
    renewed &&= mark.by === "regenerateId";
    const found = await store.load(to, { now });
    if (found === null) return null;
    if (!isMoved(found))
      return endOf(found, manager.timeouts, now) === undefined ? { key: to, record: found, inGrace, renewed } : null;
    mark = found;
  }
  return null;
}

/** The session under its current id. Another response brings its cookie, and so does this one if it owes it. */
export function inGrace(before: Pick<Living, "cookie" | "remember">, { key, record }: Whereabouts): Living {
  return { is: "living", key, record, cookie: needsCookie(before) ? "owed" : "elsewhere", remember: before.remember };
}

/**
 * The session under this id, if it cannot be followed. In grace,
 * the id stands for the session itself, so the session has ended.
 */
export function goneFrom(
  key: Key,
  mark: MovedMark | null,
  went: Whereabouts | null,
  now: number,
  atLoad = false,
): Omit<Gone, "shown"> {
  const hasEnded = mark === null || (went === null && isInGrace(mark, now));
  return { is: "gone", key, why: hasEnded ? "ended" : "moved", mark, atLoad, anew: false };
}
