/** The Redis store on a real server: the contract with both clients, and what is its own. */
import { Redis } from "ioredis";
import { createClient, createClientPool, createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OptionError } from "../../src/ground/errors.ts";
import { newSessionId } from "../../src/ground/session-id.ts";
import type { Patch } from "../../src/session/patch.ts";
import { isMoved, type Key, MOVED_MARK_SECONDS, type Move, type SessionRecord } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import { type RedisClient, redis } from "../../src/stores/redis/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { HOUR, MINUTE } from "../support/clock.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

const connectTo = (port: number) => createClient({ url: `redis://127.0.0.1:${port}` });
const NO_CHANGE: Patch = { set: [], unset: [] };
const NEW_ID: Move = { by: "regenerateId", graceSeconds: 0 };
const SECONDS = () => Math.floor(Date.now() / 1000);
let server: RedisServer;
let nodeRedis: ReturnType<typeof connectTo>;
let ioRedis: Redis;

beforeAll(async () => {
  server = await startRedis();
  nodeRedis = connectTo(server.port);
  ioRedis = new Redis(server.port, "127.0.0.1");
  await nodeRedis.connect();
});

afterAll(async () => {
  nodeRedis?.destroy();
  ioRedis?.disconnect();
  await server?.stop();
});

describe("redis keeps the store contract with node-redis", () => {
  for (const { name, run } of storeContract(() => redis(nodeRedis))) it(name, run);
});

describe("redis keeps the store contract with ioredis", () => {
  for (const { name, run } of storeContract(() => redis(ioRedis))) it(name, run);
});

function record(fields: Partial<SessionRecord> = {}, now = SECONDS()): SessionRecord {
  return { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR, ...fields };
}

async function begin(store: SessionStore, fields: Partial<SessionRecord> = {}, now = SECONDS()): Promise<Key> {
  const key = { id: newSessionId() };
  await store.create(key, record(fields, now));
  return key;
}

async function dataAt(store: SessionStore, key: Key, now = SECONDS()): Promise<unknown> {
  const found = await store.load(key, { now });
  return found === null || isMoved(found) ? found : JSON.parse(found.data);
}

const keysLike = async (pattern: string) => (await nodeRedis.keys(pattern)).sort();

