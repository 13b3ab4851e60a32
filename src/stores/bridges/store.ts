/**
 * A SessionStore over anything that gets, puts and removes one item by its key: what the bridges have in common.
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

/** Where a bridge leads: one entry for each id. */
export interface Items {
  get(id: string): Promise<RecordOrMark | null>;
  /** Keeps the entry in place of whatever is there, for so many seconds from now at least. */
  put(id: string, entry: RecordOrMark, life: Life): Promise<void>;
  /** Nothing to remove is fine. */
  remove(id: string): Promise<void>;
}

/** How long an item is needed. */
export interface Life {
  /** Epoch seconds; Infinity for a session without timeouts. */
  readonly expiresAt: number;
  /** From the `now` of the call until then, 1 or more; Infinity likewise. */
  readonly seconds: number;
}

/**
 * Reads, changes and writes back, so it promises nothing about calls at the same time: of two changes the last one wins, and
 * one that began before a session ended may bring it back. It leaves a mark, so that a late request is told that its session
 * moved; but the mark may be missing or overwritten, so nothing relies on it, and there is no grace.
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
    // What was read is good, also when this write fails: the core sees that use is not recorded, and asks for a touch.
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
      // The id is not replaced, so nobody may have two sessions of it. What failed is said, whether or not this works.
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

  async remove({ id }: Key): Promise<void> {
    const entry = await this.#items.get(id);
    // The session first: should that fail, the mark still leads there when the logout is tried again.
    if (entry !== null && isMoved(entry) && entry.to !== undefined) await this.remove(entry.to);
    await this.#items.remove(id);
  }

  async take({ id }: Key): Promise<SessionRecord | null> {
    const entry = await this.#items.get(id);
    if (entry === null || isMoved(entry)) return null;
    await this.#items.remove(id);
    return entry;
  }

  /** What is there and not over; not every store drops what is. */
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
