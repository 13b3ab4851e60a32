/**
 * Reads and writes the two keys of a session in a KV namespace, and lists a subject's sessions.
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

interface Found {
  readonly record: SessionRecord | null;
  readonly end: End | null;
}

/** How long a record lives decides how long its end must stay. */
type Lived = Pick<SessionRecord, "seenAt" | "expiresAt">;

/** Our routes are shorter, but a token made with another store may contain anything. */
const LONGEST_ROUTE = 64;

/** The sessions in a namespace. KV's errors are thrown unchanged. */
export class KvRecords {
  readonly #kv: KvNamespace;
  readonly #prefix: string;
  readonly #cacheTtl: number;

  constructor(namespace: KvNamespace, { prefix, cacheTtl }: Required<KvOptions>) {
    this.#kv = namespace;
    this.#prefix = prefix;
    this.#cacheTtl = cacheTtl;
  }

  async read(key: Key): Promise<Found> {
    const name = this.#name(key);
    const [record, end] = await Promise.all([this.#get(name), this.#readEnd(name)]);
    return { record: record === null ? null : decodeRecord(record), end };
  }

  write(key: Key, record: SessionRecord, now: number): Promise<void> {
    const options = { expirationTtl: recordTtl(record, now), metadata: metadataOf(record) };
    return this.#kv.put(this.#name(key), encodeRecord(record), options);
  }

  /** Writes the end, then deletes the record. That may fail: the record is out of reach already. */
  async end(key: Key, last: Lived | null): Promise<void> {
    const name = this.#name(key);
    await this.#kv.put(endKey(name), encodeEnd({}), { expirationTtl: endTtl(last) });
    if (last !== null) await this.#kv.delete(name).catch(() => {});
  }

  /** Returns null, or the end that was written meanwhile. */
  async markUnlessEnded(key: Key, mark: MovedMark, last: Lived): Promise<End | null> {
    const name = this.#name(key);
    const end = await this.#readEnd(name);
    if (end === null) await this.#kv.put(endKey(name), encodeEnd({ mark }), { expirationTtl: endTtl(last) });
    return end;
  }

  erase(key: Key): Promise<void> {
    return this.#kv.delete(this.#name(key));
  }

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
    // A token made with another store may have a foreign route or none. Nothing is found there.
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