describe("redis as keys and fields", () => {
  it("keeps a session in one hash, with a field for each key of the data and others for the record", async () => {
    const store = redis(nodeRedis, { prefix: "fields:" });
    const now = SECONDS();
    const key = await begin(store, { data: '{"cart":["apple"],"version":9,"m:version":7}', subject: "ada", meta: { on: "x" } });
    const set = (await keysLike("fields:u:*"))[0]?.slice("fields:u:".length);
    expect(await nodeRedis.hGetAll(`fields:s:${key.id}`)).toEqual({
      "d:cart": '["apple"]',
      "d:version": "9",
      "d:m:version": "7",
      ...{ "m:version": "1", "m:startedAt": String(now), "m:seenAt": String(now), "m:expiresAt": String(now + HOUR) },
      ...{ "m:subject": '"ada"', "m:meta": '{"on":"x"}', "m:set": set },
    });
    expect(await nodeRedis.zRange(`fields:u:${set}`, 0, -1)).toEqual([key.id]);
  });

  it("writes only the fields of a patch", async () => {
    const store = redis(nodeRedis);
    const key = await begin(store, { data: '{"a":1,"b":2,"c":3}' });
    await nodeRedis.hSet(`session:s:${key.id}`, "d:c", '"untouched"');
    await store.update(key, { set: [["a", "9"]], unset: ["b"] }, { now: SECONDS(), expiresAt: SECONDS() + HOUR });
    expect(await dataAt(store, key)).toEqual({ a: 9, c: "untouched" });
  });

  it("weighs keys of the data as JSON writes them", async () => {
    const store = redis(nodeRedis);
    for (const key of ["\u0001".repeat(50), '"\\\n\t\b\f\r'.repeat(20), "日\u007f", "\ud800".repeat(10)]) {
      const at = { id: newSessionId() };
      const now = SECONDS();
      await store.create(at, { data: '{"a":1}', version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR });
      const bytes = new TextEncoder().encode(JSON.stringify({ a: 1, [key]: 2 })).length;
      const patch: Patch = { set: [[key, "2"]], unset: [] };
      const options = { now, expiresAt: now + HOUR };
      expect(await store.update(at, patch, { ...options, maxBytes: bytes - 1 })).toEqual({ ok: false, why: "too-large" });
      expect(await store.update(at, patch, { ...options, maxBytes: bytes })).toEqual({ ok: true, version: 2 });
    }
  });

  it("keeps keys apart that differ only in half a character, which UTF-8 cannot carry", async () => {
    const store = redis(nodeRedis);
    const data = { "\ud800": 1, "\udc00": 2, "\ufffd": 3, "x\ud800": 4, '"\\ud800"': 5, 'j:"\\ud800"': 6 };
    const key = await begin(store, { data: JSON.stringify(data) });
    expect(await dataAt(store, key)).toEqual(data);
    const patch: Patch = { set: [["\ud800", '"\ud83d"']], unset: ["\udc00"] };
    await store.update(key, patch, { now: SECONDS(), expiresAt: SECONDS() + HOUR });
    const { "\udc00": _gone, ...rest } = data;
    expect(await dataAt(store, key)).toEqual({ ...rest, "\ud800": "\ud83d" });
  });

  it("keeps subjects and meta apart that differ only in half a character", async () => {
    const store = redis(nodeRedis);
    const subjects = ["half\ud800", "half\udc00", "half\ufffd"];
    for (const subject of subjects) await begin(store, { subject, meta: { device: subject } });
    for (const subject of subjects) {
      const rows = (await store.list?.(subject)) ?? [];
      expect(rows.map(({ meta }) => meta)).toEqual([{ device: subject }]);
      expect(await store.load({ id: rows[0]?.id ?? "" }, { now: SECONDS() })).toMatchObject({ subject });
    }
  });

  it("holds 5,000 keys in one session", async () => {
    const store = redis(ioRedis);
    const data = Object.fromEntries(Array.from({ length: 5000 }, (_none, index) => [`key${index}`, index]));
    const key = await begin(store, { data: JSON.stringify(data) });
    expect(await dataAt(store, key)).toEqual(data);
    const set = Object.keys(data).map((name) => [name, "true"] as const);
    await store.update(key, { set, unset: [] }, { now: SECONDS(), expiresAt: SECONDS() + HOUR });
    expect(new Set(Object.values((await dataAt(store, key)) as object))).toEqual(new Set([true]));
    await store.update(key, { set: [], unset: Object.keys(data) }, { now: SECONDS(), expiresAt: SECONDS() + HOUR });
    expect(await dataAt(store, key)).toEqual({});
  });

  it("answers nothing for a hash without a version, and lets its key be used", async () => {
    const store = redis(nodeRedis);
    const key = { id: newSessionId() };
    await nodeRedis.hSet(`session:s:${key.id}`, "d:a", "1");
    expect(await store.load(key, { now: SECONDS() })).toBeNull();
    expect(await store.update(key, NO_CHANGE, { now: SECONDS(), expiresAt: SECONDS() + HOUR })).toEqual({
      ok: false,
      why: "gone",
    });
    await store.create(key, record({ data: '{"b":2}' }));
    expect(await dataAt(store, key)).toEqual({ b: 2 });
  });

  it("never takes a session of others for the one that moved: a new id that is taken fails", async () => {
    const store = redis(nodeRedis);
    const [from, taken] = [await begin(store, { data: '{"a":1}' }), await begin(store, { data: '{"b":2}' })];
    await expect(store.replace(from, taken, NO_CHANGE, record(), NEW_ID)).rejects.toThrow("its new id is taken");
    expect([await dataAt(store, from), await dataAt(store, taken)]).toEqual([{ a: 1 }, { b: 2 }]);
  });
});

