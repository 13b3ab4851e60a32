/**
 * The sessions of a subject in Deno KV: one entry each, and a pulse that changes with them.
 *
 * @module
 */
import { beyondLimit, toInfo } from "../../stored/changes.ts";
import type { Call, Change, DenoKvKey } from "./client.ts";
import type { Keys } from "./keys.ts";
import { ended, type FoundSession, isMark, MOST_KEYS, NOTHING, pulse, readSession, recordOf } from "./session.ts";

export interface Members {
  readonly ids: readonly string[];
  /** The condition under which `ids` is still complete. */
  readonly check: Change["checks"][number];
}

/** The ids of a subject's sessions. Some may have expired. */
export async function membersOf(call: Call, place: DenoKvKey): Promise<Members> {
  const entries = await call.read(place);
  const at = place.length;
  const ids = entries.flatMap(({ key }) => (key[at] === "of" ? [String(key[at + 1])] : []));
  const beat = entries.find(({ key }) => key[at] === "pulse");
  return { ids, check: [[...place, "pulse"], beat?.versionstamp ?? null] };
}

export async function sessionsAt(call: Call, keys: Keys, ids: readonly string[]): Promise<FoundSession[]> {
  const found = await Promise.all(ids.map((id) => readSession(call, keys, id)));
  return found.flatMap((one) => (one === null || isMark(one) ? [] : [one]));
}

export function joined(place: DenoKvKey, id: string, seconds: number): Change {
  return { checks: [], sets: [[[...place, "of", id], NOTHING, seconds], pulse([...place, "pulse"])], deletes: [] };
}

export function left(place: DenoKvKey, id: string): Change {
  return { checks: [], sets: [pulse([...place, "pulse"])], deletes: [[...place, "of", id]] };
}

/** Ends the sessions beyond the limit when `made` is added, if the subject's sessions are unchanged. */
export async function evicted(
  call: Call,
  keys: Keys,
  place: DenoKvKey,
  { made, now, maxSessions }: { made: string; now: number; maxSessions: number },
): Promise<Change[]> {
  const { ids, check } = await membersOf(call, place);
  const unchanged: Change = { checks: [check], sets: [], deletes: [] };
  if (ids.length < maxSessions) return [unchanged];
  const sessions = await sessionsAt(call, keys, ids);
  const rows = sessions.map((found) => toInfo(found.id, recordOf(found)));
  const over = new Set(beyondLimit(rows, made, { now, maxSessions }).map(({ id }) => id));
  return [
    unchanged,
    endings(
      keys,
      place,
      sessions.filter(({ id }) => over.has(id)),
    ).change,
  ];
}

/**
 * Ends as many sessions as fit into one operation. Every move or end of
 * a session changes its subject's pulse, so checking that is enough.
 */
export function endings(keys: Keys, place: DenoKvKey, sessions: readonly FoundSession[]): { change: Change; ended: number } {
  const deletes: DenoKvKey[] = [];
  let count = 0;
  for (const found of sessions) {
    const own = [...left(place, found.id).deletes, ...ended(keys, found).deletes];
    if (count > 0 && deletes.length + own.length > MOST_KEYS) break;
    deletes.push(...own);
    count++;
  }
  return { change: { checks: [], sets: [pulse([...place, "pulse"])], deletes }, ended: count };
}
