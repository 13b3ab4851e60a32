/**
 * A SessionStore over anything that gets, puts and removes items by key. The bridges share it.
 *
 * @module
 */
import type { Patch } from "../../session/patch.ts";
import type { RecordOrMark } from "../../session/record.ts";
import {
  isMoved,
  type Key,
  MOVED_MARK_SECONDS,
  type Move,
  markFor,
  type SessionRecord,
  type UpdateOptions,
  type UpdateResult,
} from "../../session/record.ts";
import { isDue, isVersion, patched, recordAfterUse } from "../../stored/changes.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { trailFrom } from "../../stored/trail.ts";

export interface Items {
  get(id: string): Promise<RecordOrMark | null>;
  /** Stores the entry over any existing one. The item must last at least as long as `life` says. */
  put(id: string, entry: RecordOrMark, life: Life): Promise<void>;
  /** A no-op if there is no item. */
  remove(id: string): Promise<void>;
}

export interface Life {
  /** Epoch seconds. Infinity for a session without timeouts. */
  readonly expiresAt: number;
  /** From the call's `now` until `expiresAt`, at least 1. Infinity for a session without timeouts. */
  readonly seconds: number;
}

/**
 * Reads, changes and writes back, so parallel calls have no guarantees: of two changes the last one wins,
 * and a slow one may bring back a session that ended. It leaves a mark, to tell late requests that the
 * session moved. A mark may be missing or overwritten, so nothing relies on it, and there is no grace.
 */
export class BridgeStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"] = { atomic: false, immediate: false, marks: false };
  readonly #items: Items;

  constructor(items: Items) {
    this.#items = items;
  }

  async load({ id }: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<RecordOrMark | null> {
    const entry = await this.#living(id, now);
    if (entry === null || isMoved(entry) || touch === undefined || !isDue(entry.seenAt, touch)) return entry;
    const after = recordAfterUse(entry, now, touch.expiresAt);
    // The entry is valid even if this write fails. The core then sees the old `seenAt` and calls touch.
    return this.#put(id, after, now).then(
      () => after,
      () => entry,
    );
  }

  async create({ id }: Key, record: SessionRecord): Promise<void> {
    await this.#put(id, record, record.seenAt);
  }

  async update({ id }: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult> {
    const { now, expiresAt } = options;
    const entry = await this.#living(id, now);
    if (entry === null) return { ok: false, why: "gone" };
    if (isMoved(entry)) return { ok: false, why: "moved" };
    if (!isVersion(entry, options)) return { ok: false, why: "conflict" };
    const after = recordAfterUse(patched(entry, entry, patch), now, expiresAt);
    await this.#put(id, after, now);
    return { ok: true, version: after.version };
  }

  async replace(from: Key, to: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult> {
    const now = record.seenAt;
    const entry = await this.#living(from.id, now);
    if (entry === null) return { ok: false, why: "gone" };
    if (isMoved(entry)) return { ok: false, why: "moved" };
    if (!isVersion(entry, move)) return { ok: false, why: "conflict" };
    const moved = patched(record, entry, patch);
    const mark = markFor(now, { id: to.id }, { by: move.by, graceSeconds: 0 });
    await this.#put(to.id, moved, now);
    try {
      await this.#put(from.id, mark, now);
    } catch (error) {
      // Otherwise the session would exist under both ids.
      await this.#items.remove(to.id).catch(() => {});
      throw error;
    }
    return { ok: true, version: moved.version };
  }

  async touch({ id }: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    const entry = await this.#living(id, now);
    if (entry === null || isMoved(entry)) return false;
    await this.#put(id, recordAfterUse(entry, now, expiresAt), now);
    return true;
  }

  async remove(key: Key): Promise<void> {
    const trail = await trailFrom(key, async ({ id }) => {
      const entry = await this.#items.get(id);
      return entry !== null && isMoved(entry) ? entry.to : undefined;
    });
    // If this fails, a retry of the logout still finds the marks.
    for (const { id } of trail.reverse()) await this.#items.remove(id);
  }

  async take({ id }: Key): Promise<SessionRecord | null> {
    const entry = await this.#items.get(id);
    if (entry === null || isMoved(entry)) return null;
    await this.#items.remove(id);
    return entry;
  }

  /** The unexpired entry. Not every store drops expired items. */
  async #living(id: string, now: number): Promise<RecordOrMark | null> {
    const entry = await this.#items.get(id);
    return entry === null || now >= endOf(entry) ? null : entry;
  }

  async #put(id: string, entry: RecordOrMark, now: number): Promise<void> {
    const expiresAt = endOf(entry);
    await this.#items.put(id, entry, { expiresAt, seconds: Math.max(1, Math.ceil(expiresAt - now)) });
  }
}

function endOf(entry: RecordOrMark): number {
  return isMoved(entry) ? entry.movedAt + MOVED_MARK_SECONDS : entry.expiresAt;
}
