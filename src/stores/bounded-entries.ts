/**
 * What the memory store holds: records and marks, bounded by number and bytes, with an index of subjects.
 *
 * @module
 */
import type { SessionRecord } from "../record.ts";
import { isMoved, MOVED_MARK_SECONDS, type MovedMark } from "./store.ts";

/** A session, or the mark of one that moved. */
export type Entry = SessionRecord | MovedMark;

/** The entries. When there are too many, what belongs to nobody goes first, and of that what was used longest ago. */
export class BoundedEntries {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  // Maps keep the order of insertion, so the first entry is always the one used longest ago.
  readonly #anonymous = new Map<string, Entry>();
  readonly #known = new Map<string, SessionRecord>();
  readonly #idsOf = new Map<string, Set<string>>();
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /** The entry, unless it has ended. */
  get(id: string, now: number): Entry | undefined {
    const entry = this.#find(id);
    if (entry === undefined || endsAt(entry) > now) return entry;
    this.drop(id);
    return undefined;
  }

  /** The sessions of a subject. */
  of(subject: string): [id: string, record: SessionRecord][] {
    return [...(this.#idsOf.get(subject) ?? [])].map((id) => [id, this.#known.get(id) as SessionRecord]);
  }

  /** Keeps an entry as the latest used, in place of one with the same id. */
  put(id: string, entry: Entry): void {
    this.drop(id);
    this.#bytes += weight(id, entry);
    Object.freeze(entry);
    if (isMoved(entry) || entry.subject === undefined) {
      this.#anonymous.set(id, entry);
      return;
    }
    this.#known.set(id, entry);
    this.#idsOf.set(entry.subject, (this.#idsOf.get(entry.subject) ?? new Set()).add(id));
  }

  /** Drops an entry; answers with it. */
  drop(id: string): Entry | undefined {
    const entry = this.#find(id);
    if (entry === undefined) return undefined;
    this.#anonymous.delete(id);
    this.#known.delete(id);
    this.#bytes -= weight(id, entry);
    if (isMoved(entry) || entry.subject === undefined) return entry;
    const ids = this.#idsOf.get(entry.subject);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsOf.delete(entry.subject);
    return entry;
  }

  /** Frees what has ended among the oldest, then whatever is too much; `latest` stays. */
  makeRoom(now: number, latest: string): void {
    for (const entries of [this.#anonymous, this.#known]) {
      for (const [id, entry] of entries) {
        const full = this.#anonymous.size + this.#known.size > this.#maxEntries || this.#bytes > this.#maxBytes;
        if (id === latest || !(full || endsAt(entry) <= now)) break;
        this.drop(id);
      }
    }
  }

  /** Ends the subject's other sessions beyond so many, those used longest ago first. */
  limit(latest: string, { subject }: SessionRecord, maxSessions: number = Number.POSITIVE_INFINITY): void {
    if (subject === undefined) return;
    const others = this.of(subject).filter(([id]) => id !== latest);
    others.sort(([, left], [, right]) => right.seenAt - left.seenAt);
    for (const [id] of others.slice(maxSessions - 1)) this.drop(id);
  }

  #find(id: string): Entry | undefined {
    return this.#known.get(id) ?? this.#anonymous.get(id);
  }
}

function endsAt(entry: Entry): number {
  return isMoved(entry) ? entry.movedAt + MOVED_MARK_SECONDS : entry.expiresAt;
}

/** About the bytes an entry takes: its texts, and the bookkeeping. */
function weight(id: string, entry: Entry): number {
  const { data = "", subject = "", meta } = entry as Partial<SessionRecord>;
  return 300 + 2 * (id.length + data.length + subject.length + (meta === undefined ? 0 : JSON.stringify(meta).length));
}
