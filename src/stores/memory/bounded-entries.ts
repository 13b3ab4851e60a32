/**
 * What the memory store holds: records and marks, bounded by number and bytes, with an index of subjects.
 *
 * @module
 */
import { isMoved, MOVED_MARK_SECONDS, type RecordOrMark, type SessionRecord } from "../../session/record.ts";
import { REDEEMED } from "../../stored/contract.ts";

/** The entries. When there are too many, what belongs to nobody goes first, and of that what was used longest ago. */
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

  /** The entry, unless it has ended. */
  get(id: string, now: number): RecordOrMark | undefined {
    const entry = this.#entries.get(id)?.value;
    if (entry === undefined || endsAt(entry) > now) return entry;
    this.drop(id);
    return undefined;
  }

  /** The entry, ended or not. */
  peek(id: string): RecordOrMark | undefined {
    return this.#entries.get(id)?.value;
  }

  /** The sessions of a subject. */
  of(subject: string): [id: string, record: SessionRecord][] {
    return [...(this.#idsOf.get(subject) ?? [])].map((id) => [id, this.#entries.get(id)?.value as SessionRecord]);
  }

  /**
   * Keeps an entry as the latest used, in place of one with the same id. That one is not deleted first: a Map leaves the place of
   * what was deleted in its chain, and with every write of the same session the next would take longer.
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

  /** Drops an entry; answers with it. */
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

  /** A token that was redeemed counts like a user: were that forgotten, it could be used again. */
  #orderOf(id: string, entry: RecordOrMark): UseOrder<RecordOrMark> {
    return subjectOf(entry) === undefined && !id.startsWith(REDEEMED) ? this.#anonymous : this.#known;
  }

  /** Frees what has ended among the oldest, then whatever is too much; `latest` stays. */
  makeRoom(now: number, latest: string): void {
    for (const order of [this.#anonymous, this.#known]) {
      for (let used = order.oldest; used !== undefined; used = order.oldest) {
        const full = this.#entries.size > this.#maxEntries || this.#bytes > this.#maxBytes;
        if (used.id === latest || !(full || endsAt(used.value) <= now)) break;
        this.drop(used.id);
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
}

/** Whose it is. What is left of a session that moved is nobody's. */
function subjectOf(entry: RecordOrMark): string | undefined {
  return isMoved(entry) ? undefined : entry.subject;
}

function endsAt(entry: RecordOrMark): number {
  return isMoved(entry) ? entry.movedAt + MOVED_MARK_SECONDS : entry.expiresAt;
}

/** About the bytes an entry takes: its texts, and the bookkeeping. */
function weight(id: string, entry: RecordOrMark): number {
  const { data = "", subject = "", meta } = entry as Partial<SessionRecord>;
  return 300 + 2 * (id.length + data.length + subject.length + (meta === undefined ? 0 : JSON.stringify(meta).length));
}

/** An entry, and its neighbours. */
interface Used<Value> {
  readonly id: string;
  readonly value: Value;
  before: Used<Value>;
  after: Used<Value>;
}

/**
 * Entries in the order of their use. A Map keeps an order, too, but finding its first entry takes longer with every one that
 * was deleted before it, and a full store deletes all the time. This is a ring, whose start stands between the entry used last and the one used longest ago.
 */
class UseOrder<Value> {
  readonly #start: Used<Value>;

  constructor() {
    const start = { id: "", value: undefined } as unknown as Used<Value>;
    start.before = start;
    start.after = start;
    this.#start = start;
  }

  /** The entry used longest ago. */
  get oldest(): Used<Value> | undefined {
    return this.#start.after === this.#start ? undefined : this.#start.after;
  }

  /** Adds an entry as the one used last. */
  add(id: string, value: Value): Used<Value> {
    const { before } = this.#start;
    const used: Used<Value> = { id, value, before, after: this.#start };
    before.after = used;
    this.#start.before = used;
    return used;
  }

  /** Takes out an entry that was added. */
  remove({ before, after }: Used<Value>): void {
    before.after = after;
    after.before = before;
  }
}
