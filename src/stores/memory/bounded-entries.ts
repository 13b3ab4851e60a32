/**
 * The records and marks of the memory store, bounded by number and bytes, indexed by subject.
 *
 * @module
 */
import { isMoved, MOVED_MARK_SECONDS, type RecordOrMark, type SessionRecord } from "../../session/record.ts";
import { REDEEMED } from "../../stored/contract.ts";

/** When it is full, anonymous entries go first, least recently used first. */
export class BoundedEntries {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Used<RecordOrMark>>();
  readonly #anonymous = new UseOrder<RecordOrMark>();
  readonly #known = new UseOrder<RecordOrMark>();
  readonly #idsOf = new Map<string, Set<string>>();
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /** The entry, unless it has expired. */
  get(id: string, now: number): RecordOrMark | undefined {
    const entry = this.#entries.get(id)?.value;
    if (entry === undefined || endsAt(entry) > now) return entry;
    this.drop(id);
    return undefined;
  }

  peek(id: string): RecordOrMark | undefined {
    return this.#entries.get(id)?.value;
  }

  of(subject: string): [id: string, record: SessionRecord][] {
    return [...(this.#idsOf.get(subject) ?? [])].map((id) => [id, this.#entries.get(id)?.value as SessionRecord]);
  }

  /**
   * Stores an entry as the most recently used. An existing one is not deleted first, because a
   * Map leaves a gap for each deletion, and repeated writes of a session would become slower.
   */
  put(id: string, entry: RecordOrMark): void {
    const before = this.#entries.get(id);
    const owner = subjectOf(entry);
    if (before !== undefined) this.#release(before);
    if (before !== undefined && subjectOf(before.value) !== owner) this.#disown(before);
    Object.freeze(entry);
    this.#bytes += weight(id, entry);
    this.#entries.set(id, this.#orderOf(id, entry).add(id, entry));
    if (owner === undefined) return;
    const ids = this.#idsOf.get(owner);
    if (ids === undefined) this.#idsOf.set(owner, new Set([id]));
    else ids.add(id);
  }

  drop(id: string): RecordOrMark | undefined {
    const used = this.#entries.get(id);
    if (used === undefined) return undefined;
    this.#entries.delete(id);
    this.#release(used);
    this.#disown(used);
    return used.value;
  }

  #release(used: Used<RecordOrMark>): void {
    this.#orderOf(used.id, used.value).remove(used);
    this.#bytes -= weight(used.id, used.value);
  }

  #disown({ id, value }: Used<RecordOrMark>): void {
    const owner = subjectOf(value);
    const ids = owner === undefined ? undefined : this.#idsOf.get(owner);
    ids?.delete(id);
    if (owner !== undefined && ids?.size === 0) this.#idsOf.delete(owner);
  }

  /** A redeemed token counts like a user's entry: if it were dropped, it could be redeemed again. */
  #orderOf(id: string, entry: RecordOrMark): UseOrder<RecordOrMark> {
    return subjectOf(entry) === undefined && !id.startsWith(REDEEMED) ? this.#anonymous : this.#known;
  }

  /** Drops expired entries at the old end of each order, then others while the store is too full. `latest` stays. */
  makeRoom(now: number, latest: string): void {
    for (const order of [this.#anonymous, this.#known]) {
      for (let used = order.oldest; used !== undefined; used = order.oldest) {
        const full = this.#entries.size > this.#maxEntries || this.#bytes > this.#maxBytes;
        if (used.id === latest || !(full || endsAt(used.value) <= now)) break;
        this.drop(used.id);
      }
    }
  }

  limit(latest: string, { subject }: SessionRecord, maxSessions: number = Number.POSITIVE_INFINITY): void {
    if (subject === undefined) return;
    const others = this.of(subject).filter(([id]) => id !== latest);
    others.sort(([, left], [, right]) => right.seenAt - left.seenAt);
    for (const [id] of others.slice(maxSessions - 1)) this.drop(id);
  }
}

function subjectOf(entry: RecordOrMark): string | undefined {
  return isMoved(entry) ? undefined : entry.subject;
}

function endsAt(entry: RecordOrMark): number {
  return isMoved(entry) ? entry.movedAt + MOVED_MARK_SECONDS : entry.expiresAt;
}

/** The approximate size of an entry in bytes, with overhead. */
function weight(id: string, entry: RecordOrMark): number {
  const { data = "", subject = "", meta } = entry as Partial<SessionRecord>;
  return 300 + 2 * (id.length + data.length + subject.length + (meta === undefined ? 0 : JSON.stringify(meta).length));
}

interface Used<Value> {
  readonly id: string;
  readonly value: Value;
  before: Used<Value>;
  after: Used<Value>;
}

/**
 * Entries ordered by use, as a ring whose start stands between the newest and the oldest. A Map keeps an
 * order too, but each deletion slows down finding its first entry, and a full store deletes all the time.
 */
class UseOrder<Value> {
  readonly #start: Used<Value>;

  constructor() {
    const start = { id: "", value: undefined } as unknown as Used<Value>;
    start.before = start;
    start.after = start;
    this.#start = start;
  }

  get oldest(): Used<Value> | undefined {
    return this.#start.after === this.#start ? undefined : this.#start.after;
  }

  add(id: string, value: Value): Used<Value> {
    const { before } = this.#start;
    const used: Used<Value> = { id, value, before, after: this.#start };
    before.after = used;
    this.#start.before = used;
    return used;
  }

  remove({ before, after }: Used<Value>): void {
    before.after = after;
    after.before = before;
  }
}
