/**
 * A store in Cloudflare Durable Objects: one object per user, with one row per session.
 *
 * @module
 */
import { encodeBase64url } from "../../ground/encoding.ts";
import { checkGiven, refuseUnknown } from "../../ground/option-values.ts";
import type { Patch } from "../../session/patch.ts";
import type {
  Key,
  Limit,
  Move,
  MovedMark,
  SessionInfo,
  SessionRecord,
  UpdateOptions,
  UpdateResult,
} from "../../session/record.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { recordRouteOf, routeOf } from "../../stored/route.ts";
import { isRoute, type ObjectNamespace, SessionObjects } from "./client.ts";
import { markOf, type Place } from "./marks.ts";
import { moveBetween, removeThrough } from "./moves.ts";
import { type ChangeResult, infoOf, isMark, recordFromRow, rowOf } from "./rows.ts";

export type { ObjectNamespace } from "./client.ts";

/** Options of the Durable Object store. */
export interface DurableObjectOptions {
  /**
   * Salt for the hash that names a user's object, so that applications can share a namespace without sharing objects.
   * If you change it, existing sessions work until they expire but can no longer be listed or revoked. Default: `""`.
   */
  salt?: string;
  /**
   * Keeps new sessions' objects within `"eu"`, `"us"` or `"fedramp"`. It is part of each
   * session's route, so if you change it, existing sessions stay where they are. Default:
   * none. https://developers.cloudflare.com/durable-objects/reference/data-location/
   */
  jurisdiction?: string;
  /**
   * The preferred region of new objects, such as `"weur"`. Cloudflare
   * may choose another. Default: near the user's first request.
   */
  locationHint?: string;
  /** Waits a number of milliseconds before a call is retried. For tests. Default: a timer. */
  wait?: (milliseconds: number) => Promise<void>;
}

const KNOWN: ReadonlySet<string> = new Set<keyof DurableObjectOptions>(["salt", "jurisdiction", "locationHint", "wait"]);

/**
 * Creates a store in a Durable Object namespace whose class is `SessionObject`. Most calls are
 * one call of one object. A login moves a session from the visitor's object to the user's.
 *
 * @throws OptionError if the binding is missing, with the missing lines of configuration.
 * On the first call, if the class is another one, has no SQLite, or cannot be called.
 *
 * @example
 * ```ts
 * import { env } from "cloudflare:workers";
 * export { SessionObject } from "web-session-store/stores/session-object";
 * const sessions = createSessions({ secrets: env.SESSION_SECRET, store: durableObject(env.SESSIONS) });
 * ```
 */
export function durableObject(namespace: ObjectNamespace, options: DurableObjectOptions = {}): DurableObjectStore {
  checkGiven(options, "durableObject", "{ salt }");
  refuseUnknown(options, KNOWN);
  const { salt = "", jurisdiction, locationHint, wait } = options;
  const objects = new SessionObjects(namespace, { jurisdiction, locationHint }, wait);
  return defineStore(new ObjectStore(objects, salt, jurisdiction === undefined ? "" : `${jurisdiction}.`));
}

/** The store that {@link durableObject} creates. */
export type DurableObjectStore = DefinedStore<Required<Omit<SessionStore, "dataOnly">>>;

class ObjectStore implements Omit<DurableObjectStore, "~backend"> {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly #objects: SessionObjects;
  readonly #salt: string;
  readonly #prefix: string;

  constructor(objects: SessionObjects, salt: string, prefix: string) {
    this.#objects = objects;
    this.#salt = salt;
    this.#prefix = prefix;
  }

