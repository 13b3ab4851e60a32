/**
 * A Workers KV that behaves like production, where miniflare is kinder: several locations over one central store, and a
 * clock that only the test moves.
 *
 * | what | here | source |
 * |---|---|---|
 * | caches | a location answers from what it read before for `cacheTtl` seconds, also with "nothing there" | kv/concepts/how-kv-works |
 * | spread | a write is seen by other locations `spread()` seconds later; by its own at once, unless `ownWritesAtOnce` is false | same |
 * | order | of two writes the later one wins, everywhere, in the end | same |
 * | 429 | one write a second to each key, counting deletes (strict; production is sometimes kinder) | kv/api/write-key-value-pairs |
 * | lists | `listLag` seconds old, `pageSize` keys a page, the first `emptyPages` pages empty | kv/api/list-keys |
 * | limits | TTL 60 to 2^31-1, cacheTtl 30, key 512 bytes, metadata 1024 bytes, with the messages of production | kv/platform/limits |
 * | expiry | wins over every cache | kv/api/write-key-value-pairs |
 */
import type { KvNamespace, KvPage } from "../../src/stores/kv/index.ts";

/** How bad this KV is. */
export interface KvConditions {
  /** The time in seconds. */
  readonly now: () => number;
  /** After how many seconds the write that is made now is seen elsewhere. Default 30: with a cache of 30 seconds, the documented minute. */
  readonly spread?: () => number;
  /** How old lists are, in seconds. Default 60. */
  readonly listLag?: number;
  /** How many pages without a key come first in a list. Default 1. */
  readonly emptyPages?: number;
  /** How many keys a page has. Default 1000. */
  readonly pageSize?: number;
  /** Whether a location sees its own writes at once, which is usual and not promised. Default true. */
  readonly ownWritesAtOnce?: boolean;
  /** Whether a second write to a key within a second is refused. Default true. */
  readonly rateLimit?: boolean;
  /** Awaited before each call takes effect, so that a test can put calls in any order. Default: nothing. */
  readonly step?: (call: KvCall) => Promise<unknown>;
}

/** A call that was made. */
export interface KvCall {
  readonly location: string;
  readonly method: "get" | "put" | "delete" | "list";
  readonly key: string;
}

/** Workers take a whole number of 32 bits. */
const MOST_TTL = 2 ** 31 - 1;

interface Write {
  readonly value: string | null;
  readonly metadata: unknown;
  readonly location: string;
  readonly at: number;
  readonly seenFrom: number;
  readonly endsAt: number;
}

interface Cached {
  readonly write: Write | undefined;
  readonly until: number;
}

/** The network: the writes of every location. */
export class KvSimulator {
  readonly calls: KvCall[] = [];
  readonly #conditions: Required<KvConditions>;
  /** The writes of a key, oldest first. */
  readonly #writes = new Map<string, Write[]>();
  readonly #caches = new Map<string, Map<string, Cached>>();