describe("redis and other applications", () => {
  it("keeps stores with other prefixes apart, also where one begins like the other", async () => {
    const prefixes = ["a:", "a:u:", "a:s:", "a", "a:u"];
    const stores = prefixes.map((prefix) => redis(nodeRedis, { prefix }));
    const id = newSessionId();
    const subject = "ada";
    for (const [index, store] of stores.entries()) await store.create({ id }, record({ data: `{"in":${index}}`, subject }));
    for (const [index, store] of stores.entries()) expect(await dataAt(store, { id })).toEqual({ in: index });
    expect(await stores[0]?.removeAll?.(subject)).toBe(1);
    const left = await Promise.all(stores.map(async (store) => (await store.list?.(subject))?.length));
    expect(left).toEqual([0, 1, 1, 1, 1]);
  });

  it.each<[string, () => Promise<RedisClient & { quit(): Promise<unknown> }>]>([
    ["ioredis", async () => new Redis(server.port, "127.0.0.1", { keyPrefix: "app:" })],
    ["node-redis", () => createClient({ url: server.url, keyPrefix: "app:" }).connect()],
  ])("finds its keys under a prefix that %s puts before them", async (_what, connect) => {
    const client = await connect();
    const store = redis(client);
    const subject = newSessionId();
    const [first, second] = [await begin(store, { subject }), await begin(store, { subject })];
    await store.remove(first);
    expect((await store.list?.(subject))?.map(({ id }) => id)).toEqual([second.id]);
    const third = { id: newSessionId() };
    await store.replace(second, third, NO_CHANGE, record({ subject }), NEW_ID);
    expect(await nodeRedis.exists(`app:session:s:${third.id}`)).toBe(1);
    expect(await store.removeAll?.(subject)).toBe(1);
    expect(await store.load(third, { now: SECONDS() })).toBeNull();
    await client.quit();
  });

  it("leaves keys of others alone", async () => {
    await nodeRedis.set("session:other", "mine");
    const store = redis(nodeRedis);
    await begin(store, { subject: "others" });
    await store.removeAll?.("others");
    expect(await nodeRedis.get("session:other")).toBe("mine");
  });

  it("fails where a key holds something else, and says so without its value", async () => {
    const key = { id: newSessionId() };
    await nodeRedis.set(`session:s:${key.id}`, "SECRET");
    for (const client of [nodeRedis, ioRedis]) {
      await expect(redis(client).load(key, { now: SECONDS() })).rejects.toMatchObject({
        ...{ code: "WRONGTYPE", retryable: false, message: "Cannot ask Redis: WRONGTYPE" },
      });
    }
  });
});

/** How long Redis will keep a key, in seconds. */
async function secondsLeft(name: string): Promise<number> {
  return (await nodeRedis.pTTL(name)) / 1000;
}

