/**
 * A store in this process's memory: for tests, development, and single servers that may forget.
 *
 * @module
 */
import { applyPatch, type Patch } from "../patch.ts";
import type { SessionRecord } from "../record.ts";
import {
  isMoved,
  type Key,
  MOVED_MARK_SECONDS,
  type MovedMark,
  type SessionInfo,
  type SessionStore,
  type UpdateResult,
} from "./store.ts";

/** How much a memory store keeps. */
export interface MemoryOptions {
  /** How many sessions. Default 100,000. */
  maxSessions?: number;
  /** About how many bytes. Default 134,217,728 (128 MB). */
  maxBytes?: number;
}

/**
 * Makes a memory store. Its sessions end with the process. When it is full, the anonymous sessions used longest ago go
 * first, then the others. Records are text, as in the stores you deploy, so what works here works there.
 *
 * @example
 * ```ts
 * const sessions = createSessions({ secrets, store: memory() });
 * ```
 */
export function memory(options: MemoryOptions = {}): SessionStore {
  return new MemoryStore(options.maxSessions ?? 100_000, options.maxBytes ?? 128 * 1024 * 1024);
}

type Entry = SessionRecord | MovedMark;

class MemoryStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly #maxSessions: number;
  readonly #maxBytes: number;
  // Maps keep the order of insertion, so the first entry is always the one used longest ago.
  readonly #anonymous = new Map<string, Entry>();
  readonly #known = new Map<string, SessionRecord>();
  readonly #idsOf = new Map<string, Set<string>>();
  #bytes = 0;

  constructor(maxSessions: number, maxBytes: number) {
    this.#maxSessions = maxSessions;
    this.#maxBytes = maxBytes;
  }

  async load({ id }: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<Entry | null> {
    const entry = this.#current(id, now) ?? null;
    if (entry === null || isMoved(entry) || touch === undefined || entry.seenAt > touch.seenBefore) return entry;
    return this.#slide(id, entry, now, touch.expiresAt);
  }

  async create({ id }: Key, record: SessionRecord): Promise<void> {
    if (this.#current(id, record.seenAt) !== undefined) throw new Error("Cannot create the session: its id is taken");
    this.#put(id, ownRecord(record));
    this.#makeRoom(record.seenAt, id);
  }

  async update(
    { id }: Key,
    patch: Patch,
    options: { now: number; expiresAt: number; ifVersion?: number },
  ): Promise<UpdateResult> {
    const { now, expiresAt, ifVersion } = options;
    const entry = this.#current(id, now);
    if (entry === undefined) return { ok: false, why: "gone" };
    if (isMoved(entry)) return { ok: false, why: "moved" };
    if (ifVersion !== undefined && ifVersion !== entry.version) return { ok: false, why: "conflict" };
    const { version } = this.#slide(id, patched(entry, entry, patch), now, expiresAt);
    this.#makeRoom(now, id);
    return { ok: true, version };
  }

  async replace(from: Key, to: Key, patch: Patch, record: SessionRecord, { follow }: { follow: boolean }): Promise<UpdateResult> {
    const entry = this.#current(from.id, record.seenAt);
    if (entry === undefined) return { ok: false, why: "gone" };
    if (isMoved(entry)) return { ok: false, why: "moved" };
    const moved = patched(record, entry, patch);
    this.#put(from.id, { movedAt: record.seenAt, ...(follow && { to: Object.freeze({ ...to }) }) });
    this.#put(to.id, moved);
    this.#makeRoom(record.seenAt, to.id);
    return { ok: true, version: moved.version };
  }

  async touch({ id }: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    const entry = this.#current(id, now);
    if (entry === undefined || isMoved(entry)) return false;
    this.#slide(id, entry, now, expiresAt);
    return true;
  }

  async remove({ id }: Key): Promise<void> {
    const entry = this.#find(id);
    this.#drop(id);
    if (entry !== undefined && isMoved(entry) && entry.to !== undefined) await this.remove(entry.to);
  }

  async list(subject: string): Promise<SessionInfo[]> {
    return [...(this.#idsOf.get(subject) ?? [])].map((id) => toInfo(id, this.#known.get(id) as SessionRecord));
  }

  async removeAll(subject: string, { except }: { except?: string } = {}): Promise<number> {
    const ids = [...(this.#idsOf.get(subject) ?? [])].filter((id) => id !== except);
    for (const id of ids) this.#drop(id);
    return ids.length;
  }

  #find(id: string): Entry | undefined {
    return this.#known.get(id) ?? this.#anonymous.get(id);
  }

  /** The entry, unless it has ended. */
  #current(id: string, now: number): Entry | undefined {
    const entry = this.#find(id);
    if (entry === undefined || endsAt(entry) > now) return entry;
    this.#drop(id);
    return undefined;
  }

  #put(id: string, entry: Entry): void {
    this.#drop(id);
    this.#bytes += weight(id, entry);
    Object.freeze(entry);
    if (isMoved(entry) || entry.subject === undefined) {
      this.#anonymous.set(id, entry);
      return;
    }
    this.#known.set(id, entry);
    this.#idsOf.set(entry.subject, (this.#idsOf.get(entry.subject) ?? new Set()).add(id));
  }

  #drop(id: string): void {
    const entry = this.#find(id);
    if (entry === undefined) return;
    this.#anonymous.delete(id);
    this.#known.delete(id);
    this.#bytes -= weight(id, entry);
    if (isMoved(entry) || entry.subject === undefined) return;
    const ids = this.#idsOf.get(entry.subject);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsOf.delete(entry.subject);
  }

  #slide(id: string, record: SessionRecord, now: number, expiresAt: number): SessionRecord {
    const slid = { ...record, seenAt: Math.max(record.seenAt, now), expiresAt: Math.max(record.expiresAt, expiresAt) };
    this.#put(id, slid);
    return slid;
  }

  /** Frees what has ended among the oldest, then whatever is too much; `latest` stays. */
  #makeRoom(now: number, latest: string): void {
    for (const entries of [this.#anonymous, this.#known]) {
      for (const [id, entry] of entries) {
        const full = this.#anonymous.size + this.#known.size > this.#maxSessions || this.#bytes > this.#maxBytes;
        if (id === latest || !(full || endsAt(entry) <= now)) break;
        this.#drop(id);
      }
    }
  }
}

function patched(record: SessionRecord, there: SessionRecord, patch: Patch): SessionRecord {
  return { ...ownRecord(record), data: applyPatch(there.data, patch), version: there.version + 1 };
}

/** A record that the caller cannot change afterwards. */
function ownRecord(record: SessionRecord): SessionRecord {
  return record.meta === undefined ? { ...record } : { ...record, meta: Object.freeze({ ...record.meta }) };
}

function endsAt(entry: Entry): number {
  return isMoved(entry) ? entry.movedAt + MOVED_MARK_SECONDS : entry.expiresAt;
}

function toInfo(id: string, { startedAt, seenAt, expiresAt, meta }: SessionRecord): SessionInfo {
  return { id, startedAt, seenAt, expiresAt, ...(meta !== undefined && { meta }) };
}

/** About the bytes an entry takes: its texts, and the bookkeeping. */
function weight(id: string, entry: Entry): number {
  const { data = "", subject = "", meta } = entry as Partial<SessionRecord>;
  return 300 + 2 * (id.length + data.length + subject.length + (meta === undefined ? 0 : JSON.stringify(meta).length));
}
