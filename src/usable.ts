/**
 * Whether what was loaded is a living session.
 *
 * @module
 */
import { type Engine, type Place, placeOf } from "./engine.ts";
import { parseData } from "./json.ts";
import { endOf } from "./lifetime.ts";
import type { SessionRecord } from "./record.ts";

/** Whether a record lives, can be read, and came in the cookie that is meant for it. Reports why not. */
export function isUsable(place: Place, engine: Engine, id: string, record: SessionRecord, now: number): boolean {
  const { emit, timeouts } = engine;
  if (!isWhole(record)) {
    emit({ type: "invalid", reason: "record" });
    return false;
  }
  const over = endOf(record, timeouts, now);
  if (over !== undefined) {
    emit({ type: "expired", id, reason: over });
    return false;
  }
  const misplaced = placeOf(engine, record.subject) !== place;
  if (misplaced || parseData(record.data) === null) {
    emit({ type: "invalid", reason: misplaced ? "misplaced" : "record" });
    return false;
  }
  return true;
}

/** Whether a record has what decides when it ends: without that, it never would. Whatever wrote it, it is no session. */
function isWhole({ data, startedAt, seenAt, expiresAt, subject }: SessionRecord): boolean {
  const times = [startedAt, seenAt, expiresAt].every((time) => typeof time === "number" && !Number.isNaN(time));
  return times && typeof data === "string" && (subject === undefined || typeof subject === "string");
}
