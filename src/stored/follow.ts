/**
 * Where a session went that got a new id: from mark to mark, to where it lives now.
 *
 * @module
 */
import { isSessionId } from "../ground/session-id.ts";
import { type Gone, type Living, needsCookie } from "../session/found.ts";
import { isMoved, type Key, MOVED_MARK_SECONDS, type MovedMark, type SessionRecord } from "../session/record.ts";
import { endOf } from "../token/timeouts.ts";
import type { Stored } from "./guarded.ts";

/** A living session that was found under its new id. */
export interface Whereabouts {
  readonly key: Key;
  readonly record: SessionRecord;
  /** Whether the id it had still stands for it. */
  readonly inGrace: boolean;
  /** Whether nothing but `regenerateId()` gave it new ids. */
  readonly renewed: boolean;
}

/** A session may get a few new ids within a minute. More marks than this are not followed. */
const MAX_MARKS = 64;

/** Whether a mark still counts: stores may keep one for longer. */
export const isFresh = ({ movedAt }: MovedMark, now: number): boolean => now < movedAt + MOVED_MARK_SECONDS;

/** Whether a mark says that the old id still stands for the session. */
export const isInGrace = ({ by, graceUntil }: MovedMark, now: number): boolean =>
  by === "regenerateId" && graceUntil !== undefined && now < graceUntil;

/** Follows marks to a living session; null when there is none. A new id without grace ends every grace before it. */
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

/**
 * The session under the id that it has now. Its cookie is for the answer that gave it this id to bring, and for this one, if it owes one.
 */
export function inGrace(before: Pick<Living, "cookie" | "remember">, { key, record }: Whereabouts): Living {
  return { is: "living", key, record, cookie: needsCookie(before) ? "owed" : "elsewhere", remember: before.remember };
}

/** What is left of a session under this id, where it cannot be followed. In grace, the id is the session itself, which ended then. */
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
