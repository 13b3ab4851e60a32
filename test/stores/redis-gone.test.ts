/** Every cell of the table of what a request is told whose session is gone, on a real Redis. */
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redis } from "../../src/stores/redis/index.ts";
import { goneCases } from "../contracts/gone.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

const connectTo = (port: number) => createClient({ url: `redis://127.0.0.1:${port}` });
let server: RedisServer;
let client: ReturnType<typeof connectTo>;

beforeAll(async () => {
  server = await startRedis();
  client = connectTo(server.port);
  await client.connect();
});

afterAll(async () => {
  client?.destroy();
  await server?.stop();
});

describe("a request whose session is not there any more: Redis", () => {
  for (const { name, run } of goneCases(() => redis(client), expect)) it(name, run);
});
