/** Two processes of an application on one Redis: 100 requests of one visitor at the same time, and nothing is lost. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createClient } from "redis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSessions } from "../../src/index.ts";
import { redis } from "../../src/stores/redis/index.ts";
import { Browser } from "../support/browser.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { SECRET } from "../support/secrets.ts";

let server: RedisServer;
const writers: ChildProcess[] = [];

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  for (const writer of writers) writer.kill("SIGKILL");
  await server?.stop();
});

/** Starts a process; resolves when it waits for the word to go. */
async function startWriter(client: string, name: string, cookie: string): Promise<ChildProcess> {
  const env = { ...process.env, REDIS_URL: server.url, CLIENT: client, NAME: name, COOKIE: cookie };
  const writer = spawn("node", ["test/support/redis-writer.ts"], { env, stdio: ["pipe", "pipe", "inherit"] });
  writers.push(writer);
  await once(writer.stdout, "data");
  return writer;
}

it.each([
  ["node-redis", "node-redis"],
  ["ioredis", "ioredis"],
  ["node-redis", "ioredis"],
])("loses nothing of 100 parallel requests, with %s and %s", async (first, second) => {
  const client = await createClient({ url: server.url }).connect();
  const sessions = createSessions({ secrets: SECRET, store: redis(client) });
  const browser = new Browser(
    sessions.handler((_request, session) => {
      if (session.isNew) session.login("ada");
      return Response.json(session.data);
    }),
  );
  await browser.visit("/");
  const started = [startWriter(first, "first", browser.cookieHeader()), startWriter(second, "second", browser.cookieHeader())];
  const pair = await Promise.all(started);
  const codes = pair.map(async (writer) => (await once(writer, "exit"))[0]);
  for (const writer of pair) writer.stdin?.write("go\n");
  expect(await Promise.all(codes)).toEqual([0, 0]);
  const data = await (await browser.visit("/")).json();
  const keys = ["first", "second"].flatMap((name) => Array.from({ length: 50 }, (_none, index) => [`${name}${index}`, 1]));
  expect(data).toEqual({ ...Object.fromEntries(keys), count: 100 });
  client.destroy();
});