  constructor(conditions: KvConditions) {
    this.#conditions = {
      spread: () => 30,
      listLag: 60,
      emptyPages: 1,
      pageSize: 1000,
      ownWritesAtOnce: true,
      rateLimit: true,
      step: async () => {},
      ...conditions,
    };
  }

  /** The namespace as a Worker in one location sees it. */
  at(location: string): KvNamespace {
    const call = async <Result>(method: KvCall["method"], key: string, act: () => Result): Promise<Result> => {
      const made = { location, method, key };
      this.calls.push(made);
      await this.#conditions.step(made);
      return act();
    };
    return {
      get: (key, { cacheTtl }) => call("get", key, () => this.#get(location, key, cacheTtl)),
      put: (key, value, options) => call("put", key, () => this.#put(location, key, value, options)),
      delete: (key) => call("delete", key, () => this.#write("DELETE", location, key, null, undefined, Number.POSITIVE_INFINITY)),
      list: ({ prefix, cursor }) => call("list", prefix, () => this.#list(prefix, cursor)),
    };
  }

  /** How often each method was called since the last time this was asked. */
  count(): Partial<Record<KvCall["method"], number>> {
    const counts: Partial<Record<KvCall["method"], number>> = {};
    for (const { method } of this.calls.splice(0)) counts[method] = (counts[method] ?? 0) + 1;
    return counts;
  }

  /** The value that the central store holds in the end, whoever sees it when. */
  central(key: string): string | null {
    const write = this.#writes.get(key)?.at(-1);
    return write === undefined || write.endsAt <= this.#conditions.now() ? null : write.value;
  }

  /** The keys the central store holds. */
  keys(): string[] {
    return [...this.#writes.keys()].filter((key) => this.central(key) !== null);
  }

  #get(location: string, key: string, cacheTtl: number): string | null {
    checkKey("GET", key);
    if (!(cacheTtl >= 30)) {
      throw refused("GET", 400, `Invalid cache_ttl of ${cacheTtl}. Cache TTL must be at least 30.`);
    }
    const now = this.#conditions.now();
    const write = this.#seen(location, key, now, cacheTtl);
    return write === undefined || write.endsAt <= now ? null : write.value;
  }

  #seen(location: string, key: string, now: number, cacheTtl: number): Write | undefined {
    const cache = this.#cacheOf(location);
    const cached = cache.get(key);
    if (cached !== undefined && now < cached.until) return cached.write;
    const { ownWritesAtOnce } = this.#conditions;
    const own = (write: Write) => ownWritesAtOnce && write.location === location;
    const write = this.#writes.get(key)?.findLast((one) => own(one) || one.seenFrom <= now);
    cache.set(key, { write, until: now + cacheTtl });
    return write;
  }

  #put(location: string, key: string, value: string, options: { expirationTtl: number; metadata?: unknown }): void {
    const { expirationTtl, metadata } = options;
    if (expirationTtl > MOST_TTL)
      throw new TypeError(`Value out of range. Must be between ${-MOST_TTL - 1} and ${MOST_TTL} (inclusive).`);
    const ttl = Math.trunc(expirationTtl);
    if (!(ttl > 0)) {
      throw refused("PUT", 400, `Invalid expiration_ttl of ${expirationTtl}. Please specify integer greater than 0.`);
    }
    if (ttl < 60) {
      throw refused("PUT", 400, `Invalid expiration_ttl of ${expirationTtl}. Expiration TTL must be at least 60.`);
    }
    const length = metadata === undefined ? 0 : bytes(JSON.stringify(metadata));
    if (length > 1024) throw refused("PUT", 413, `Metadata length of ${length} exceeds limit of 1024.`);
    // KV keeps texts, so nobody shares objects.
    const kept = metadata === undefined ? undefined : JSON.parse(JSON.stringify(metadata));
    this.#write("PUT", location, key, value, kept, this.#conditions.now() + ttl);
  }

  #write(what: string, location: string, key: string, value: string | null, metadata: unknown, endsAt: number): void {
    checkKey(what, key);
    const { now, spread, rateLimit, ownWritesAtOnce } = this.#conditions;
    const at = now();
    const writes = this.#writes.get(key) ?? [];
    const last = writes.at(-1);
    if (rateLimit && last !== undefined && at - last.at < 1) throw new Error(`KV ${what} failed: 429 Too Many Requests`);
    const write: Write = { value, metadata, location, at, seenFrom: at + spread(), endsAt };
    this.#writes.set(key, [...writes, write]);
    if (ownWritesAtOnce) this.#cacheOf(location).delete(key);
  }

  #list(prefix: string, cursor: string | undefined): KvPage {
    checkKey("GET", prefix);
    const { now, listLag, emptyPages, pageSize } = this.#conditions;
    const time = now();
    const position = cursor === undefined ? -emptyPages : Number(cursor);
    if (position < 0) return { keys: [], list_complete: false, cursor: String(position + 1) };
    const all = [...this.#writes].filter(([key]) => key.startsWith(prefix)).sort(([left], [right]) => (left < right ? -1 : 1));
    const keys = all.flatMap(([name, writes]) => {
      const write = writes.findLast(({ at }) => at <= time - listLag);
      if (write === undefined || write.value === null || write.endsAt <= time) return [];
      return [{ name, ...(write.metadata !== undefined && { metadata: write.metadata }) }];
    });
    const next = position + pageSize;
    const page = keys.slice(position, next);
    return next >= keys.length ? { keys: page, list_complete: true } : { keys: page, list_complete: false, cursor: String(next) };
  }

  #cacheOf(location: string): Map<string, Cached> {
    const cache = this.#caches.get(location) ?? new Map<string, Cached>();
    this.#caches.set(location, cache);
    return cache;
  }
}

function checkKey(what: string, key: string): void {
  if (key === "." || key === "..") throw new TypeError(`"${key}" is not allowed as a key name.`);
  if (key === "") throw new TypeError("Key name cannot be empty.");
  const length = bytes(key);
  if (length > 512) throw refused(what, 414, `UTF-8 encoded length of ${length} exceeds key length limit of 512.`);
}

function refused(what: string, status: number, reason: string): Error {
  return new Error(`KV ${what} failed: ${status} ${reason}`);
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
