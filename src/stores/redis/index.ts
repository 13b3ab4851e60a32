/**
 * A store in Redis, Valkey or Upstash, for sessions that several processes share and that survive a restart.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { TIMEOUT } from "../../ground/in-time.ts";
import { checkGiven, checkValue, refuseUnknown } from "../../ground/option-values.ts";
import type { Patch } from "../../session/patch.ts";
import {
  isMoved,
  type Key,
  type Limit,
  MOVED_MARK_SECONDS,
  type Move,
  type MovedMark,
  markFor,
  type SessionInfo,
  type SessionRecord,
  type UpdateOptions,
  type UpdateResult,
} from "../../session/record.ts";
import { loginFrom } from "../../stored/changes.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { routeOf } from "../../stored/route.ts";
import { isCluster, type RedisClient } from "./client.ts";
import { dataFields, entryFrom, patchArguments, recordFields, rowsFrom } from "./fields.ts";
import { CREATE, LIST, LOAD, REMOVE, REMOVE_ALL, REPLACE, TAKE, TOUCH, UPDATE } from "./scripts.ts";
import { RedisServer } from "./server.ts";

export type { IoRedisClient, NodeRedisClient, RedisClient, UpstashRedisClient } from "./client.ts";

/** Options of the Redis store. */
export interface RedisOptions {
  /**
   * Prefix of all keys, so that several applications can share a database. With Redis Cluster it must
   * contain a hash tag, such as `{session}:`, which puts all sessions on one node. Default: `"session:"`.
   */
  prefix?: string;
  /**
   * How long a call may take, in seconds, at most 600. After that it fails
   * with the reason `TIMEOUT`, but Redis may still execute it. Default: 5.
   */
  timeout?: number;
}

/**
 * Creates a store in Redis 5 or later, or a compatible server. A session is a hash with one
 * field per key of its data. Every call is one command or one Lua script, so it is atomic.
 * What survives a crash of Redis depends on its persistence settings: see docs/redis.md.
 *
 * @param client A client of the package `redis`, `ioredis`, `iovalkey` or `@upstash/redis`. You open and close
 * its connection. Add a listener for `"error"` to clients that keep a connection: without one, a lost
 * connection ends the process. Configure the client so that it never sends a command twice, as the examples do.
 * @throws OptionError for an unsupported client, an empty or unsuitable prefix, or an invalid timeout.
 *
 * @example
 * ```ts
 * import { createClient } from "redis";
 *
 * const client = createClient({ url: "redis://127.0.0.1:6379", disableOfflineQueue: true });
 * client.on("error", (error) => console.warn("Redis:", error.message));
 * await client.connect();
 * const sessions = createSessions({ secrets, store: redis(client) });
 * ```
 *
 * @example
 * ```ts
 * import { Redis } from "ioredis";
 *
 * const client = new Redis("redis://127.0.0.1:6379", { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false });
 * const sessions = createSessions({ secrets, store: redis(client) });
 * ```
 *
 * @example
 * ```ts
 * import { Redis } from "@upstash/redis";
 *
 * const client = new Redis({ url: "https://example.upstash.io", token: "...", retry: { retries: 0 } });
 * const sessions = createSessions({ secrets, store: redis(client) });
 * ```
 */
export function redis(client: RedisClient, options: RedisOptions = {}): DefinedStore {
  checkGiven(options, "redis", "{ prefix }");
  refuseUnknown(options, KNOWN);
  const { prefix = "session:", timeout = 5 } = options;
  if (typeof prefix !== "string" || prefix === "") throw wrong("prefix: it must be a non-empty string");
  checkValue("timeout", timeout, TIMEOUT);
  const server = new RedisServer(client, timeout);
  if (isCluster(client) && !/^[^{]*\{[^}]+\}/.test(prefix))
    throw wrong(`prefix "${prefix}" with a cluster: write "{${prefix.replace(/\W/g, "") || "session"}}:", for one slot`);
  return defineStore<SessionStore>(new RedisStore(server, prefix));
}

const KNOWN: ReadonlySet<string> = new Set<keyof RedisOptions>(["prefix", "timeout"]);

function wrong(what: string): OptionError {
  return new OptionError("ERR_OPTION", `Cannot use ${what}`);
}

class RedisStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly #server: RedisServer;
  readonly #prefix: string;

  constructor(server: RedisServer, prefix: string) {
    this.#server = server;
    this.#prefix = prefix;
  }

  async load({ id }: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<SessionRecord | MovedMark | null> {
    const key = this.#key(id);
    const slide = touch && [now, touch.seenAfter, touch.seenBefore, touch.expiresAt].map(String);
    const found = entryFrom(await (slide === undefined ? this.#server.readHash(key) : this.#server.run(LOAD, [key], slide)));
    return found !== null && isMoved(found) && found.movedAt + MOVED_MARK_SECONDS <= now ? null : found;
  }

  async create({ id }: Key, record: SessionRecord, limit: Limit = {}): Promise<void> {
    const { seenAt, expiresAt, version, data } = record;
    const fields = dataFields(data);
    const { route, keys } = record.subject === undefined ? NO_SET : await this.#setOf(record.subject);
    const args = [String(seenAt), String(expiresAt), String(version), route, String(limit.maxSessions ?? "")];
    const said = await this.#server.run(CREATE, [this.#key(id), ...keys], [...args, ...recordFields(record, route), ...fields]);
    if (String(said) !== "ok") throw new Error("Cannot create the session: its id is taken");
  }

  async update({ id }: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult> {
    const { now, expiresAt, ifVersion = "", seenAfter = "", maxBytes = "" } = options;
    const args = [now, expiresAt, ifVersion, seenAfter, maxBytes].map(String);
    const said = await this.#server.run(UPDATE, [this.#key(id)], [...args, ...patchArguments(patch)]);
    if (!Array.isArray(said)) return resultFrom(said);
    const [version, subject = "null", meta = "null"] = said.map(String);
    return loginFrom(subject === "null" ? null : subject, meta).isWhole ? resultFrom(version) : { ok: false, why: "gone" };
  }

  async replace(from: Key, to: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult> {
    const { seenAt, expiresAt } = record;
    const { by, graceUntil } = markFor(seenAt, to, move);
    const { route, keys } = record.subject === undefined ? NO_SET : await this.#setOf(record.subject);
    const [limit, ifVersion] = [String(move.maxSessions ?? ""), String(move.ifVersion ?? "")];
    const args = [String(seenAt), String(expiresAt), route, limit, by, String(graceUntil ?? ""), ifVersion];
    return resultFrom(
      await this.#server.run(
        REPLACE,
        [this.#key(from.id), this.#key(to.id), ...keys],
        [...args, ...patchArguments(patch, recordFields(record, route))],
      ),
    );
  }

  async touch({ id }: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    return Number(await this.#server.run(TOUCH, [this.#key(id)], [String(now), String(expiresAt)])) === 1;
  }

  async remove({ id }: Key): Promise<void> {
    await this.#server.run(REMOVE, [this.#key(id)], []);
  }

  /**
   * If the reply is lost, for example by a `TIMEOUT`, no caller gets the record: Redis may or may not have removed it.
   */
  async take({ id }: Key): Promise<SessionRecord | null> {
    const found = entryFrom(await this.#server.run(TAKE, [this.#key(id)], []));
    return found === null || isMoved(found) ? null : found;
  }

  async list(subject: string): Promise<SessionInfo[]> {
    const { keys } = await this.#setOf(subject);
    return rowsFrom((await this.#server.run(LIST, keys, [])) as unknown[], subject);
  }

  async removeAll(subject: string, { except = "" }: { except?: string } = {}): Promise<number> {
    const { keys } = await this.#setOf(subject);
    return Number(await this.#server.run(REMOVE_ALL, keys, [except]));
  }

  #key(id: string): string {
    return `${this.#prefix}s:${id}`;
  }

  /** A subject may be any string, so keys contain its hash. */
  async #setOf(subject: string): Promise<{ route: string; keys: string[] }> {
    const route = await routeOf(subject, "");
    return { route, keys: [`${this.#prefix}u:${route}`] };
  }
}

const NO_SET: { readonly route: string; readonly keys: readonly string[] } = { route: "", keys: [] };

function resultFrom(said: unknown): UpdateResult {
  const word = String(said);
  if (word === "gone" || word === "moved" || word === "conflict" || word === "too-large") return { ok: false, why: word };
  if (word === "broken") return { ok: false, why: "gone" };
  if (word === "taken") throw new Error("Cannot replace the session: its new id is taken");
  return { ok: true, version: Number(word) };
}
