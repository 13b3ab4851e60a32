/**
 * Where a session went that got a new id: for requests that were on their way with the old one.
 *
 * @module
 */
import type { Engine } from "./engine.ts";
import type { Keeping } from "./keeping.ts";
import { endOf } from "./lifetime.ts";
import type { SessionRecord } from "./record.ts";
import { isSessionId } from "./session-id.ts";
import { isMoved, type Key, type MovedMark } from "./stores/store.ts";

/** A living session that was found under its new id. */
export interface Followed {
  readonly key: Key;
  readonly record: SessionRecord;
}

const MAX_FOLLOWED = 3;

/** Follows marks that say where to, and that are at most `seconds` old, to a living session; null when there is none. */
export async function follow(engine: Engine, keeping: Keeping, mark: MovedMark, seconds: number): Promise<Followed | null> {
  const now = engine.now();
  let { to, movedAt } = mark;
  for (let hops = 0; to !== undefined && now - movedAt <= seconds && hops < MAX_FOLLOWED; hops++) {
    if (!isSessionId(to?.id)) return null;
    const found: SessionRecord | MovedMark | null = await keeping.loadKey(to, { now });
    if (found === null) return null;
    if (!isMoved(found)) return endOf(found, engine.timeouts, now) === undefined ? { key: to, record: found } : null;
    ({ to, movedAt } = found);
  }
  return null;
}
