/** The Redis store with Upstash's client inside workerd. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { SECRET } from "../support/secrets.ts";
import { startUpstashFront, type UpstashFront } from "../support/upstash-front.ts";
import { browserOf, startWorker } from "../support/workerd.ts";
import "./packages.ts";

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

it("keeps a visitor's session over a login, also of several requests at once", async () => {
  const text = (value: string) => ({ type: "plain_text" as const, value });
  const worker = await startWorker("test/redis-clients/upstash-worker.ts", {
    bindings: { UPSTASH_URL: text(front.url), UPSTASH_TOKEN: text(front.token), SESSION_SECRET: text(SECRET) },
  });
  const browser = browserOf(worker);
  const visit = async () => (await browser.visit("/")).json();
  expect(await visit()).toEqual({ count: 1 });
  expect(await visit()).toEqual({ count: 2, subject: "ada" });
  expect(await visit()).toEqual({ count: 3, subject: "ada" });
  const several = await Promise.all([browser.ask("/"), browser.ask("/"), browser.ask("/")]);
  expect(several.map(({ status }) => status)).toEqual([200, 200, 200]);
});