  async route(subject: string | undefined): Promise<string> {
    const name = subject === undefined ? `v${random(16)}` : await routeOf(subject, this.#salt);
    return this.#prefix + name;
  }

  async recordRoute(id: string): Promise<string> {
    return this.#prefix + (await recordRouteOf(id, this.#salt));
  }

  async load(key: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<SessionRecord | MovedMark | null> {
    const { route } = key;
    if (!isRoute(route)) return null;
    const slide = touch === undefined ? null : { ...touch, now };
    const row = await this.#objects.ask(route, (object) => object.load(key.id, now, slide));
    if (row === null) return null;
    return isMark(row) ? markOf(row, route) : recordFromRow(row);
  }

  async create(key: Key, record: SessionRecord, { maxSessions }: Limit = {}): Promise<void> {
    const { id, route } = placeOf(key);
    const added = { id, row: rowOf(record), maxSessions: maxSessions ?? null };
    const op = newOp();
    const result = await this.#objects.ask(route, (object) => object.create(op, added));
    if (!result.ok) throw refusal(result.why);
  }

  async update({ id, route }: Key, patch: Patch, { ifVersion, ...updating }: UpdateOptions): Promise<UpdateResult> {
    if (!isRoute(route)) return { ok: false, why: "gone" };
    const op = newOp();
    const result = await this.#objects.ask(route, (object) => object.update(op, id, patch, updating, ifVersion ?? null));
    const isLimited = updating.maxBytes !== undefined;
    return isLimited && !result.ok && result.why === "too-large" ? { ok: false, why: "too-large" } : resultOf(result);
  }

  async replace(oldKey: Key, newKey: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult> {
    if (!isRoute(oldKey.route)) return { ok: false, why: "gone" };
    const [from, to] = [placeOf(oldKey), placeOf(newKey)];
    if (from.route !== to.route) {
      return resultOf(await moveBetween(this.#objects, newOp, { from, to, patch, record, move }));
    }
    const op = newOp();
    const { maxSessions = null, ...moving } = move;
    const added = { id: to.id, row: rowOf(record), maxSessions };
    return resultOf(await this.#objects.ask(to.route, (object) => object.replace(op, from.id, added, patch, moving)));
  }

  async touch({ id, route }: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    if (!isRoute(route)) return false;
    return this.#objects.ask(route, (object) => object.touch(id, { now, expiresAt }));
  }

  async remove({ id, route }: Key): Promise<void> {
    if (isRoute(route)) await removeThrough(this.#objects, { id, route });
  }

  async take({ id, route }: Key): Promise<SessionRecord | null> {
    if (!isRoute(route)) return null;
    const op = newOp();
    const row = await this.#objects.ask(route, (object) => object.take(op, id));
    return row === null ? null : recordFromRow(row);
  }

  async list(subject: string): Promise<SessionInfo[]> {
    const rows = await this.#objects.ask(await this.route(subject), (object) => object.list(subject));
    return rows.flatMap(infoOf);
  }

  async removeAll(subject: string, { except }: { except?: string } = {}): Promise<number> {
    return this.#objects.ask(await this.route(subject), (object) => object.removeAll(subject, except ?? null));
  }

  /** Opens a WebSocket that closes with 4401 when the session ends, and with 4409 when it gets a new id. */
  async watch({ id, route }: Key, request: Request): Promise<Response> {
    if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
      return new Response("This address is for WebSockets", { status: 426, headers: { Upgrade: "websocket" } });
    }
    const place = placeOf(route === undefined ? { id } : { id, route });
    // The object needs nothing of the request, neither cookie nor address.
    const upgrade = () => new Request(`https://session-object/${id}`, { headers: { Upgrade: "websocket" } });
    return this.#objects.ask(place.route, (object) => object.fetch(upgrade()));
  }
}

function placeOf({ id, route }: Key): Place {
  if (isRoute(route)) return { id, route };
  throw Object.assign(new Error("Cannot keep the session: its key has no route of this store"), { code: "NO_ROUTE" });
}

function resultOf(result: ChangeResult): UpdateResult {
  if (result.ok) return { ok: true, version: result.version };
  const { why } = result;
  if (why === "taken" || why === "too-large") throw refusal(why);
  return { ok: false, why };
}

function refusal(why: "taken" | "too-large"): Error {
  if (why === "taken") return Object.assign(new Error("Cannot keep the session: its id is taken"), { code: "ID_TAKEN" });
  return Object.assign(new Error("Cannot keep the session: it is too large for a row"), { code: "TOO_LARGE" });
}

/** The name of a call, 12 characters. */
function newOp(): string {
  return random(9);
}

function random(bytes: number): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(bytes)));
}
