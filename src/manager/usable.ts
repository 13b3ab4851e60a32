/**
 * Whether what was loaded is a living session.
 *
 * @module
 */

import { type JsonObject, parseData } from "../ground/json.ts";
import type { SessionRecord } from "../session/record.ts";
import { endOf, timeoutsOf } from "../session/timeouts.ts";
import { isOwnTimeout } from "../token/claims.ts";
import { type Engine, type Place, placeOf } from "./manager.ts";

/** The data of a record that lives, can be read, and came in the cookie that is meant for it; else null, and reports why. */
export function usableData(place: Place, engine: Engine, id: string, record: SessionRecord, now: number): JsonObject | null {
  const { emit, timeouts } = engine;
  if (!isWhole(record)) {
    emit({ type: "invalid", reason: "record" });
    return null;
  }
  const over = endOf(record, timeoutsOf(record, timeouts), now);
  if (over !== undefined) {
    emit({ type: "expired", id, reason: over });
    return null;
  }
  if (placeOf(engine, record.subject) !== place) {
    emit({ type: "invalid", reason: "misplaced" });
    return null;
  }
  const data = parseData(record.data);
  if (data === null) emit({ type: "invalid", reason: "record" });
  return data;
}

/** Whether a record has what decides when it ends: without that, it never would. Whatever wrote it, it is no session. */
function isWhole({ data, startedAt, seenAt, expiresAt, subject, idleTimeout, absoluteTimeout }: SessionRecord): boolean {
  const timed = isTime(startedAt) && isTime(seenAt) && isTime(expiresAt);
  if (!isOwnTimeout(idleTimeout) || !isOwnTimeout(absoluteTimeout)) return false;
  return timed && typeof data === "string" && (subject === undefined || typeof subject === "string");
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && !Number.isNaN(value);
}
