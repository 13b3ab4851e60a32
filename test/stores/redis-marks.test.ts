/** The Redis store's marks and what may be taken once, as hashes on a real server; and the hashes of version 0.1.0. */
import { createClient } from "redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Move, SessionRecord } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import { redis } from "../../src/stores/redis/index.ts";
import { HOUR, MINUTE } from "../support/clock.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { BROKEN_MARKS, CIRCLES, isNoEndlessTrail, isNoSession } from "./broken-marks.ts";
import { BROKEN_FIELDS, isNoRecord } from "./broken-records.ts";

const NOW = 1795000600;
const ID = "t0xTt6kY0nCzgkVv6aY1kTQ9mB7JvW";
const [OLD, NEXT, VISITOR] = [`${ID}q1`, `${ID}q2`, `${ID}q3`];
const NO_CHANGE = { set: [], unset: [] };
const SET = "session:u:u8FGGBkc46ATgP9-o_MD1UQ";
let server: RedisServer;
let client: Awaited<ReturnType<typeof connect>>;
let store: SessionStore;
const connect = () => createClient({ url: server.url }).connect();
const hash = (id: string) => client.hGetAll(`session:s:${id}`);

beforeAll(async () => {
  server = await startRedis();
  client = await connect();
  store = redis(client);
});

afterAll(async () => {
  client?.destroy();
  await server?.stop();
});

beforeEach(async () => {
  await client.flushAll();
});

const RECORD: SessionRecord = {
  data: '{"cart":["apple"],"views":3}',
  version: 4,
  startedAt: NOW - 600,
  seenAt: NOW,
  expiresAt: NOW + 24 * HOUR,
  subject: "ada",
  meta: { device: "Firefox" },
};

/** What version 0.1.0 writes for {@link RECORD}. Never to be changed. */
const FROZEN_RECORD = {
  "d:cart": '["apple"]',
  "d:views": "3",
  "m:version": "4",
  "m:startedAt": "1795000000",
  "m:seenAt": "1795000600",
  "m:expiresAt": "1795087000",
  "m:subject": '"ada"',
  "m:set": "u8FGGBkc46ATgP9-o_MD1UQ",
  "m:meta": '{"device":"Firefox"}',
};

describe("a hash that version 0.1.0 writes is read by every later version:", () => {
  it("a session is loaded, listed, changed, and ended with its user's", async () => {
    await client.hSet(`session:s:${OLD}`, FROZEN_RECORD);
    // When the server drops it, by the server's clock.
    await client.zAdd(SET, { value: OLD, score: Date.now() + 24 * HOUR * 1000 });
    expect(await store.load({ id: OLD }, { now: NOW })).toEqual(RECORD);
    expect(await store.list?.("ada")).toMatchObject([{ id: OLD, meta: { device: "Firefox" } }]);
    const change = { set: [["views", "4"] as const], unset: [] };
    expect(await store.update({ id: OLD }, change, { now: NOW, expiresAt: NOW })).toEqual({ ok: true, version: 5 });
    expect(await store.removeAll?.("ada")).toBe(1);
    expect(await client.keys("*")).toEqual([]);
  });

  it.each([
    [{ by: "login" }, { "m:by": "login" }],
    [
      { by: "regenerateId", graceUntil: NOW + 10 },
      { "m:by": "regenerateId", "m:grace": "1795000610" },
    ],
  ])("a mark with %j, and a logout goes through it", async (said, fields) => {
    await client.hSet(`session:s:${OLD}`, { "m:movedAt": "1795000600", "m:to": NEXT, ...fields });
    await client.hSet(`session:s:${NEXT}`, FROZEN_RECORD);
    expect(await store.load({ id: OLD }, { now: NOW + 59 })).toEqual({ movedAt: NOW, to: { id: NEXT }, ...said });
    expect(await store.load({ id: OLD }, { now: NOW + 60 })).toBeNull();
    await store.remove({ id: OLD });
    expect(await client.keys("*")).toEqual([]);
  });
});

