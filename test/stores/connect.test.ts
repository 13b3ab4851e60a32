/** The bridge to Express stores: the contract on published ones, when they let sessions go, and callbacks of all kinds. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisStore } from "connect-redis";
import expressSession from "express-session";
import createMemoryStore from "memorystore";
import { createClient, type RedisClientType } from "redis";
import createFileStore from "session-file-store";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { OptionError, type SessionRecord, StoreError } from "../../src/index.ts";
import type { Move } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import { type ConnectOptions, type ConnectSession, type ConnectStore, connect } from "../../src/stores/bridges/connect.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { makeApp } from "../support/app.ts";
import { DAY, HOUR } from "../support/clock.ts";
import { freePort } from "../support/free-port.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { immediate } from "./immediate.ts";

const NO_CHANGE = { set: [], unset: [] };
const NEW_ID: Move = { by: "regenerateId", graceSeconds: 0 };

let redis: RedisClientType;
let server: RedisServer;
const folder = mkdtempSync(join(tmpdir(), "connect-"));

beforeAll(async () => {
  server = await startRedis();
  redis = createClient({ url: server.url, socket: { reconnectStrategy: () => 50 } });
  redis.on("error", () => {});
  await redis.connect();
});

afterAll(async () => {
  redis.destroy();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const FileStore = createFileStore(expressSession);
const MemoryStore = createMemoryStore(expressSession);
const fileStore = (more = {}) => new FileStore({ path: folder, retries: 0, logFn: () => {}, reapInterval: -1, ...more });

// Also the proof that the types of real stores fit.
const stores: [what: string, make: () => SessionStore][] = [
  ["memorystore", () => connect(new MemoryStore({ checkPeriod: DAY * 1000 }))],
  ["session-file-store", () => connect(fileStore())],
  ["connect-redis", () => connect(new RedisStore({ client: redis, prefix: "app:" }))],
  ["express-session's MemoryStore", () => connect(new expressSession.MemoryStore())],
];

let next = 0;
const newId = () => `-_an-id-of-a-session-${next++}`;
const now = () => Math.floor(Date.now() / 1000);

function record(fields: Partial<SessionRecord> = {}): SessionRecord {
  return { data: "{}", version: 1, startedAt: now(), seenAt: now(), expiresAt: now() + HOUR, ...fields };
}

describe.each(stores)("connect, %s", (_what, make) => {
  describe("keeps the store contract", () => {
    for (const { name, run } of storeContract(make)) it(name, run);
  });

  // All of these see at once what they wrote, so they are asked for more than the bridge can promise for every store.
  describe("keeps the contract of an immediate store", () => {
    for (const { name, run } of storeContract(() => immediate(make()))) it(name, run);
  });

  it("gives back odd text as it was", async () => {
    const store = make();
    for (const subject of ["", "__proto__", '{"$gt":""}', "a.b", "\ud800", "\u0000", "地名".repeat(5000)]) {
      const id = newId();
      const odd = record({ subject, meta: { $where: subject, "a.b": subject }, data: JSON.stringify({ [subject]: subject }) });
      await store.create({ id }, odd);
      expect(await store.load({ id }, { now: now() })).toEqual(odd);
    }
  });

  it("keeps a session without timeouts", async () => {
    const [store, id] = [make(), newId()];
    await store.create({ id }, record({ expiresAt: Number.POSITIVE_INFINITY }));
    expect(await store.load({ id }, { now: now() + 9999 * DAY })).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
  });

  it("gives no session that is over", async () => {
    const [store, id] = [make(), newId()];
    await store.create({ id }, record({ expiresAt: now() + 1 }));
    expect(await store.load({ id }, { now: now() + HOUR })).toBeNull();
  });
});

describe("connect", () => {
  it("promises neither atomic nor immediate, no marks to follow, and no list", () => {
    const store = connect(new expressSession.MemoryStore());
    expect(store.guarantees).toEqual({ atomic: false, immediate: false, marks: false });
    expect([store.list, store.removeAll, store.route]).toEqual([undefined, undefined, undefined]);
  });

  it("refuses what lacks a method, and timeouts that cannot be used", () => {
    expect(() => connect({ get() {} } as unknown as ConnectStore)).toThrow("it lacks the method set, destroy");
    expect(() => connect(undefined as unknown as ConnectStore)).toThrow(OptionError);
    for (const timeout of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 3601, "10", null]) {
      expect(() => connect(new expressSession.MemoryStore(), { timeout } as ConnectOptions)).toThrow(OptionError);
    }
  });

  it("gives the store a session as express-session would, with a cookie that says when it ends", async () => {
    const given: ConnectSession[] = [];
    const store = connect(keeping(given));
    const end = now() + HOUR;
    await store.create({ id: newId() }, record({ expiresAt: end, seenAt: end - 100 }));
    const [session] = given;
    expect(Object.keys(session ?? {})).toEqual(["cookie", "web-session-store"]);
    const [maxAge, expires] = [100_000, new Date(end * 1000)];
    expect(session?.cookie).toEqual({ originalMaxAge: maxAge, maxAge, expires, path: "/", httpOnly: true });
  });

  it("throws for a session that Express itself keeps under the id", async () => {
    const [store, id] = [new expressSession.MemoryStore(), newId()];
    store.set(id, { cookie: { originalMaxAge: null } });
    await expect(connect(store).load({ id }, { now: now() })).rejects.toThrow("Cannot read the session");
  });
});

describe("connect-redis lets a session go", () => {
  const setUp = () => {
    const store = connect(new RedisStore({ client: redis }));
    const id = newId();
    /** When Redis drops the key, in milliseconds. */
    const droppedAt = (which = id) => redis.pExpireTime(`sess:${which}`);
    return { store, id, droppedAt };
  };
  const within = (found: number, end: number, slack = 2) => {
    expect(found).toBeGreaterThanOrEqual(end * 1000);
    expect(found).toBeLessThanOrEqual((end + slack) * 1000);
  };

  it("when the record ends, or within two seconds after it", async () => {
    const { store, id, droppedAt } = setUp();
    const first = record({ expiresAt: now() + 100 });
    await store.create({ id }, first);
    within(await droppedAt(), first.expiresAt);
    await store.update({ id }, NO_CHANGE, { now: now(), expiresAt: now() + 200 });
    within(await droppedAt(), now() + 200);
    await store.touch({ id }, { now: now(), expiresAt: now() + HOUR });
    const end = now() + HOUR;
    within(await droppedAt(), end);
    await store.touch({ id }, { now: now(), expiresAt: now() + 10 });
    within(await droppedAt(), end);
    await store.load({ id }, { now: now(), touch: { seenAfter: 0, seenBefore: now(), expiresAt: now() + 2 * HOUR } });
    within(await droppedAt(), now() + 2 * HOUR);
  });

  it("60 seconds after it moved, and not before its own end under the new id", async () => {
    const { store, id, droppedAt } = setUp();
    const first = record({ expiresAt: now() + 30 * DAY });
    await store.create({ id }, first);
    const moved = newId();
    await store.replace({ id }, { id: moved }, NO_CHANGE, first, NEW_ID);
    within(await droppedAt(), first.seenAt + 60);
    within(await droppedAt(moved), first.expiresAt);
  });

  it("after ten years, when it has no timeouts", async () => {
    const { store, id, droppedAt } = setUp();
    await store.create({ id }, record({ expiresAt: Number.POSITIVE_INFINITY }));
    within(await droppedAt(), now() + 3650 * DAY);
  });
});

