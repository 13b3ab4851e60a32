/** The Redis store with the client of Upstash as it is published, on a real Redis behind HTTP. */
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import type { SessionRecord } from "../../src/session/record.ts";
import { redis, type UpstashRedisClient } from "../../src/stores/redis/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { type Act, makeApp } from "../support/app.ts";
import { DAY, HOUR } from "../support/clock.ts";
import { freePort } from "../support/free-port.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashFront, type UpstashFront } from "../support/upstash-front.ts";
import { packages } from "./packages.ts";

const { Redis } = packages("@upstash/redis") as { Redis: new (options: object) => UpstashRedisClient };
const EXACT = { retry: { retries: 0 } };
const NOW = Math.floor(Date.now() / 1000);
const USE = { now: NOW, expiresAt: NOW + HOUR };
let server: RedisServer;
let front: UpstashFront;

beforeAll(async () => {
  server = await startRedis();
  front = await startUpstashFront(server.port);
});

afterAll(async () => {
  await front?.close();
  await server?.stop();
});

const clientWith = (options: object) => new Redis({ url: front.url, token: front.token, enableTelemetry: false, ...options });
const storeWith = (options: object) => redis(clientWith(options));

function record(data: unknown): SessionRecord {
  return { data: JSON.stringify(data), version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + HOUR };
}

describe.each<[string, object]>([
  ["as docs/redis.md has it", EXACT],
  ["without options", {}],
  [
    "that sends each command alone, and leaves answers as they are",
    { enableAutoPipelining: false, automaticDeserialization: false },
  ],
  ["that asks for answers as plain text", { responseEncoding: false }],
])("redis keeps the store contract with a client of Upstash %s", (_what, options) => {
  for (const { name, run } of storeContract(() => storeWith(options))) it(name, run);
});

describe("redis with a client of Upstash", () => {
  it("brings back what looks like JSON, like base64 or like an answer, as it was", async () => {
    const texts = [
      "1",
      "1.0",
      "true",
      "null",
      '"x"',
      '["x"]',
      "OK",
      "T0s=",
      ":x",
      "\ufeffx",
      "12345678901234567890",
      "",
      "\ud800",
    ];
    const data = Object.fromEntries(
      texts.flatMap((text, at) => [
        [text, at],
        [`value ${at}`, text],
      ]),
    );
    const number = () => `1${String(Math.random()).slice(2, 15).padEnd(15, "1")}`;
    for (const options of [EXACT, { ...EXACT, responseEncoding: false }, { ...EXACT, automaticDeserialization: false }]) {
      const store = storeWith(options);
      const subject = `1${newSessionId()}`;
      const [key, next] = [{ id: number() }, { id: number() }];
      await store.create(key, { ...record(data), subject, meta: { device: "1" } });
      expect(JSON.parse(((await store.load(key, { now: NOW })) as SessionRecord).data)).toEqual(data);
      expect(await store.list?.(subject)).toMatchObject([{ id: key.id, meta: { device: "1" } }]);
      await store.replace(key, next, { set: [["1", '"2"']], unset: [] }, record({}), { by: "login", graceSeconds: 0 });
      expect(await store.load(key, { now: NOW })).toMatchObject({ to: next });
      expect(JSON.parse((await store.take(next))?.data ?? "")).toEqual({ ...data, 1: "2" });
    }
  });

  it("loses no call when its scripts are flushed under traffic", async () => {
    const direct = await createClient({ url: server.url }).connect();
    const store = storeWith({});
    const key = { id: newSessionId() };
    await store.create(key, record({}));
    for (let round = 0; round < 10; round++) {
      const update = (name: string) => store.update(key, { set: [[`${name}${round}`, "1"]], unset: [] }, USE);
      await Promise.all([direct.scriptFlush(), update("a"), update("b"), direct.scriptFlush(), update("c")]);
    }
    expect(await store.load(key, { now: NOW })).toMatchObject({ version: 31 });
    direct.destroy();
  });

  it("costs as many requests as the documentation says round trips", async () => {
    const app = makeApp({ store: storeWith(EXACT) });
    const cost = async (act: Act) => {
      front.requests();
      await app.does(act);
      return front.requests();
    };
    const read: Act = (session) => session.data.views;
    const change: Act = (session) => (session.data.views = 1 + Number(session.data.views ?? 0));
    // Once without counting: the first call of each script finds that the server does not have it yet.
    for (const act of [change, change, (session) => session.login("ada")] as Act[]) await app.does(act);
    app.clock.pass(DAY / 3);
    for (const act of [read, (session) => session.logout()] as Act[]) await app.does(act);
    const costs = [await cost(read), await cost(change), await cost(read), await cost(change)];
    expect([...costs, await cost((session) => session.login("ada"))]).toEqual([0, 1, 1, 2, 2]);
    app.clock.pass(DAY / 3);
    expect(await cost(read)).toBe(2);
  });
});