describe("a mark", () => {
  it.each<[Move, Record<string, string>]>([
    [{ by: "login", graceSeconds: 0 }, { "m:by": "login" }],
    [{ by: "regenerateId", graceSeconds: 0 }, { "m:by": "regenerateId" }],
    [
      { by: "regenerateId", graceSeconds: 10 },
      { "m:by": "regenerateId", "m:grace": "1795000610" },
    ],
  ])("of %j is a hash that says where to, why and until when, and nothing of the session", async (move, said) => {
    await store.create({ id: VISITOR }, RECORD);
    await store.replace({ id: VISITOR }, { id: NEXT }, NO_CHANGE, RECORD, move);
    expect(await hash(VISITOR)).toEqual({ "m:movedAt": "1795000600", "m:to": NEXT, ...said });
    expect(await client.zRange(SET, 0, -1)).toEqual([NEXT]);
  });

  it.each(BROKEN_MARKS)("that %s is no session", async (_what, change) => {
    const { to, by, graceUntil } = { to: NEXT, by: "regenerateId", graceUntil: NOW + 10, ...change };
    const fields = { "m:movedAt": "1795000600", "m:to": to, "m:by": by, "m:grace": graceUntil };
    const there = Object.entries(fields).filter(([, value]) => value !== undefined);
    await client.hSet(`session:s:${OLD}`, Object.fromEntries(there.map(([field, value]) => [field, String(value)])));
    await isNoSession(store, { id: OLD }, NOW);
    expect(await client.keys("*")).toEqual([]);
  });

  it.each(CIRCLES)("that %s ends a logout, and goes", async (_what, places) => {
    const keys = places.map((_to, place) => ({ id: `${ID}c${place}` }));
    for (const [place, to] of places.entries()) {
      const mark = { "m:movedAt": "1795000600", "m:to": `${ID}c${to}`, "m:by": "login" };
      await client.hSet(`session:s:${ID}c${place}`, mark);
    }
    await isNoEndlessTrail(store, keys, NOW);
    expect(await client.keys("*")).toEqual([]);
  });

  it("keeps the fractions of an instant", async () => {
    const seenAt = NOW + 0.123456;
    await store.create({ id: VISITOR }, { ...RECORD, seenAt });
    await store.replace({ id: VISITOR }, { id: NEXT }, NO_CHANGE, { ...RECORD, seenAt }, { by: "regenerateId", graceSeconds: 7 });
    const mark = { movedAt: seenAt, to: { id: NEXT }, by: "regenerateId", graceUntil: seenAt + 7 };
    expect(await store.load({ id: VISITOR }, { now: NOW })).toEqual(mark);
  });
});

describe("a hash of which somebody broke a field", () => {
  const use = { now: NOW, expiresAt: NOW + 48 * HOUR };
  const ada = { ...RECORD, seenAt: NOW };
  const begin = async () => {
    for (const id of [OLD, NEXT]) await store.create({ id }, ada);
  };
  const move = { by: "login", graceSeconds: 0 } as const;

  it.each(BROKEN_FIELDS)("m:%s, which is now %j, is no session", async (field, value) => {
    await begin();
    await client.hSet(`session:s:${OLD}`, `m:${field}`, value);
    const limits = { seenAfter: 0, maxBytes: 1000 };
    expect(await store.update({ id: OLD }, NO_CHANGE, { ...use, ...limits })).toEqual({ ok: false, why: "gone" });
    await isNoRecord(store, { id: OLD }, { other: { id: NEXT }, subject: "ada", now: NOW });
    expect(await client.zRange(SET, 0, -1)).toEqual([NEXT]);
  });

  it.each(["m:version", "m:seenAt", "m:expiresAt"])("%s, without a number, is not changed and not moved", async (field) => {
    await begin();
    await client.hSet(`session:s:${OLD}`, field, "secret");
    const before = [await hash(OLD), await client.keys("*"), await client.zRange(SET, 0, -1)];
    const gone = { ok: false, why: "gone" };
    expect(await store.update({ id: OLD }, NO_CHANGE, use)).toEqual(gone);
    expect(await store.replace({ id: OLD }, { id: VISITOR }, NO_CHANGE, ada, { ...move, maxSessions: 1 })).toEqual(gone);
    expect(await store.touch({ id: OLD }, use)).toBe(false);
    await expect(store.create({ id: OLD }, ada)).rejects.toThrow("its id is taken");
    expect([await hash(OLD), await client.keys("*"), await client.zRange(SET, 0, -1)]).toEqual(before);
  });

  it("m:seenAt does not keep its user from logging in, and goes first", async () => {
    await begin();
    await client.hSet(`session:s:${OLD}`, "m:seenAt", "secret");
    await store.create({ id: VISITOR }, ada, { maxSessions: 2 });
    expect((await client.zRange(SET, 0, -1)).sort()).toEqual([NEXT, VISITOR].sort());
    await client.hSet(`session:s:${NEXT}`, "m:seenAt", "secret");
    const last = { id: `${ID}q4` };
    expect(await store.replace({ id: VISITOR }, last, NO_CHANGE, ada, { ...move, maxSessions: 1 })).toMatchObject({ ok: true });
    expect(await client.zRange(SET, 0, -1)).toEqual([last.id]);
  });
});

