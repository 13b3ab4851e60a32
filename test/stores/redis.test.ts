/** The Redis store on a real server: the contract with both clients, and what is its own. */
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { redis } from "../../src/stores/redis.ts";
import { storeContract } from "../../src/testing/store-contract.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

const NODE_REDIS = (port: number) => createClient({ url: `redis://127.0.0.1:${port}` });
let server: RedisServer;
let nodeRedis: ReturnType<typeof NODE_REDIS>;
let ioRedis: Redis;

beforeAll(async () => {
  server = await startRedis();
  nodeRedis = NODE_REDIS(server.port);
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
