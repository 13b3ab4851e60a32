/**
 * A store in Workers KV: fast reads everywhere, but other locations see changes late.
 *
 * @module
 */
import type { Patch } from "../../session/patch.ts";
import {
  type Key,
  MOVED_MARK_SECONDS,
  type Move,
  type MovedMark,
  markFor,
  type SessionInfo,
  type SessionRecord,
  type UpdateOptions,
  type UpdateResult,
} from "../../session/record.ts";
import { isDue, isVersion, patched, recordAfterUse, UNREADABLE } from "../../stored/changes.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { routeOf } from "../../stored/route.ts";
import { trailFrom } from "../../stored/trail.ts";
import { isRateLimited, type KvNamespace, twice } from "./namespace.ts";
import { checkNamespace, type KvOptions, settleKvOptions } from "./options.ts";
import { KvRecords } from "./records.ts";
import { type End, NOBODY, RECORDS } from "./values.ts";

export type { KvNamespace, KvPage } from "./namespace.ts";
export type { KvOptions } from "./options.ts";

/** A SessionStore in Workers KV. */
export interface KvStore extends DefinedStore<Required<Omit<SessionStore, "dataOnly" | "guarantees" | "watch">>> {
  /** Neither: KV has no transactions, and locations see each other's writes late. */
  readonly guarantees: { readonly atomic: false; readonly immediate: false };
}

/**
 * Creates a store in a Workers KV namespace. Use it for sessions that
 * are read everywhere, seldom written, and need not end at once.
 *
 * Risky: other locations see a login, a change or a logout up to 60 seconds later, "or more" in
 * Cloudflare's words. Of two changes at the same time the last one wins, even if they set different
 * keys. The option `maxSessions` is not enforced: counting a user's sessions costs as much as a write at
 * every login, and KV's lists are up to a minute old. `removeAll` ends only the sessions that the list
 * shows. A one-time record can be used again for as long. docs/kv.md has each bound.
 *
 * @see https://developers.cloudflare.com/kv/concepts/how-kv-works/
 * @throws {@link OptionError} if the binding is missing or an option is invalid.
 *
 * @example
 * ```ts
 * import { env } from "cloudflare:workers";
 * const sessions = createSessions({ secrets: env.SESSION_SECRET, store: kv(env.SESSIONS_KV) });
 * ```
 */
export function kv(namespace: KvNamespace, options: KvOptions = {}): KvStore {
  checkNamespace(namespace);
  const settled = settleKvOptions(options);
  return defineStore(new KvSessionStore(new KvRecords(namespace, settled), settled));
}

/** KV allows six simultaneous calls per request. https://developers.cloudflare.com/workers/platform/limits/ */
const PARALLEL = 6;

class KvSessionStore implements Omit<KvStore, "~backend"> {
  readonly guarantees = { atomic: false, immediate: false } as const;
  readonly #records: KvRecords;
  readonly #options: Required<KvOptions>;

  constructor(records: KvRecords, options: Required<KvOptions>) {
    this.#records = records;
    this.#options = options;
  }

  async route(subject: string | undefined): Promise<string> {
    return subject === undefined ? NOBODY : routeOf(subject, this.#options.salt);
  }

  async recordRoute(): Promise<string> {
    return RECORDS;
  }

  /** If KV refuses the touch, the next request retries it. */
  async load(key: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<SessionRecord | MovedMark | null> {
    const { record, end } = await this.#records.read(key);
    if (end !== null) return isFresh(end.mark, now) ? end.mark : null;
    if (record === null || record.data === UNREADABLE || record.expiresAt <= now) return record;
    if (touch === undefined || !isDue(record.seenAt, touch)) return record;
    const after = recordAfterUse(record, now, touch.expiresAt);
    return this.#records.write(key, after, now).then(
      () => after,
      () => record,
    );
  }

  /** Does not check for an existing record: that costs a read, and KV would cache the miss. Ids are random. */
  async create(key: Key, record: SessionRecord): Promise<void> {
    await this.#twice(() => this.#records.write(key, record, record.seenAt));
  }

  async update(key: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult> {
    const { now, expiresAt } = options;
    return this.#twice(async () => {
      const { record, end } = await this.#living(key, now);
      if (record === null || record.data === UNREADABLE || end !== null) return lost(end, now);
      if (!isVersion(record, options)) return { ok: false, why: "conflict" };
      const after = recordAfterUse(patched(record, record, patch), now, expiresAt);
      await this.#records.write(key, after, now);
      return { ok: true, version: after.version };
    });
  }