describe("redis and time", () => {
  it("lets Redis drop a session at its expiry, not before, and a second later at most", async () => {
    const store = redis(nodeRedis);
    const key = await begin(store);
    const name = `session:s:${key.id}`;
    const at = await nodeRedis.pExpireTime(name);
    expect(at / 1000).toBeGreaterThanOrEqual(SECONDS() - 1 + HOUR);
    expect(at / 1000).toBeLessThanOrEqual(SECONDS() + HOUR + 1);
    await store.touch(key, { now: SECONDS(), expiresAt: SECONDS() + 2 * HOUR });
    expect(await secondsLeft(name)).toBeGreaterThan(2 * HOUR - 5);
    await store.touch(key, { now: SECONDS(), expiresAt: SECONDS() + MINUTE });
    expect(await secondsLeft(name)).toBeGreaterThan(2 * HOUR - 5);
  });

  it("lets Redis drop a mark after a minute", async () => {
    const store = redis(nodeRedis);
    const [from, to] = [await begin(store), { id: newSessionId() }];
    await store.replace(from, to, NO_CHANGE, record(), NEW_ID);
    const left = await secondsLeft(`session:s:${from.id}`);
    expect(left).toBeGreaterThan(MOVED_MARK_SECONDS - 2);
    expect(left).toBeLessThanOrEqual(MOVED_MARK_SECONDS + 1);
  });

  it.each([
    ["an hour behind", -HOUR],
    ["years behind", -1_000_000_000],
    ["years ahead", 1_000_000_000],
  ])("keeps a session as long as an application thinks whose clock is %s", async (_what, skew) => {
    const store = redis(nodeRedis);
    const now = SECONDS() + skew;
    const key = await begin(store, { data: '{"a":1}' }, now);
    expect(await dataAt(store, key, now + HOUR - 1)).toEqual({ a: 1 });
    expect(await secondsLeft(`session:s:${key.id}`)).toBeGreaterThan(HOUR - 5);
    await store.touch(key, { now: now + MINUTE, expiresAt: now + MINUTE + HOUR });
    expect(await secondsLeft(`session:s:${key.id}`)).toBeGreaterThan(HOUR - 5);
    expect(await store.touch(key, { now: now + 2 * HOUR, expiresAt: now + 3 * HOUR })).toBe(false);
  });

  it("changes nothing of a session that is over by the caller's clock, and lets its id be used again", async () => {
    const store = redis(nodeRedis);
    const now = SECONDS();
    const key = await begin(store, { data: '{"a":1}' });
    const late = { now: now + HOUR, expiresAt: now + 2 * HOUR };
    expect(await store.touch(key, late)).toBe(false);
    expect(await store.update(key, NO_CHANGE, late)).toEqual({ ok: false, why: "gone" });
    await store.load(key, { now: late.now, touch: { seenAfter: 0, seenBefore: late.now, expiresAt: late.expiresAt } });
    expect(await store.load(key, { now })).toMatchObject({ expiresAt: now + HOUR, seenAt: now });
    await store.create(key, record({ data: '{"b":2}' }, late.now));
    expect(await dataAt(store, key, late.now)).toEqual({ b: 2 });
  });

  it("keeps a session forever that never expires", async () => {
    const store = redis(nodeRedis);
    const subject = newSessionId();
    const key = await begin(store, { subject, expiresAt: Number.POSITIVE_INFINITY });
    await begin(store, { subject });
    expect(await nodeRedis.pTTL(`session:s:${key.id}`)).toBe(-1);
    expect(await store.load(key, { now: SECONDS() })).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
    expect(await store.touch(key, { now: SECONDS(), expiresAt: Number.POSITIVE_INFINITY })).toBe(true);
    expect(await store.list?.(subject)).toHaveLength(2);
  });

  it("keeps instants exactly, also fractions", async () => {
    const store = redis(nodeRedis);
    const times = { startedAt: 1795000000.123456, seenAt: 1795000001.000001, expiresAt: 4795000002.654321 };
    const key = await begin(store, times);
    expect(await store.load(key, { now: times.seenAt })).toMatchObject(times);
    await store.touch(key, { now: 1795000003.333333, expiresAt: 4795000004.111111 });
    expect(await store.load(key, { now: 1795000004 })).toMatchObject({ seenAt: 1795000003.333333, expiresAt: 4795000004.111111 });
  });
});

