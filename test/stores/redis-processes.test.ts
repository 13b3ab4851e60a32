/** Two processes of an application on one Redis: 100 requests of one visitor at the same time, and nothing is lost. */
import { createClient } from "redis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { redis } from "../../src/stores/redis/index.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { ALL_WRITTEN, writeFromTwo } from "../support/two-processes.ts";

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());

it.each([
  ["node-redis", "node-redis"],
  ["ioredis", "ioredis"],
  ["node-redis", "ioredis"],
])("loses nothing of 100 parallel requests, with %s and %s", async (first, second) => {
  const client = await createClient({ url: server.url }).connect();
  const env = (name: string) => ({ REDIS_URL: server.url, CLIENT: name });
  const data = await writeFromTwo(redis(client), "test/support/redis-writer.ts", [env(first), env(second)]);
  expect(data).toEqual(ALL_WRITTEN);
  client.destroy();
});
