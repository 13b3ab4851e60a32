/**
 * Any store of three methods, `load`, `save` and `remove`, as koa-session-store documents it.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { applyPatch, type Patch } from "../../session/patch.ts";
import type { Key, SessionRecord, UpdateResult } from "../../session/record.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { type PlainResult, settled } from "./settled.ts";

export type { PlainResult } from "./settled.ts";

/** When the data may be dropped, for stores that can expire: epoch seconds, and seconds from now. */
export interface PlainExpiry {
  /** When it may be dropped. Epoch seconds. */
  readonly expiresAt: number;
  /** The same from now. Seconds. */
  readonly maxAge: number;
}

/** A store of three methods. `data` is the JSON text of the session's data and nothing else. */
export interface PlainStore {
  /** The text that was saved for this id; null, undefined or an empty text when there is none. */
  load(sid: string): PlainResult<string | null | undefined>;
  /** Keeps the text. `expiry` is given when the session has timeouts. */
  save(sid: string, data: string, expiry?: PlainExpiry): PlainResult<unknown>;
  /** Drops the text. Nothing to drop is fine. */
  remove(sid: string): PlainResult<unknown>;
}

/**
 * Makes a store of three methods a SessionStore. Data is in the store; times and user are in the token. It promises what three
 * methods can: of two parallel changes the last one wins, what may be used once may be used by two at the same time,
 * `regenerateId()` has no grace, and there is no list of a user's sessions.
 *
 * @throws OptionError when one of the methods is missing.
 *
 * @example
 * ```ts
 * const sessions = createSessions({ secrets, store: plain({ load, save, remove }) });
 * ```
 */
export function plain(store: PlainStore): DefinedStore {
  const missing = (["load", "save", "remove"] as const).filter((name) => typeof store?.[name] !== "function");
  if (missing.length > 0) throw new OptionError("ERR_OPTION", `Cannot use this store: it lacks the method ${missing.join(", ")}`);
  return defineStore<SessionStore>(new PlainSessionStore(store));
}

/** What the token knows instead. */
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
    if (typeof data !== "string") throw new TypeError("Cannot load the session: load() must give a JSON string");
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

  /** A store that expires must hear that the session lives on; one that does not is left alone. */
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
