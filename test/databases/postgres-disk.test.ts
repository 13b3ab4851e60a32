/** postgres() whose disk is full: what does not fit fails, what was answered stays and is read, and all goes on when there is room. */
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { postgres, postgresTable } from "../../src/stores/sql/postgres.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { countingApp } from "./cases.ts";

// Two or five megabytes, as the shell has it. A page of Postgres does not end there: of the last one a part is written, as on a disk that is full.
const FILE_BLOCKS = 5001;
const OLD = `INSERT INTO web_sessions
  SELECT gen_random_uuid(), NULL, 1, 0, 0, 1, NULL, NULL, NULL, jsonb_build_object('text', repeat('x', $2::int))
  FROM generate_series(1, $1::int) AS n`;

let server: PostgresServer;
let pool: pg.Pool;

beforeAll(async () => {
  server = await startPostgres([], FILE_BLOCKS);
  pool = new pg.Pool({ connectionString: server.url() });
  pool.on("error", () => {});
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

/** A full disk is 53100. From 16 on, Postgres has no code of its own for the limit that stands for one here. */
const TOO_LARGE = /53100|XX000/;

it("postgres with a full disk answers 503 to what does not fit, loses nothing, and goes on when what has expired is swept", async () => {
  for (const sql of postgresTable()) await pool.query(sql);
  const store = postgres(pool);
  const { newBrowser, faults } = countingApp(store);
  const before = newBrowser();
  expect((await before.visit("/first")).status).toBe(200);

  // Until no page has room for a row like a session's: what did not fit may, where it is smaller.
  for (const [rows, size] of [
    [200, 1000],
    [20, 50],
    [1, 50],
  ]) {
    const fill = async () => {
      for (let round = 0; round < 2000; round++) await pool.query(OLD, [rows, size]);
    };
    await expect(fill()).rejects.toMatchObject({ code: expect.stringMatching(TOO_LARGE) });
  }

  // The last pages still have room for some.
  let refused = newBrowser();
  for (let tries = 0; faults.length === 0 && tries < 500; tries++) {
    refused = newBrowser();
    const { status, headers } = await refused.visit("/new");
    if (status !== 200) expect([status, headers.getSetCookie()]).toEqual([503, []]);
  }
  expect(faults).toMatchObject([{ retryable: false, message: expect.stringMatching(new RegExp(`\\((${TOO_LARGE.source})\\)`)) }]);
  expect(await (await before.visit("/")).json()).toMatchObject({ count: 1 });

  expect(await store.sweep(Date.now() / 1000)).toBeGreaterThan(100);
  // Autovacuum does it within a minute or so.
  await pool.query("VACUUM web_sessions");
  expect((await refused.visit("/new")).status).toBe(200);
  expect((await before.visit("/second")).status).toBe(200);
  expect(await (await before.visit("/")).json()).toMatchObject({ "/first": 1, count: 2 });
});