describe("session-file-store", () => {
  it("finds sessions after a restart", async () => {
    const [id, kept] = [newId(), record({ data: '{"a":1}', subject: "ada" })];
    await connect(fileStore()).create({ id }, kept);
    expect(await connect(fileStore()).load({ id }, { now: now() })).toEqual(kept);
    expect(readdirSync(folder)).toContain(`${id}.json`);
  });

  it("asks again and again for unknown ids unless its retries are turned off", async () => {
    const attempts = async (more: object) => {
      const log: string[] = [];
      const store = connect(fileStore({ minTimeout: 1, maxTimeout: 1, logFn: (line: string) => log.push(line), ...more }));
      expect(await store.load({ id: newId() }, { now: now() })).toBeNull();
      return log.filter((line) => line.includes("will retry")).length;
    };
    expect(await attempts({ retries: 5 })).toBe(5);
    expect(await attempts({ retries: 0 })).toBe(0);
  });

  it("fails for a file that is not JSON", async () => {
    const id = newId();
    writeFileSync(join(folder, `${id}.json`), "{");
    await expect(connect(fileStore()).load({ id }, { now: now() })).rejects.toThrow();
  });
});

/** A store whose methods a test writes; those it does not write call back at once. */
function scripted(methods: Partial<ConnectStore>): ConnectStore {
  return { get: (_sid, done) => done(null), set: (_sid, _session, done) => done(), destroy: (_sid, done) => done(), ...methods };
}

/** A store that puts what it is given into a list. */
function keeping(given: ConnectSession[]): ConnectStore {
  return scripted({
    set(_sid, session, done) {
      given.push(session);
      done();
    },
  });
}

