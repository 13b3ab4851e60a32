/** The Redis store when Redis crashes, falls silent or is slow: requests fail in time, nothing acknowledged is lost, and it recovers. */
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import type { Session } from "../../src/index.ts";
import { type RedisClient, redis } from "../../src/stores/redis/index.ts";
import { Browser } from "../support/browser.ts";
import { HOUR } from "../support/clock.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { application, crashUnderTraffic, expectAllKept } from "../support/traffic.ts";

interface Connection {
  readonly client: RedisClient;
  close(): void;
}

const quiet = () => {};

async function nodeRedis(port: number, options: Parameters<typeof createClient>[0] = {}): Promise<Connection> {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, ...options });
  client.on("error", quiet);
  await client.connect();
  return { client, close: () => client.destroy() };
}

async function ioRedis(port: number, options: object = {}): Promise<Connection> {
  const client = new Redis(port, "127.0.0.1", options);
  client.on("error", quiet);
  await client.ping();
  return { client, close: () => client.disconnect() };
}

/** The clients as docs/redis.md recommends them, and as they are without options. */
const CLIENTS: [string, (port: number) => Promise<Connection>][] = [
  ["node-redis as recommended", (port) => nodeRedis(port, { disableOfflineQueue: true })],
  ["node-redis without options", (port) => nodeRedis(port)],
  ["ioredis as recommended", (port) => ioRedis(port, { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false })],
  ["ioredis without options", (port) => ioRedis(port)],
];

let server: RedisServer;
let proxy: TcpProxy;
let connection: Connection | undefined;

beforeAll(async () => {
  server = await startRedis(["--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "local"]);
});
beforeEach(async () => {
  proxy = await startProxy(server.port);
});
afterEach(async () => {
  connection?.close();
  connection = undefined;
  await proxy.close();
});
afterAll(() => server?.stop());

/** What each request of a visitor does. */
const addOne = (session: Session<Record<string, number>>) => (session.data.count = (session.data.count ?? 0) + 1);

describe("redis that crashes under traffic, and writes every change down", () => {
  it.each(CLIENTS)("keeps all that was acknowledged, and recovers, with %s", async (name, connect) => {
    connection = await connect(server.port);
    const store = redis(connection.client, { timeout: 1 });
    const visitors = await crashUnderTraffic(store, server);
    // Without options, ioredis sends again what Redis may have done, and so counts may be higher.
    await expectAllKept(visitors, store, name !== "ioredis without options");
  });
});

describe("redis behind a network that falls silent", () => {
  it.each(CLIENTS)("fails in time, and goes on when the network is back, with %s", async (_name, connect) => {
    connection = await connect(proxy.port);
    const { serve, faults } = application(redis(connection.client, { timeout: 0.3 }), addOne);
    const browser = new Browser(serve);
    await browser.visit("/");
    proxy.stall();
    const began = performance.now();
    const responses = await Promise.all([browser.visit("/"), browser.visit("/"), browser.visit("/")]);
    expect(performance.now() - began).toBeLessThan(2000);
    for (const { status, headers } of responses) expect([status, headers.getSetCookie()]).toEqual([503, []]);
    expect(faults.map(({ message, retryable }) => [message, retryable])).toEqual(
      Array.from({ length: 3 }, () => ["Cannot load the session: the store failed (TIMEOUT)", true]),
    );
    proxy.resume();
    await expect.poll(async () => (await browser.visit("/")).status, { timeout: 10_000 }).toBe(200);
    expect(await (await browser.visit("/")).json()).toEqual({ count: 3 });
  });

  /** As docs/redis.md has it: node-redis takes its own writing for a sign of life, so its socketTimeout does not help. */
  async function watchedNodeRedis(port: number): Promise<Connection> {
    const { client, close } = await nodeRedis(port, { disableOfflineQueue: true });
    const node = client as ReturnType<typeof createClient>;
    const watch = setInterval(async () => {
      const late = setTimeout(() => {
        if (!node.isOpen) return;
        node.destroy();
        node.connect().catch(quiet);
      }, 300);
      await node.ping().catch(quiet);
      clearTimeout(late);
    }, 300);
    return {
      client,
      close: () => {
        clearInterval(watch);
        close();
      },
    };
  }

  const watched: typeof CLIENTS = [
    ["node-redis and a watch", watchedNodeRedis],
    ["ioredis and its socketTimeout", (port) => ioRedis(port, { socketTimeout: 1000, autoResendUnfulfilledCommands: false })],
  ];
  it.each(watched)("leaves a connection that stays silent for a new one, with %s", async (_name, connect) => {
    connection = await connect(proxy.port);
    const { serve } = application(redis(connection.client, { timeout: 0.3 }), addOne);
    const browser = new Browser(serve);
    await browser.visit("/");
    proxy.stall();
    expect((await browser.visit("/")).status).toBe(503);
    await expect.poll(async () => (await browser.visit("/")).status, { timeout: 10_000 }).toBe(200);
    expect(await (await browser.visit("/")).json()).toEqual({ count: 3 });
  });
});

describe("redis that is slow", () => {
  it.each(CLIENTS)("fails in time with TIMEOUT, ignores the late answer, and goes on, with %s", async (_name, connect) => {
    connection = await connect(server.port);
    const store = redis(connection.client, { timeout: 0.2 });
    const now = Math.floor(Date.now() / 1000);
    const key = { id: newSessionId() };
    await store.create(key, { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR });
    const sleeper = await nodeRedis(server.port);
    const sleeping = (sleeper.client as ReturnType<typeof createClient>).sendCommand(["DEBUG", "SLEEP", "1"]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const began = performance.now();
    await expect(store.load(key, { now })).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
    expect(performance.now() - began).toBeLessThan(800);
    await sleeping;
    expect(await store.load(key, { now })).toMatchObject({ version: 1 });
    sleeper.close();
  });
});

describe("redis that is away", () => {
  it("is never sent what node-redis still holds when its time is up", async () => {
    connection = await nodeRedis(server.port);
    const client = connection.client as ReturnType<typeof createClient>;
    const store = redis(client, { timeout: 0.2 });
    const now = Math.floor(Date.now() / 1000);
    const key = { id: newSessionId() };
    const options = { now, expiresAt: now + HOUR };
    await store.create(key, { data: "{}", version: 1, startedAt: now, ...options, seenAt: now });
    await server.kill();
    await expect.poll(() => client.isReady).toBe(false);
    const update = store.update(key, { set: [["late", "1"]], unset: [] }, options);
    await expect(update).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
    await server.start();
    await expect.poll(() => client.isReady, { timeout: 10_000 }).toBe(true);
    expect(await store.load(key, { now })).toMatchObject({ data: "{}", version: 1 });
  });

  it("says in one word that nobody answers, and that trying again may help", async () => {
    const client = createClient({ url: "redis://127.0.0.1:1" });
    await expect(redis(client).load({ id: newSessionId() }, { now: 0 })).rejects.toMatchObject({
      ...{ code: "ClientClosedError", retryable: true },
    });
    const other = new Redis(1, "127.0.0.1", { maxRetriesPerRequest: 1 });
    other.on("error", quiet);
    await expect(redis(other).load({ id: newSessionId() }, { now: 0 })).rejects.toMatchObject({
      ...{ code: "MaxRetriesPerRequestError", retryable: true },
    });
    other.disconnect();
  });
});
