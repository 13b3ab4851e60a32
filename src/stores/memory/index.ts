/**
 * A store in the memory of this process, for tests, development, and single servers that may lose sessions.
 *
 * @module
 */
import { MEMORY_ADVICE } from "../../ground/advice.ts";
import { checkGiven, count, refuseUnknown } from "../../ground/option-values.ts";
import { type Patch, tryPatch } from "../../session/patch.ts";
import {
  isMoved,
  type Key,
  type Limit,
  type Move,
  markFor,
  type RecordOrMark,
  type SessionInfo,
  type SessionRecord,
  type UpdateOptions,
  type UpdateResult,
} from "../../session/record.ts";
import { isDue, isOver, isTooLarge, isVersion, ownRecord, patched, recordAfterUse, toInfo } from "../../stored/changes.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { BoundedEntries } from "./bounded-entries.ts";

/** Options of the memory store. */
export interface MemoryOptions {
  /**
   * Maximum number of entries: sessions, and marks of sessions that changed their id. To limit
   * the sessions of a user, use the option `maxSessions` of `createSessions`. Default: 100,000.
   */
  maxEntries?: number;
  /** Approximate maximum size, in bytes. Default: 134,217,728 (128 MB). */
  maxBytes?: number;
}

const KNOWN: ReadonlySet<string> = new Set<keyof MemoryOptions>(["maxEntries", "maxBytes"]);

/**
 * Creates a memory store. Its sessions end with the process. When it is full, it drops the least recently used
 * anonymous sessions first, then others. Once the record of a redeemed token is dropped, `accept` can redeem
 * that token again. Records are stored as text, as in other stores, so what works here works in production.
 *
 * @throws OptionError for a bound that is not a whole number, or an unknown option.
 *
 * @example
 * ```ts
 * const sessions = createSessions({ secrets, store: memory() });
 * ```
 */
export function memory(options: MemoryOptions = {}): DefinedStore {
  checkGiven(options, "memory", "{ maxEntries }");
  refuseUnknown(options, KNOWN, [MEMORY_ADVICE]);
  const { maxEntries = 100_000, maxBytes = 128 * 1024 * 1024 } = options;
  return defineStore<SessionStore>(
    new MemoryStore(new BoundedEntries(count("maxEntries", maxEntries, 1), count("maxBytes", maxBytes, 1))),
  );
}

class MemoryStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly #entries: BoundedEntries;

  constructor(entries: BoundedEntries) {
    this.#entries = entries;
  }

  async load({ id }: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<RecordOrMark | null> {
    const entry = this.#entries.peek(id);
    // An expired record is returned until its room is needed, so that the core can tell how it expired.
    if (entry === undefined || isMoved(entry)) return this.#entries.get(id, now) ?? null;
    if (entry.expiresAt <= now || touch === undefined || !isDue(entry.seenAt, touch)) return entry;
    return this.#slide(id, entry, now, touch.expiresAt);
  }

  async create({ id }: Key, record: SessionRecord, limit: Limit = {}): Promise<void> {
    if (this.#entries.get(id, record.seenAt) !== undefined) throw new Error("Cannot create the session: its id is taken");
    this.#entries.put(id, ownRecord(record));
    this.#entries.limit(id, record, limit.maxSessions);
    this.#entries.makeRoom(record.seenAt, id);
  }

  async update({ id }: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult> {
    const { now, expiresAt } = options;
    const entry = this.#entries.get(id, now);
    if (entry === undefined) return { ok: false, why: "gone" };
    if (isMoved(entry)) return { ok: false, why: "moved" };
    if (isOver(entry.seenAt, options)) return { ok: false, why: "gone" };
    if (!isVersion(entry, options)) return { ok: false, why: "conflict" };
    const data = tryPatch(entry.data, patch);
    // A record whose data cannot be parsed is not a session.
    if (data === null) return { ok: false, why: "gone" };
    if (isTooLarge(entry.data, data, options)) return { ok: false, why: "too-large" };
    const { version } = this.#slide(id, { ...entry, data, version: entry.version + 1 }, now, expiresAt);
    this.#entries.makeRoom(now, id);
    return { ok: true, version };
  }

  async replace(from: Key, to: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult> {
    const now = record.seenAt;
    const entry = this.#entries.get(from.id, now);
    if (entry === undefined) return { ok: false, why: "gone" };
    if (isMoved(entry)) return { ok: false, why: "moved" };
    if (!isVersion(entry, move)) return { ok: false, why: "conflict" };
    const moved = patched(record, entry, patch);
    this.#entries.put(from.id, markFor(now, to, move));
    this.#entries.put(to.id, moved);
    this.#entries.limit(to.id, moved, move.maxSessions);
    this.#entries.makeRoom(now, to.id);
    return { ok: true, version: moved.version };
  }

  async touch({ id }: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    const entry = this.#entries.get(id, now);
    if (entry === undefined || isMoved(entry)) return false;
    this.#slide(id, entry, now, expiresAt);
    return true;
  }

  async remove({ id }: Key): Promise<void> {
    const entry = this.#entries.drop(id);
    if (entry !== undefined && isMoved(entry) && entry.to !== undefined) await this.remove(entry.to);
  }

  async take({ id }: Key): Promise<SessionRecord | null> {
    const entry = this.#entries.peek(id);
    if (entry === undefined || isMoved(entry)) return null;
    this.#entries.drop(id);
    return entry;
  }

  async list(subject: string): Promise<SessionInfo[]> {
    return this.#entries.of(subject).map(([id, record]) => toInfo(id, record));
  }

  async removeAll(subject: string, { except }: { except?: string } = {}): Promise<number> {
    const ids = this.#entries.of(subject).flatMap(([id]) => (id === except ? [] : [id]));
    for (const id of ids) this.#entries.drop(id);
    return ids.length;
  }

  #slide(id: string, record: SessionRecord, now: number, expiresAt: number): SessionRecord {
    const after = recordAfterUse(record, now, expiresAt);
    this.#entries.put(id, after);
    return after;
  }
}
