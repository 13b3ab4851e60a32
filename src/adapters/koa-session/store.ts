/**
 * A koa-session store as a SessionStore: `get`, `set` and `destroy` in the running request.
 *
 * @module
 */
import { cannot } from "../../ground/errors.ts";
import type { JsonObject } from "../../ground/json.ts";
import { applyPatch, type Patch } from "../../session/patch.ts";
import type { Key, SessionRecord, UpdateOptions, UpdateResult } from "../../session/record.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { settled } from "../../stores/bridges/settled.ts";
import { jsonOf } from "../../token/koa-session-values.ts";
import { current, keyOf, tell } from "./current.ts";
import type { KoaSessionStore, Settled } from "./options.ts";
import { dataFrom, jsonFrom } from "./values.ts";

/** As in koa-session, a store keeps a session this much longer than its cookie. Milliseconds. */
const LONGER = 10_000;
/** How long a change waits for the one before it. Milliseconds. */
const LONGEST_TURN = 5000;

export function storeOf(options: Settled): DefinedStore {
  return defineStore<SessionStore>(new ThreeMethods(options));
}

/**
 * Reads, changes and writes back. Within this process, the changes of one session queue, so that none is lost and none
 * revives an ended session. Between processes the last one wins: three methods allow no more.
 */
class ThreeMethods implements SessionStore {
  readonly guarantees: SessionStore["guarantees"] = { atomic: false, immediate: false, marks: false };
  readonly #options: Settled;
  /** The last change under way of each session, across all applications with this store. */
  readonly #changes: Map<string, Promise<unknown>>;

  constructor(options: Settled) {
    this.#options = options;
    const store = (options.store ?? options.ContextStore) as object;
    this.#changes = CHANGES.get(store) ?? new Map();
    CHANGES.set(store, this.#changes);
  }

  async load({ id }: Key): Promise<SessionRecord | null> {
    current()?.keys.set(id, id);
    const json = await this.#get(id);
    if (json === null) tell("missed", id, undefined);
    return json && recordFrom(json, dataFrom(json, id, this.#options));
  }

  async create({ id }: Key, record: SessionRecord): Promise<void> {
    await this.#inTurn(id, () => this.#set(id, record));
  }

  async update({ id }: Key, patch: Patch, { ifVersion }: UpdateOptions): Promise<UpdateResult> {
    return this.#inTurn(id, async () => {
      const there = await this.#there(id);
      if (there === null) return { ok: false, why: "gone" };
      if (ifVersion !== undefined && ifVersion !== there.version) return { ok: false, why: "conflict" };
      const data = applyPatch(there.data, patch);
      await this.#set(id, { ...there, data });
      return { ok: true, version: versionOf(data) };
    });
  }

  async replace(from: Key, to: Key, patch: Patch, record: SessionRecord): Promise<UpdateResult> {
    return this.#inTurn(from.id, async () => {
      const there = await this.#there(from.id);
      if (there === null) return { ok: false, why: "gone" };
      const data = applyPatch(there.data, patch);
      await this.#set(to.id, { ...record, data });
      // The application's genid may return the same key again.
      if (keyOf(to.id, this.#options) !== keyOf(from.id, this.#options)) await this.#destroy(from.id);
      return { ok: true, version: versionOf(data) };
    });
  }

  /** A session's expiry moves only when it is saved. */
  async touch(): Promise<boolean> {
    return true;
  }

  async remove({ id }: Key): Promise<void> {
    const before = this.#changes.get(id)?.catch(() => {});
    let hangs = before !== undefined;
    before?.then(() => {
      hangs = false;
    });
    await this.#inTurn(id, () => this.#destroy(id));
    // A change that timed out may still write after this.
    if (hangs) before?.then(() => this.#destroy(id)).catch(() => {});
  }

  async take({ id }: Key): Promise<SessionRecord | null> {
    return this.#inTurn(id, async () => {
      const there = await this.#there(id);
      if (there !== null) await this.#destroy(id);
      return there;
    });
  }

  /** The live session, without emitting events. */
  async #there(id: string): Promise<SessionRecord | null> {
    const json = await this.#get(id);
    return json && recordFrom(json, dataFrom(json, id, { ...this.#options, valid: undefined }));
  }

  async #get(id: string): Promise<JsonObject | null> {
    const { options, ctx, store } = this.#asked();
    const said = { ctx, rolling: options.rolling ?? false };
    return jsonOf(await settled(store.get(keyOf(id, options), options.maxAge as never, said as never)));
  }

  async #set(id: string, { data, subject, startedAt }: SessionRecord): Promise<void> {
    const { options, ctx, store, changed } = this.#asked();
    const own = subject === undefined ? {} : { _sub: subject, _start: startedAt };
    const json = { ...jsonFrom(data, options), ...own };
    const maxAge = typeof options.maxAge === "number" ? options.maxAge + LONGER : options.maxAge;
    const said = { changed, ctx, rolling: options.rolling ?? false };
    await settled(store.set(keyOf(id, options), json as never, maxAge as never, said as never));
  }

  async #destroy(id: string): Promise<void> {
    const { options, ctx, store } = this.#asked();
    await settled(store.destroy(keyOf(id, options), { ctx } as never));
  }

  #asked(): { options: Settled; ctx: unknown; store: KoaSessionStore; changed: boolean } {
    const options = this.#options;
    const { ctx, store = options.store, changed = true, ...own } = current() ?? { options };
    if (store) return { options: own.options, ctx, store, changed };
    cannot("ask the store", "ContextStore needs a request's context, and there is none here. Use the session within a request.");
  }

  /** Runs a change after the earlier ones of this session. A store that does not respond must not block it forever. */
  #inTurn<Result>(id: string, change: () => Promise<Result>): Promise<Result> {
    const before = this.#changes.get(id);
    const doing = before === undefined ? change() : settledOrLate(before).then(change);
    this.#changes.set(id, doing);
    const done = () => {
      if (this.#changes.get(id) === doing) this.#changes.delete(id);
    };
    doing.then(done, done);
    return doing;
  }
}

const CHANGES = new WeakMap<object, Map<string, Promise<unknown>>>();

/** Waits for a change, whatever its outcome, for at most {@link LONGEST_TURN}. */
async function settledOrLate(change: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, LONGEST_TURN);
  });
  await Promise.race([change.catch(() => {}), late]);
  clearTimeout(timer);
}

function recordFrom({ _sub, _start }: JsonObject, data: string | null): SessionRecord | null {
  if (data === null) return null;
  const startedAt = typeof _start === "number" ? _start : 0;
  const times = { version: versionOf(data), startedAt, seenAt: 0, expiresAt: Number.POSITIVE_INFINITY };
  return { data, ...times, ...(typeof _sub === "string" && { subject: _sub }) };
}

/** Three methods have no versions, so a hash of the text (FNV-1a) stands in for one. */
function versionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
