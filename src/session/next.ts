/**
 * The session as it will be after this request: pure functions.
 *
 * @module
 */

import { expiryOf, isTouchDue, ownTimeouts, type Timeouts, timeoutsOf } from "../token/timeouts.ts";
import type { CookieState, Living } from "./found.ts";
import type { SessionHost } from "./host.ts";
import type { SessionRecord } from "./record.ts";
import { idOf, livingOf, metaOf, recordOf, remembersOf, startOf, subjectOf, timesOf, type Visit } from "./visit.ts";

/**
 * Where sessions are stored: in the `cookie`; in a `store`, named by the cookie; or only their `data` in a
 * store, and the rest in the cookie.
 */
export type Mode = "cookie" | "store" | "data";

/** What decides, apart from the visit. */
export interface Circumstances {
  readonly mode: Mode;
  readonly timeouts: Timeouts;
  /** Epoch seconds. */
  readonly now: number;
}

/** The session after a change of its data, id or user. @param route The part of the store for a new key. */
export function afterChange(visit: Visit, data: string, { mode, timeouts, now }: Circumstances, route?: string): Living {
  const living = livingOf(visit);
  const before = recordOf(visit);
  const subject = subjectOf(visit);
  const meta = metaOf(visit);
  const own = timesOf(visit);
  const startedAt = before === undefined || visit.wish.to === "login" ? now : before.startedAt;
  const record: SessionRecord = {
    data,
    version: (living?.record.version ?? 0) + 1,
    startedAt,
    seenAt: now,
    expiresAt: expiryOf(startedAt, now, timeoutsOf(own, timeouts)),
    ...(subject !== undefined && { subject }),
    ...(meta !== undefined && { meta }),
    ...ownTimeouts(own),
  };
  if (living === null || visit.wish.to !== "stay" || mode === "cookie") {
    const id = visit.nextId ?? idOf(visit);
    const key = route === undefined ? { id } : { id, route };
    return { is: "living", key, record, cookie: "missing", remember: remembersOf(visit), text: living?.text };
  }
  const due = mode === "data" && isTouchDue(living.record, timeouts, now);
  return { ...living, record, cookie: due ? dueNow(living.cookie) : living.cookie };
}

/** The session after use without a change; the same object if that need not be recorded. */
export function afterUse(living: Living, { mode, timeouts, now }: Circumstances): Living {
  const { record, cookie } = living;
  if (!isTouchDue(record, timeouts, now)) return living;
  return { ...living, record: usedNow(record, timeouts, now), cookie: mode === "store" ? cookie : dueNow(cookie) };
}

export function usedNow(record: SessionRecord, timeouts: Timeouts, now: number): SessionRecord {
  return { ...record, seenAt: now, expiresAt: expiryOf(record.startedAt, now, timeoutsOf(record, timeouts)) };
}

/** For modes in which the cookie holds the times. */
function dueNow(cookie: CookieState): CookieState {
  return cookie === "good" ? "due" : cookie;
}

export function loginAgeOf(visit: Visit, { now }: Pick<SessionHost, "now">): number {
  const { wish, found, data, known } = visit;
  if (wish.to === "login") return 0;
  const isKnown = subjectOf(visit) !== undefined && found.is !== "gone" && !data.accepted && known !== "copy";
  return isKnown ? Math.max(0, now() - (startOf(visit) ?? now())) : Number.POSITIVE_INFINITY;
}

/** When the session expires if it is not used again, in epoch seconds. Unrecorded use does not move it. */
export function expiryFor(visit: Visit, host: Pick<SessionHost, "now" | "timeouts">): number {
  const { found, wish } = visit;
  const timeouts = timeoutsOf(timesOf(visit), host.timeouts);
  const now = host.now();
  const isStill = found.is === "living" && wish.to === "stay" && !isTouchDue(found.record, timeouts, now);
  return isStill ? found.record.expiresAt : expiryOf(startOf(visit) ?? now, now, timeouts);
}
