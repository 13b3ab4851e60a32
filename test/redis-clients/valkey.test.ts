/** The Redis store on a real Valkey: the contract with its own client, and with those of Redis. */
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redis } from "../../src/stores/redis/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { makeApp } from "../support/app.ts";
import type { RedisServer } from "../support/redis-server.ts";
import { packages } from "./packages.ts";
import { startValkey } from "./valkey.ts";

const { Redis: Valkey } = packages("iovalkey") as { Redis: new (port: number, host: string, options?: object) => Redis };
const connectTo = (port: number) => createClient({ url: `redis://127.0.0.1:${port}` });
let server: RedisServer;
let ioValkey: Redis;
let ioRedis: Redis;
let nodeRedis: ReturnType<typeof connectTo>;

beforeAll(async () => {
  server = await startValkey();
  ioValkey = new Valkey(server.port, "127.0.0.1");
  ioRedis = new Redis(server.port, "127.0.0.1");
  nodeRedis = connectTo(server.port);
  await nodeRedis.connect();
}, 120_000);

afterAll(async () => {
  ioValkey?.disconnect();
  ioRedis?.disconnect();
  nodeRedis?.destroy();
  await server?.stop();
});

it("is Valkey, and no Redis", async () => {
  expect(await ioValkey.info("server")).toContain("server_name:valkey");
});

describe("redis keeps the store contract on Valkey with iovalkey", () => {
  for (const { name, run } of storeContract(() => redis(ioValkey))) it(name, run);
});

describe("redis keeps the store contract on Valkey with node-redis", () => {
  for (const { name, run } of storeContract(() => redis(nodeRedis))) it(name, run);
});

describe("redis keeps the store contract on Valkey with ioredis", () => {
  for (const { name, run } of storeContract(() => redis(ioRedis))) it(name, run);
});

describe("a session on Valkey", () => {
  it("is read with one command, which is no script, also with iovalkey", async () => {
    const app = makeApp({ store: redis(ioValkey) });
    await app.does((session) => (session.data.views = 1));
    await ioValkey.config("RESETSTAT");
    await app.does((session) => session.data.views);
    const stats = await ioValkey.info("commandstats");
    expect([stats.includes("cmdstat_hgetall:calls=1"), stats.includes("cmdstat_evalsha")]).toEqual([true, false]);
  });

  it("survives a crash of a server that writes every change down", async () => {
    const durable = await startValkey(["--appendonly", "yes", "--appendfsync", "always"]);
    const client = new Valkey(durable.port, "127.0.0.1", { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false });
    client.on("error", () => {});
    const app = makeApp({ store: redis(client) });
    await app.does((session) => (session.data.views = 1));
    await app.does((session) => session.login("ada"));
    await durable.kill();
    await durable.start();
    await expect.poll(() => client.status, { timeout: 10_000 }).toBe("ready");
    expect(await app.does((session) => [session.data.views, session.subject])).toEqual([1, "ada"]);
    client.disconnect();
    await durable.stop();
  });
});