describe("redis and the sets of subjects", () => {
  const setKey = async (prefix: string) => (await keysLike(`${prefix}u:*`))[0] ?? "";

  it("drops a session from its set when Redis dropped it at its expiry", async () => {
    const store = redis(nodeRedis, { prefix: "swept:" });
    const now = SECONDS();
    await begin(store, { subject: "ada", expiresAt: now + 1 });
    const [listed, living] = [await begin(store, { subject: "ada", expiresAt: now + 1 }), await begin(store, { subject: "ada" })];
    await expect.poll(() => nodeRedis.exists(`swept:s:${listed.id}`), { timeout: 5000 }).toBe(0);
    const next = await begin(store, { subject: "ada" });
    const ids = [living.id, next.id].sort();
    expect((await nodeRedis.zRange(await setKey("swept:"), 0, -1)).sort()).toEqual(ids);
    expect((await store.list?.("ada"))?.map(({ id }) => id).sort()).toEqual(ids);
  });

  it("drops a session from its set when Redis evicted it, and does not count it", async () => {
    const store = redis(nodeRedis, { prefix: "evicted:" });
    const keys = [];
    for (let index = 0; index < 4; index++) keys.push(await begin(store, { subject: "ada" }));
    await nodeRedis.del([`evicted:s:${keys[0]?.id}`, `evicted:s:${keys[1]?.id}`]);
    const next = { id: newSessionId() };
    await store.create(next, record({ subject: "ada" }), { maxSessions: 3 });
    const left = [keys[2]?.id, keys[3]?.id, next.id].sort();
    expect((await nodeRedis.zRange(await setKey("evicted:"), 0, -1)).sort()).toEqual(left);
    await nodeRedis.del(`evicted:s:${next.id}`);
    expect(await store.list?.("ada")).toHaveLength(2);
    expect(await store.removeAll?.("ada")).toBe(2);
    expect(await keysLike("evicted:*")).toEqual([]);
  });

  it("keeps a session in its set as long as use keeps it alive, and the set as long as its last session", async () => {
    const store = redis(nodeRedis, { prefix: "slid:" });
    const key = await begin(store, { subject: "ada", expiresAt: SECONDS() + 1 });
    const options = { now: SECONDS(), expiresAt: SECONDS() + 2 * HOUR };
    await store.touch(key, options);
    expect(await secondsLeft(await setKey("slid:"))).toBeGreaterThan(2 * HOUR - 5);
    await begin(store, { subject: "ada", expiresAt: SECONDS() + 1 });
    expect(await secondsLeft(await setKey("slid:"))).toBeGreaterThan(2 * HOUR - 5);
    await expect.poll(async () => (await store.list?.("ada"))?.length, { timeout: 5000 }).toBe(1);
    const other = { id: newSessionId() };
    await store.replace(key, other, NO_CHANGE, record({ subject: "ada" }), NEW_ID);
    await store.remove(key);
    expect(await store.list?.("ada")).toEqual([]);
  });

  it("leaves no key behind when every session has ended", async () => {
    const store = redis(nodeRedis, { prefix: "empty:" });
    const [first, second] = [await begin(store, { subject: "ada" }), await begin(store, { subject: "ada" })];
    await store.remove(first);
    await store.remove(second);
    expect(await keysLike("empty:*")).toEqual([]);
  });
});

