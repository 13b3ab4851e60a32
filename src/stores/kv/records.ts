/**
 * The two keys of a session in a KV namespace, read and written; and the rows of a subject.
 *
 * @module
 */
import type { Key, MovedMark, SessionInfo, SessionRecord } from "../../session/record.ts";
import { allKeys, type KvNamespace } from "./namespace.ts";
import type { KvOptions } from "./options.ts";
import {
  decodeEnd,
  decodeRecord,
  type End,
  encodeEnd,
  encodeRecord,
  endKey,
  endTtl,
  listedOf,
  metadataOf,
  parseKey,
  prefixOf,
  recordTtl,
} from "./values.ts";

/** What the two keys of a session hold, as this location sees them. */
interface Found {
  readonly record: SessionRecord | null;
  readonly end: End | null;
}

/** How long a record lived tells how long its end has to stay. */
type Lived = Pick<SessionRecord, "seenAt" | "expiresAt">;

/** Routes of ours are shorter; a token that another kind of store made may say anything. */
const LONGEST_ROUTE = 64;

/** The sessions in a namespace. Whatever KV throws passes through. */
export class KvRecords {
  readonly #kv: KvNamespace;
  readonly #prefix: string;
  readonly #cacheTtl: number;

  constructor(namespace: KvNamespace, { prefix, cacheTtl }: Required<KvOptions>) {
    this.#kv = namespace;
    this.#prefix = prefix;
    this.#cacheTtl = cacheTtl;
  }

  /** Both keys, at the same time. */
  async read(key: Key): Promise<Found> {
    const name = this.#name(key);
    const [record, end] = await Promise.all([this.#get(name), this.#readEnd(name)]);
    return { record: record === null ? null : decodeRecord(record), end };
  }

  /** Writes the record, over whatever is there. */
  write(key: Key, record: SessionRecord, now: number): Promise<void> {
    const options = { expirationTtl: recordTtl(record, now), metadata: metadataOf(record) };
    return this.#kv.put(this.#name(key), encodeRecord(record), options);
  }

  /** Writes the end; then the data goes, too. It is out of reach already, so that this fails is no fault. */
  async end(key: Key, last: Lived | null): Promise<void> {
    const name = this.#name(key);
    await this.#kv.put(endKey(name), encodeEnd({}), { expirationTtl: endTtl(last) });
    if (last !== null) await this.#kv.delete(name).catch(() => {});
  }

  /** Leaves the mark, and answers null; or answers with the end that came meanwhile. */
  async markUnlessEnded(key: Key, mark: MovedMark, last: Lived): Promise<End | null> {
    const name = this.#name(key);
    const end = await this.#readEnd(name);
    if (end === null) await this.#kv.put(endKey(name), encodeEnd({ mark }), { expirationTtl: endTtl(last) });
    return end;
  }

  /** Drops the record, and leaves no end. */
  erase(key: Key): Promise<void> {
    return this.#kv.delete(this.#name(key));
  }

  /** The sessions of a route that have no end, as KV's list shows them. */
  async rows(route: string): Promise<SessionInfo[]> {
    const prefix = prefixOf(this.#prefix, route);
    const rows = new Map<string, SessionInfo>();
    const ended = new Set<string>();
    for (const { name, metadata } of await allKeys(this.#kv, prefix)) {
      const key = parseKey(name, prefix);
      const listed = listedOf(metadata);
      if (key.ended) ended.add(key.id);
      else if (listed !== null) rows.set(key.id, { id: key.id, ...listed });
    }
    return [...rows.values()].filter(({ id }) => !ended.has(id));
  }

  #name({ id, route }: Key): string {
    // A token of another store may name a route that is none of ours, or none: nothing is found there.
    return prefixOf(this.#prefix, route?.slice(0, LONGEST_ROUTE)) + id;
  }

  #get(name: string): Promise<string | null> {
    return this.#kv.get(name, { type: "text", cacheTtl: this.#cacheTtl });
  }

  async #readEnd(name: string): Promise<End | null> {
    const end = await this.#get(endKey(name));
    return end === null ? null : decodeEnd(end);
  }
}