  /** Writes the new record first. If the old one cannot be ended, the new one is deleted and the call throws. */
  async replace(from: Key, to: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult> {
    const now = record.seenAt;
    const mark = markFor(now, to, move);
    const { record: there, end } = await this.#living(from, now);
    if (there === null || end !== null) return lost(end, now);
    if (!isVersion(there, move)) return { ok: false, why: "conflict" };
    const after = patched(record, there, patch);
    await this.#twice(() => this.#records.write(to, after, now));
    try {
      const meanwhile = await this.#twice(() => this.#records.markUnlessEnded(from, mark, there));
      if (meanwhile === null) return { ok: true, version: after.version };
      await this.#takeBack(to);
      return lost(meanwhile, now);
    } catch (error) {
      await this.#takeBack(to).catch(() => {});
      throw error;
    }
  }

  /** If KV refuses the write because it came within a second of the last one, the session still lives. */
  async touch(key: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    const { record, end } = await this.#living(key, now);
    if (record === null || end !== null) return false;
    try {
      await this.#records.write(key, recordAfterUse(record, now, expiresAt), now);
    } catch (error) {
      if (!isRateLimited(error)) throw error;
    }
    return true;
  }

  async remove(key: Key): Promise<void> {
    await trailFrom(key, (at) =>
      this.#twice(async () => {
        const { record, end } = await this.#records.read(at);
        // A session that this location does not see may have been created elsewhere just now.
        if (end === null) await this.#records.end(at, record);
        return end?.mark?.to;
      }),
    );
  }

  /**
   * Not exclusive: a caller at the same moment also gets the record, and so does
   * one in another location that does not see the end yet, up to 60 seconds later.
   */
  async take(key: Key): Promise<SessionRecord | null> {
    return this.#twice(async () => {
      const { record, end } = await this.#records.read(key);
      if (record === null || end !== null) return null;
      await this.#records.end(key, record);
      return record;
    });
  }

  /** Reads KV's list, which is up to a minute old: newer sessions are missing, and ended ones may still appear. */
  async list(subject: string): Promise<SessionInfo[]> {
    return this.#records.rows(await this.route(subject));
  }

  /**
   * Ends the sessions that {@link list} shows. It misses those
   * of the last minute, and other locations see the end later.
   */
  async removeAll(subject: string, { except }: { except?: string } = {}): Promise<number> {
    const route = await this.route(subject);
    const rows = (await this.#records.rows(route)).filter(({ id }) => id !== except);
    for (let done = 0; done < rows.length; done += PARALLEL) {
      const batch = rows.slice(done, done + PARALLEL);
      await Promise.all(batch.map((row) => this.#twice(() => this.#records.end({ id: row.id, route }, row))));
    }
    return rows.length;
  }

  /** What is at the key, without a record that has expired: KV may keep one for longer. */
  async #living(key: Key, now: number): Promise<{ record: SessionRecord | null; end: End | null }> {
    const { record, end } = await this.#records.read(key);
    return { record: record !== null && record.expiresAt > now ? record : null, end };
  }

  /** Deletes the record without writing an end, because a retried login uses the same new key. */
  #takeBack(to: Key): Promise<void> {
    return this.#twice(() => this.#records.erase(to));
  }

  #twice<Result>(write: () => Promise<Result>): Promise<Result> {
    return twice(write, this.#options.sleep);
  }
}

/**
 * The end stays in KV to keep out late writers, but counts as a
 * mark for only 60 seconds, so that a late browser can start again.
 */
function isFresh(mark: MovedMark | undefined, now: number): mark is MovedMark {
  return mark !== undefined && now < mark.movedAt + MOVED_MARK_SECONDS;
}

function lost(end: End | null, now: number): UpdateResult {
  return { ok: false, why: isFresh(end?.mark, now) ? "moved" : "gone" };
}
