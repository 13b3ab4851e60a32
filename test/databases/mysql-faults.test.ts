/** mysql() when MariaDB crashes, is slow, falls silent or has no connection left: requests fail in time, and all goes on by itself. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import { type MysqlClient, mysql } from "../../src/stores/sql/mysql.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb-server.ts";
import { startProxy } from "../support/tcp-proxy.ts";
import { countingApp } from "./cases.ts";
import { survivesKills } from "./crash.ts";
import { packages } from "./packages.ts";

const { createPool } = packages("mysql2/promise");

const HOUR = 3600;
const now = Math.floor(Date.now() / 1000);
const record = { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR };
const late = { now, expiresAt: now + HOUR };
const patch = { set: [["a", "1"] as const], unset: [] };
const LOGIN = { by: "login", graceSeconds: 0 } as const;
const newKey = () => ({ id: newSessionId() });

let server: MariadbServer;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startMariadb();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => server?.stop());

function connect(options: object = {}, port = server.port): MysqlClient {
  const pool = createPool({ uri: server.url().replace(String(server.port), String(port)), ...options });
  ends.push(() => pool.end().catch(() => {}));
  return pool;
}

it("mysql that crashes under traffic keeps all that was acknowledged, and recovers", async () => {
  const figures = await survivesKills(server, mysql(connect()));
  expect(figures.acknowledged).toBeGreaterThan(100);
  expect(figures.failed).toBeGreaterThan(0);
});

/** A connection that keeps the row of a session to itself, until it is released. */
async function holding(pool: MysqlClient, id: string): Promise<() => Promise<void>> {
  const connection = await pool.getConnection?.();
  await connection?.query("START TRANSACTION");
  await connection?.query(`SELECT id FROM web_sessions WHERE id = '${id}' FOR UPDATE`);
  return async () => {
    await connection?.query("COMMIT");
    connection?.release();
  };
}

describe("mysql that is slow", () => {
  it("fails a change in time with TIMEOUT, while others are read and changed, and ignores the late answer", async () => {
    const pool = connect();
    const store = mysql(pool, { timeout: 0.3 });
    const [held, other] = [newKey(), newKey()];
    for (const key of [held, other]) await store.create(key, record);
    const release = await holding(pool, held.id);
    const began = performance.now();
    await expect(store.update(held, patch, late)).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
    expect(performance.now() - began).toBeLessThan(1000);
    expect(await store.load(held, { now })).toMatchObject({ version: 1 });
    expect(await store.update(other, patch, late)).toMatchObject({ ok: true });
    await release();
    await expect.poll(() => store.load(held, { now })).toMatchObject({ version: 2 });
  });

  it("gives up a login whose time is up, and gives nobody its transaction", async () => {
    const pool = connect({ connectionLimit: 2 });
    const store = mysql(pool, { timeout: 0.3 });
    const [held, next] = [newKey(), newKey()];
    await store.create(held, record);
    const release = await holding(pool, held.id);
    const user = { ...record, subject: "ada" };
    const login = store.replace(held, next, patch, user, { ...LOGIN, maxSessions: 1 });
    await expect(login).rejects.toMatchObject({ code: "TIMEOUT", retryable: true });
    await release();
    for (const _each of [1, 2, 3, 4]) await store.create(newKey(), user, { maxSessions: 9 });
    expect(await store.load(held, { now })).toEqual(record);
    expect(await store.load(next, { now })).toBeNull();
  });

  it("is answered with 503 and no cookie where an answer takes three seconds", async () => {
    const pool = connect();
    const execute: MysqlClient["execute"] = async (options, values) => {
      await pool.query("SELECT SLEEP(3)");
      return (pool.execute as NonNullable<MysqlClient["execute"]>)(options, values);
    };
    const { newBrowser, faults } = countingApp(mysql({ query: (sql) => pool.query(sql), execute }, { timeout: 0.5 }));
    const began = performance.now();
    const { status, headers } = await newBrowser().visit("/key");
    expect([status, headers.getSetCookie()]).toEqual([503, []]);
    expect(performance.now() - began).toBeLessThan(2000);
    expect(faults).toMatchObject([{ retryable: true, message: expect.stringContaining("(TIMEOUT)") }]);
  });
});

it("mysql behind a network that falls silent fails in time, and goes on when it is back", async () => {
  const proxy = await startProxy(server.port);
  ends.push(() => proxy.close());
  const { newBrowser } = countingApp(mysql(connect({}, proxy.port), { timeout: 0.3 }));
  const browser = newBrowser();
  expect((await browser.visit("/first")).status).toBe(200);
  proxy.stall();
  const { status, headers } = await browser.visit("/second");
  expect([status, headers.getSetCookie()]).toEqual([503, []]);
  proxy.resume();
  await expect.poll(async () => (await browser.visit("/third")).status, { timeout: 10_000 }).toBe(200);
});

describe("mysql whose pool has no connection left", () => {
  it.each([
    ["TIMEOUT", {}],
    ["NO_CONNECTION", { waitForConnections: false }],
  ])("fails in time with %s, and goes on when one is free", async (code, options) => {
    const pool = connect({ connectionLimit: 1, ...options });
    const store = mysql(pool, { timeout: 0.4 });
    const key = newKey();
    await store.create(key, record);
    const taken = await pool.getConnection?.();
    await expect(store.load(key, { now })).rejects.toMatchObject({ code, retryable: true });
    taken?.release();
    expect(await store.load(key, { now })).toEqual(record);
  });

  it("says in a word that nobody answers", async () => {
    await expect(mysql(connect({}, 1)).load(newKey(), { now })).rejects.toMatchObject({ code: "ECONNREFUSED", retryable: true });
  });
});