describe("redis and an answer of Upstash that is lost", () => {
  const add = async (options: object) => {
    const store = storeWith({ ...options, enableAutoPipelining: false });
    const key = { id: newSessionId() };
    await store.create(key, record({}));
    await store.update(key, { set: [], unset: [] }, USE);
    front.loseAnswers(1);
    const said = await store.update(key, { set: [], unset: [] }, USE).catch(({ code, retryable }) => ({ code, retryable }));
    return { said, version: ((await store.load(key, { now: NOW })) as SessionRecord).version };
  };

  it("does a change once with retries: 0, and says that trying again may help", async () => {
    expect(await add(EXACT)).toEqual({ said: { code: "UND_ERR_SOCKET", retryable: true }, version: 3 });
  });

  it.each<[string, object]>([
    ["without options", {}],
    ["with retry: false, which tries again once", { retry: false }],
  ])("does it twice %s", async (_what, options) => {
    expect(await add(options)).toEqual({ said: { ok: true, version: 4 }, version: 4 });
  });

  it("takes a record for used up which nobody got, without options", async () => {
    const store = storeWith({});
    for (const lost of [0, 1]) {
      const key = { id: newSessionId() };
      await store.create(key, record({}));
      front.loseAnswers(lost);
      expect(await store.take(key)).toEqual(lost === 0 ? record({}) : null);
    }
  });
});

describe("redis and an Upstash that does not answer", () => {
  it("fails in time", async () => {
    const store = redis(clientWith(EXACT), { timeout: 0.2 });
    front.beSilent(true);
    await expect(store.load({ id: newSessionId() }, { now: NOW })).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
    front.beSilent(false);
    expect(await store.load({ id: newSessionId() }, { now: NOW })).toBeNull();
  });

  it.each([true, false])(
    "says in one word what is wrong, and nothing of the data; auto-pipelining: %s",
    async (enableAutoPipelining) => {
      const options = { ...EXACT, enableAutoPipelining };
      const key = { id: newSessionId() };
      const failing = async (over: object) => {
        const error: unknown = await storeWith({ ...options, ...over })
          .create(key, record({ secret: "SECRET" }))
          .catch((caught) => caught);
        expect(JSON.stringify(error, Object.getOwnPropertyNames(error)).includes("SECRET")).toBe(false);
        return error;
      };
      expect(await failing({ token: "wrong" })).toMatchObject({ code: "WRONGPASS", retryable: false });
      const url = `http://127.0.0.1:${await freePort()}`;
      expect(await failing({ url })).toMatchObject({ code: "ECONNREFUSED", retryable: true });
      const direct = await createClient({ url: server.url }).connect();
      await direct.set(`session:s:${key.id}`, "x");
      expect(await failing({})).toMatchObject({ code: "WRONGTYPE", message: "Cannot ask Redis: WRONGTYPE", retryable: false });
      direct.destroy();
    },
  );
});