describe("connect and callbacks", () => {
  afterEach(() => void vi.useRealTimers());
  const load = (methods: Partial<ConnectStore>, options = {}) =>
    connect(scripted(methods), options).load({ id: newId() }, { now: now() });

  it("may come at once, later, or with a promise beside them", async () => {
    expect(await load({ get: (_sid, done) => done(null, null) })).toBeNull();
    expect(await load({ get: (_sid, done) => done(undefined, undefined) })).toBeNull();
    expect(await load({ get: (_sid, done) => void setImmediate(done) })).toBeNull();
    expect(await load({ get: async (_sid, done) => done(null) })).toBeNull();
  });

  it("count the first time", async () => {
    const failure = new Error("late");
    const calling = (...errors: unknown[]): ConnectStore["get"] => {
      return (_sid, done) => {
        for (const error of errors) done(error);
      };
    };
    expect(await load({ get: calling(null, failure, null) })).toBeNull();
    await expect(load({ get: calling(failure, null) })).rejects.toBe(failure);
    const failsAfter: ConnectStore["get"] = async (_sid, done) => {
      done(null);
      throw failure;
    };
    expect(await load({ get: failsAfter })).toBeNull();
  });

  it("bring errors of every operation to the caller", async () => {
    const failure = Object.assign(new Error("holds session data"), { code: "ECONNREFUSED" });
    const options = { now: now(), expiresAt: now() + HOUR };
    const id = newId();
    const kept: ConnectSession[] = [];
    await connect(keeping(kept)).create({ id }, record());
    const get: ConnectStore["get"] = (_sid, done) => done(null, kept[0]);
    const failing = connect(
      scripted({ get, set: (_sid, _session, done) => done(failure), destroy: (_sid, done) => done(failure) }),
    );
    await expect(failing.create({ id }, record())).rejects.toBe(failure);
    await expect(failing.update({ id }, NO_CHANGE, options)).rejects.toBe(failure);
    await expect(failing.touch({ id }, options)).rejects.toBe(failure);
    await expect(failing.replace({ id }, { id: newId() }, NO_CHANGE, record(), NEW_ID)).rejects.toBe(failure);
    await expect(failing.remove({ id })).rejects.toBe(failure);
    await expect(failing.take({ id })).rejects.toBe(failure);
    await expect(load({ get: (_sid, done) => done(failure) })).rejects.toBe(failure);
    await expect(load({ get: (_sid, done) => done("in words") })).rejects.toBe("in words");
  });

  it("need not come: a store that throws or rejects fails at once", async () => {
    const failure = new Error("not connected");
    const throwing = () => {
      throw failure;
    };
    await expect(load({ get: throwing })).rejects.toBe(failure);
    await expect(load({ get: async () => throwing() })).rejects.toBe(failure);
  });

  it.each([
    [undefined, 10],
    [0.5, 0.5],
    [60, 60],
  ])("that never come are given up: timeout %s is %s seconds", async (timeout, seconds) => {
    vi.useFakeTimers();
    let settled = false;
    const options = timeout === undefined ? {} : { timeout };
    const loading = load({ get() {} }, options).finally(() => (settled = true));
    const outcome = expect(loading).rejects.toMatchObject({
      code: "ETIMEDOUT",
      message: expect.stringContaining(`${seconds} seconds`),
    });
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await outcome;
  });

  it("that come leave no timer behind", async () => {
    vi.useFakeTimers();
    await load({});
    await load({ get: (_sid, done) => done(new Error("failed")) }).catch(() => {});
    await load({
      get() {
        throw new Error("failed");
      },
    }).catch(() => {});
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that fail make a request fail, without what the store said", async () => {
    const failure = Object.assign(new Error("SET sess:1 secret"), { code: "ECONNREFUSED" });
    const { does } = makeApp({ store: connect(scripted({ set: (_sid, _session, done) => done(failure) })) });
    const error = await does((session) => session.login("ada")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toBe("StoreError: Cannot create the session: the store failed (ECONNREFUSED)");
  });
});

describe("connect and a store that loses its connection", () => {
  it("goes on after the events that Express stores emit", async () => {
    const express = new expressSession.MemoryStore();
    const store = connect(express);
    const [id, kept] = [newId(), record()];
    await store.create({ id }, kept);
    express.emit("disconnect");
    expect(await store.load({ id }, { now: now() })).toEqual(kept);
    express.emit("connect");
    expect(await store.load({ id }, { now: now() })).toEqual(kept);
  });

  it("fails while Redis is away, and not for longer than the timeout", async () => {
    const away = createClient({ url: `redis://127.0.0.1:${await freePort()}`, socket: { reconnectStrategy: () => 50 } });
    away.on("error", () => {});
    const connecting = away.connect().catch(() => {});
    const store = connect(new RedisStore({ client: away }), { timeout: 0.2 });
    await expect(store.load({ id: newId() }, { now: now() })).rejects.toMatchObject({ code: "ETIMEDOUT" });
    away.destroy();
    await connecting;
  });
});

describe("an application with an Express store", () => {
  it("logs in, changes its session, gets a new id, and logs out for good", async () => {
    const { does, browser, newBrowser } = makeApp({
      now: now,
      store: connect(new RedisStore({ client: redis, prefix: "story:" })),
    });
    await does((session) => {
      session.login("ada");
      session.data.cart = ["apple"];
    });
    const copy = newBrowser();
    for (const [name, held] of browser.cookies) copy.cookies.set(name, held);
    await does((session) => session.update((data) => (data.count = 1)));
    await does((session) => session.regenerateId());
    expect(await does((session) => [session.subject, { ...session.data }])).toEqual(["ada", { cart: ["apple"], count: 1 }]);
    await does((session) => session.logout(), copy);
    expect(await does((session) => session.subject)).toBeUndefined();
    expect(await redis.keys("story:*")).toEqual([]);
  });
});