describe("a call that fails in the middle of its script", () => {
  const use = { now: NOW, expiresAt: NOW + 48 * HOUR };
  const everything = async () => Promise.all((await client.keys("*")).sort().map(async (key) => [key, await client.dump(key)]));

  it("changes nothing: what should be a set of a user's sessions is none", async () => {
    await store.create({ id: VISITOR }, RECORD);
    await client.set(SET, "none");
    const before = await everything();
    const move = { by: "login", graceSeconds: 0 } as const;
    const patch = { set: [["a", "1"] as const], unset: [] };
    await expect(store.create({ id: OLD }, RECORD)).rejects.toThrow();
    await expect(store.update({ id: VISITOR }, patch, use)).rejects.toThrow();
    await expect(store.touch({ id: VISITOR }, use)).rejects.toThrow();
    await expect(store.replace({ id: VISITOR }, { id: NEXT }, patch, RECORD, move)).rejects.toThrow();
    expect(await everything()).toEqual(before);
    await store.remove({ id: VISITOR });
    expect(await client.keys("*")).toEqual([SET]);
  });

  it("changes nothing: an earlier user's set is none", async () => {
    const other = { ...RECORD, subject: "bob" };
    await store.create({ id: VISITOR }, RECORD);
    await client.set(SET, "none");
    const before = await everything();
    const moving = store.replace({ id: VISITOR }, { id: NEXT }, NO_CHANGE, other, { by: "login", graceSeconds: 0 });
    await expect(moving).rejects.toThrow();
    expect(await everything()).toEqual(before);
  });

  it("does not: one of a user's keys is no hash, and lists, logins and logouts go on", async () => {
    for (const id of [OLD, NEXT]) await store.create({ id }, RECORD);
    await client.set(`session:s:${OLD}`, "secret");
    await store.create({ id: VISITOR }, RECORD, { maxSessions: 2 });
    expect((await store.list?.("ada"))?.map(({ id }) => id).sort()).toEqual([NEXT, VISITOR].sort());
    await store.remove({ id: OLD });
    expect(await store.load({ id: OLD }, { now: NOW })).toBeNull();
    await client.zAdd(SET, { value: OLD, score: Date.now() + HOUR * 1000 });
    await client.set(`session:s:${OLD}`, "secret");
    expect(await store.removeAll?.("ada")).toBe(2);
  });
});

describe("a session with timeouts of its own", () => {
  const own = { idleTimeout: 60 * 24 * HOUR, absoluteTimeout: 365 * 24 * HOUR };
  const fields = { "m:idle": "5184000", "m:abs": "31536000" };

  it("has two fields more, and is read, listed, moved and taken with them", async () => {
    await store.create({ id: OLD }, { ...RECORD, ...own });
    expect(await hash(OLD)).toEqual({ ...FROZEN_RECORD, ...fields });
    expect(await store.load({ id: OLD }, { now: NOW })).toEqual({ ...RECORD, ...own });
    const { startedAt, seenAt, expiresAt, meta } = RECORD;
    expect(await store.list?.("ada")).toEqual([{ id: OLD, startedAt, seenAt, expiresAt, meta, ...own }]);
    await store.replace({ id: OLD }, { id: NEXT }, NO_CHANGE, { ...RECORD, idleTimeout: 1 }, { by: "login", graceSeconds: 0 });
    expect(await hash(NEXT)).toEqual({ ...FROZEN_RECORD, "m:version": "5", "m:idle": "1" });
    expect(await store.take({ id: NEXT })).toEqual({ ...RECORD, version: 5, idleTimeout: 1 });
  });
});

describe("a record that is taken", () => {
  it("is out of its user's set, and leaves no key", async () => {
    await store.create({ id: OLD }, RECORD);
    expect(await store.take({ id: OLD })).toEqual(RECORD);
    expect(await client.keys("*")).toEqual([]);
    expect(await store.take({ id: OLD })).toBeNull();
  });

  it("leaves the others of its user", async () => {
    for (const id of [OLD, NEXT]) await store.create({ id }, RECORD);
    await store.take({ id: OLD });
    expect(await client.zRange(SET, 0, -1)).toEqual([NEXT]);
    expect((await store.list?.("ada"))?.map(({ id }) => id)).toEqual([NEXT]);
  });

  it("goes to one of 50 callers with two connections", async () => {
    const other = await connect();
    const stores = [store, redis(other)];
    await store.create({ id: OLD }, RECORD);
    const callers = Array.from({ length: 50 }, (_none, index) => stores[index % 2]?.take({ id: OLD }));
    expect((await Promise.all(callers)).filter((answer) => answer !== null)).toEqual([RECORD]);
    other.destroy();
  });

  it("is given out also when it has expired by the caller's clock, and Redis has not dropped it", async () => {
    const seenAt = Math.floor(Date.now() / 1000) - HOUR;
    const record = { ...RECORD, seenAt, expiresAt: seenAt + HOUR + MINUTE };
    await store.create({ id: OLD }, record);
    expect(await store.touch({ id: OLD }, { now: record.expiresAt, expiresAt: record.expiresAt + HOUR })).toBe(false);
    expect(await store.take({ id: OLD })).toEqual(record);
  });

  it("can be taken from a server that has no memory left", async () => {
    await store.create({ id: OLD }, RECORD);
    await client.configSet("maxmemory", "1mb");
    expect(await store.take({ id: OLD })).toEqual(RECORD);
    await client.configSet("maxmemory", "0");
  });
});