describe("redis under an operator's hands", () => {
  it.each<[string, () => RedisClient]>([
    ["node-redis", () => nodeRedis],
    ["ioredis", () => ioRedis],
  ])("loses no call when its scripts are flushed under traffic, with %s", async (_what, client) => {
    const store = redis(client());
    const key = await begin(store);
    const options = { now: SECONDS(), expiresAt: SECONDS() + HOUR };
    const results = [];
    for (let round = 0; round < 20; round++) {
      await nodeRedis.scriptFlush();
      const update = (index: number) => store.update(key, { set: [[`${round}.${index}`, "1"]], unset: [] }, options);
      results.push(...(await Promise.all([update(0), nodeRedis.scriptFlush(), update(1), update(2)])));
    }
    expect(results.filter((result) => typeof result === "object" && result.ok)).toHaveLength(60);
    expect(Object.keys((await dataAt(store, key)) as object)).toHaveLength(60);
  });

  it("takes every session for gone after FLUSHALL, and begins anew", async () => {
    const store = redis(ioRedis);
    const options = { now: SECONDS(), expiresAt: SECONDS() + HOUR };
    const key = await begin(store, { subject: "flushed" });
    await nodeRedis.flushAll();
    expect(await store.load(key, { now: SECONDS() })).toBeNull();
    expect(await store.touch(key, options)).toBe(false);
    expect(await store.update(key, NO_CHANGE, options)).toEqual({ ok: false, why: "gone" });
    expect(await store.list?.("flushed")).toEqual([]);
    await store.remove(key);
    expect(await keysLike("*")).toEqual([]);
    await begin(store, { subject: "flushed" });
    expect(await store.list?.("flushed")).toHaveLength(1);
  });

  it("says what is wrong in one word when Redis has no memory left, and goes on reading", async () => {
    const store = redis(nodeRedis);
    const key = await begin(store, { data: '{"a":1}' });
    await nodeRedis.configSet("maxmemory", "1mb");
    const failing = store.create({ id: newSessionId() }, record({ data: '{"password":"SECRET"}' }));
    await expect(failing).rejects.toMatchObject({ code: "OOM", message: "Cannot ask Redis: OOM" });
    expect(await dataAt(store, key)).toEqual({ a: 1 });
    const touch = { seenAfter: 0, seenBefore: SECONDS() + 1, expiresAt: SECONDS() + 2 * HOUR };
    expect(await store.load(key, { now: SECONDS() + 1, touch })).toMatchObject({ data: '{"a":1}' });
    await store.remove(key);
    expect(await dataAt(store, key)).toBeNull();
    await nodeRedis.configSet("maxmemory", "0");
  });
});

describe("redis and its options", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an address", "redis://127.0.0.1"],
    ["a Map", new Map()],
    ["a client with callbacks", { eval() {}, evalsha() {}, connected: true }],
    ["the client's maker", createClient],
  ])("refuses %s for a client, and says which it takes", (_what, client) => {
    expect(() => redis(client as RedisClient)).toThrow(OptionError);
    expect(() => redis(client as RedisClient)).toThrow(/"redis" .* "ioredis"/);
  });

  it.each<[string, object]>([
    ["an empty prefix", { prefix: "" }],
    ["a prefix that is no text", { prefix: 1 }],
    ["a timeout of 0", { timeout: 0 }],
    ["a timeout that is negative", { timeout: -1 }],
    ["a timeout that is no number", { timeout: "5" }],
    ["a timeout in milliseconds", { timeout: 5000 }],
    ["a misspelt option", { prefx: "s:" }],
  ])("refuses %s", (_what, options) => {
    expect(() => redis(nodeRedis, options)).toThrow(OptionError);
  });

  it("refuses a cluster unless the prefix puts all keys on one node", () => {
    const cluster = createCluster({ rootNodes: [{ url: server.url }] });
    expect(() => redis(cluster)).toThrow('write "{session}:"');
    for (const prefix of ["{}:", "{}{session}:", "}{", "{session:"])
      expect(() => redis(cluster, { prefix })).toThrow(OptionError);
    expect(redis(cluster, { prefix: "{session}:" }).guarantees).toEqual({ atomic: true, immediate: true });
  });

  it("works with a pool of connections", async () => {
    const pool = createClientPool({ url: server.url });
    await pool.connect();
    const store = redis(pool);
    const key = await begin(store, { data: '{"a":1}' });
    expect(await dataAt(store, key)).toEqual({ a: 1 });
    pool.destroy();
  });

  it("works with a client that gives bytes", async () => {
    const store = redis(nodeRedis.withTypeMapping({ 36: Buffer }));
    const key = await begin(store, { data: '{"a":"Zürich 🚀"}', subject: "bytes", meta: { b: "c" } });
    expect(await dataAt(store, key)).toEqual({ a: "Zürich 🚀" });
    expect(await store.list?.("bytes")).toMatchObject([{ id: key.id, meta: { b: "c" } }]);
  });
});
