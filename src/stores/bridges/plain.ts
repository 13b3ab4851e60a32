/**
 * A bridge to any store with the methods `load`, `save` and `remove`, as documented by koa-session-store.
 *
 * @module
 */
import { cannot, OptionError } from "../../ground/errors.ts";
import { applyPatch, type Patch } from "../../session/patch.ts";
import type { Key, SessionRecord, UpdateResult } from "../../session/record.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { type PlainResult, settled } from "./settled.ts";

export type { PlainResult } from "./settled.ts";

/** When the store may drop the data. */
export interface PlainExpiry {
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** The same, in seconds from now. */
  readonly maxAge: number;
}

/** A store with three methods. `data` is the JSON text of the session's data and nothing else. */
export interface PlainStore {
  /** Returns the text saved for this id, or null, undefined or `""` if there is none. */
  load(sid: string): PlainResult<string | null | undefined>;
  /** Stores the text. `expiry` is set if the session has timeouts. */
  save(sid: string, data: string, expiry?: PlainExpiry): PlainResult<unknown>;
  /** Removes the text. A no-op if there is none. */
  remove(sid: string): PlainResult<unknown>;
}

/**
 * Wraps a store with three methods as a SessionStore. The store holds the data, the token holds
 * times and user. Of two parallel changes the last one wins, two parallel requests may both use
 * a one-time record, `regenerateId()` has no grace, and a user's sessions cannot be listed.
 *
 * @param options None.
 * @throws OptionError if a method is missing, or if options are passed: prefix and expiry are up to the three methods.
 *
 * @example
 * ```ts
 * const sessions = createSessions({ secrets, store: plain({ load, save, remove }) });
 * ```
 */
export function plain(store: PlainStore, options?: undefined): DefinedStore {
  if (options !== undefined) cannot("use options of this store", "it has none");
  const missing = (["load", "save", "remove"] as const).filter((name) => typeof store?.[name] !== "function");
  if (missing.length > 0) throw new OptionError("ERR_OPTION", `Cannot use this store: it lacks the method ${missing.join(", ")}`);
  return defineStore<SessionStore>(new PlainSessionStore(store));
}

/** The token has the real values. */
const EMPTY = { version: 0, startedAt: 0, seenAt: 0, expiresAt: Number.POSITIVE_INFINITY };

class PlainSessionStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"] = { atomic: false, immediate: false, marks: false };
  readonly dataOnly = true;
  readonly #store: PlainStore;

  constructor(store: PlainStore) {
    this.#store = store;
  }

  async load({ id }: Key): Promise<SessionRecord | null> {
    const data = await settled(this.#store.load(id));
    if (data === null || data === undefined || data === "") return null;
    if ((data as unknown) instanceof Uint8Array)
      return { ...EMPTY, data: new TextDecoder().decode(data as unknown as Uint8Array) };
    if (typeof data !== "string") throw new TypeError("Cannot load the session: load() must return a JSON string");
    return { ...EMPTY, data };
  }

  async create({ id }: Key, { data, seenAt, expiresAt }: SessionRecord): Promise<void> {
    await this.#save(id, data, seenAt, expiresAt);
  }

  async update(key: Key, patch: Patch, { now, expiresAt }: { now: number; expiresAt: number }): Promise<UpdateResult> {
    const record = await this.load(key);
    if (record === null) return { ok: false, why: "gone" };
    await this.#save(key.id, applyPatch(record.data, patch), now, expiresAt);
    return { ok: true, version: 0 };
  }

  async replace(from: Key, to: Key, patch: Patch, { seenAt, expiresAt }: SessionRecord): Promise<UpdateResult> {
    const record = await this.load(from);
    if (record === null) return { ok: false, why: "gone" };
    await this.#save(to.id, applyPatch(record.data, patch), seenAt, expiresAt);
    await this.remove(from);
    return { ok: true, version: 0 };
  }

  /** Saves again, to extend the expiry in the store. A no-op without timeouts. */
  async touch(key: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    if (!Number.isFinite(expiresAt)) return true;
    const record = await this.load(key);
    if (record !== null) await this.#save(key.id, record.data, now, expiresAt);
    return record !== null;
  }

  async remove({ id }: Key): Promise<void> {
    await settled(this.#store.remove(id));
  }

  async take(key: Key): Promise<SessionRecord | null> {
    const record = await this.load(key);
    if (record !== null) await this.remove(key);
    return record;
  }

  async #save(id: string, data: string, now: number, expiresAt: number): Promise<void> {
    const expiry = Number.isFinite(expiresAt) ? { expiresAt, maxAge: expiresAt - now } : undefined;
    await settled(this.#store.save(id, data, expiry));
  }
}
