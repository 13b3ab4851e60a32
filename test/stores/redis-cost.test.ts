/** What requests cost in Redis: how many commands and scripts are sent, as docs/redis.md says. */
import { Redis } from "ioredis";
import { createClient, createClientPool } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import { type RedisClient, redis } from "../../src/stores/redis/index.ts";
import { type Act, type App, makeApp } from "../support/app.ts";
import { DAY } from "../support/clock.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

let server: RedisServer;
let client: Awaited<ReturnType<typeof connect>>;
const connect = () => createClient({ url: server.url }).connect();

beforeAll(async () => {
  server = await startRedis();
  client = await connect();
});

afterAll(async () => {
  client?.destroy();
  await server?.stop();
});

/** How many commands one request sends: scripts, and reads. */
async function cost({ does }: App, act: Act): Promise<number> {
  await client.configResetStat();
  await does(act);
  const stats = await client.info("commandstats");
  const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return calls("evalsha") + calls("eval") + calls("hgetall");
}

describe("a read", () => {
  const readBy = async (reader: RedisClient) => {
    const key = { id: newSessionId() };
    const record = { data: '{"a":1}', version: 1, startedAt: 0, seenAt: 0, expiresAt: 9e9 };
    await redis(client).create(key, record);
    const store = redis(reader);
    await store.load(key, { now: 1 });
    await client.configResetStat();
    expect(await store.load(key, { now: 1 })).toEqual(record);
    return /cmdstat_evalsha/.test(await client.info("commandstats")) ? "script" : "command";
  };

  it("is one command, with a client or a pool of connections", async () => {
    const pool = createClientPool({ url: server.url });
    await pool.connect();
    const ioRedis = new Redis(server.url);
    expect([await readBy(client), await readBy(pool), await readBy(ioRedis)]).toEqual(["command", "command", "command"]);
    const maps = client.withTypeMapping({ 37: Map });
    const arrays = client.withTypeMapping({ 37: Array });
    expect([await readBy(maps), await readBy(arrays)]).toEqual(["command", "command"]);
    pool.destroy();
    ioRedis.disconnect();
  });

  it("is a script with a client that would answer from its own memory", async () => {
    const caching = await createClient({ url: server.url, RESP: 3, clientSideCache: { ttl: 0, maxEntries: 0 } }).connect();
    expect(await readBy(caching)).toBe("script");
    caching.destroy();
  });

  it("is a script with a sentinel and with a cluster, which may ask replicas for what only reads", async () => {
    const never = { eval: async () => [], evalSha: async () => [], hGetAll: async () => Promise.reject(new Error("a replica")) };
    const others = [
      { ...never, getMasterNode() {} },
      { ...never, nodeByAddress: new Map() },
    ];
    const cluster = { status: "ready", isCluster: true, eval: async () => [], evalsha: async () => [], hgetall: never.hGetAll };
    for (const other of [...others, cluster] as RedisClient[])
      await expect(redis(other, { prefix: "{s}:" }).load({ id: newSessionId() }, { now: 1 })).resolves.toBeNull();
  });
});

it("costs as many round trips as the documentation says", async () => {
  const app = makeApp({ store: redis(client) });
  const login: Act = (session) => session.login("ada");
  const read: Act = (session) => session.data.views;
  const change: Act = (session) => (session.data.views = 1 + Number(session.data.views ?? 0));
  const change2: Act = (session) => session.update((data) => (data.views = 9));
  // Once without counting: the first call of each script finds that the server does not have it yet.
  for (const act of [change, change, login, change2, (session) => session.logout()] as Act[]) await app.does(act);
  expect(await cost(app, read)).toBe(0);
  expect(await cost(app, change)).toBe(1);
  expect(await cost(app, () => {})).toBe(1);
  expect(await cost(app, read)).toBe(1);
  expect(await cost(app, change)).toBe(2);
  expect(await cost(app, login)).toBe(2);
  expect(await cost(app, change2)).toBe(3);
  expect(await cost(app, (session) => session.regenerateId())).toBe(2);
  app.clock.pass(DAY / 3);
  await app.does(read);
  app.clock.pass(DAY / 3);
  expect(await cost(app, read)).toBe(2);
  expect(await cost(app, (session) => session.logout())).toBe(2);
});
