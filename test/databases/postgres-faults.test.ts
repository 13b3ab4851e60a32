/** postgres() when the server crashes, is slow, falls silent or has no connection left: requests fail in time, and all goes on by itself. */
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import { postgres } from "../../src/stores/sql/postgres.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { startProxy } from "../support/tcp-proxy.ts";
import { countingApp } from "./cases.ts";
import { survivesKills } from "./crash.ts";

const HOUR = 3600;
const now = Math.floor(Date.now() / 1000);
const record = { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR };
const late = { now, expiresAt: now + HOUR };
const patch = { set: [["a", "1"] as const], unset: [] };
const newKey = () => ({ id: newSessionId() });

let server: PostgresServer;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startPostgres();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => server?.stop());

/** A pool; `options` as docs/postgres.md has them, and without. */
function connect(options: pg.PoolConfig = {}, port = server.port): pg.Pool {
  const pool = new pg.Pool({ connectionString: server.url().replace(String(server.port), String(port)), ...options });
  pool.on("error", () => {});
  ends.push(() => pool.end());
  return pool;
}

const CLIENTS: [string, pg.PoolConfig][] = [
  ["as docs/postgres.md has it", { connectionTimeoutMillis: 5000, query_timeout: 5000 }],
  ["without options", {}],
];

describe("postgres that crashes under traffic", () => {
  it.each(CLIENTS)("keeps all that was acknowledged, and recovers, with a pool %s", async (_name, options) => {
    const figures = await survivesKills(server, postgres(connect(options)));
    expect(figures.acknowledged).toBeGreaterThan(100);
    expect(figures.failed).toBeGreaterThan(0);
  });
});

describe("postgres that is slow", () => {
  it("fails a change in time with TIMEOUT, while others are read and changed, and ignores the late answer", async () => {
    const pool = connect();
    const store = postgres(pool, { timeout: 0.3 });
    const [held, other] = [newKey(), newKey()];
    for (const key of [held, other]) await store.create(key, record);
    const holder = await pool.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT * FROM web_sessions WHERE id = $1 FOR UPDATE", [held.id]);
    const began = performance.now();
    await expect(store.update(held, patch, late)).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
    expect(performance.now() - began).toBeLessThan(1000);
    expect(await store.load(held, { now })).toMatchObject({ version: 1 });
    expect(await store.update(other, patch, late)).toMatchObject({ ok: true });
    await holder.query("COMMIT");
    holder.release();
    await expect.poll(() => store.load(held, { now })).toMatchObject({ version: 2 });
  });

  it("is answered with 503 and no cookie where an answer takes three seconds", async () => {
    const pool = connect();
    const slow = {
      query: async (text: string, values: (string | number | null)[]) => {
        await pool.query("SELECT pg_sleep(3)");
        return pool.query(text, values);
      },
    };
    const { newBrowser, faults } = countingApp(postgres(slow, { timeout: 0.5 }));
    const began = performance.now();
    const { status, headers } = await newBrowser().visit("/key");
    expect([status, headers.getSetCookie()]).toEqual([503, []]);
    expect(performance.now() - began).toBeLessThan(2000);
    expect(faults).toMatchObject([{ retryable: true, message: expect.stringContaining("(TIMEOUT)") }]);
  });
});

it("postgres behind a network that falls silent fails in time, and goes on when it is back", async () => {
  const proxy = await startProxy(server.port);
  ends.push(() => proxy.close());
  const pool = connect({ query_timeout: 1000, connectionTimeoutMillis: 1000 }, proxy.port);
  const { newBrowser } = countingApp(postgres(pool, { timeout: 0.3 }));
  const browser = newBrowser();
  expect((await browser.visit("/first")).status).toBe(200);
  proxy.stall();
  const { status, headers } = await browser.visit("/second");
  expect([status, headers.getSetCookie()]).toEqual([503, []]);
  // The pool gives the silent connection up after query_timeout.
  await expect.poll(async () => (await browser.visit("/third")).status, { timeout: 10_000 }).toBe(200);
});

describe("postgres whose pool has no connection left", () => {
  it.each([
    ["TIMEOUT", {}],
    ["NO_CONNECTION", { connectionTimeoutMillis: 100 }],
  ])("fails in time with %s, and goes on when one is free", async (code, options) => {
    const pool = connect({ max: 1, ...options });
    const store = postgres(pool, { timeout: 0.4 });
    const key = newKey();
    await store.create(key, record);
    const taken = await pool.connect();
    await expect(store.load(key, { now })).rejects.toMatchObject({ code, retryable: true });
    taken.release();
    expect(await store.load(key, { now })).toEqual(record);
  });

  it("says in a word that nobody answers", async () => {
    const store = postgres(connect({}, 1));
    await expect(store.load(newKey(), { now })).rejects.toMatchObject({ code: "ECONNREFUSED", retryable: true });
  });
});
