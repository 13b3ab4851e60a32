/** postgres() through PgBouncer in transaction mode: the contract, by pg and by postgres.js, and many clients on few connections. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PostgresClient, postgres } from "../../src/stores/sql/postgres.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { startPgBouncer } from "../support/pgbouncer.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { serverCases } from "./cases.ts";
import { packages } from "./packages.ts";
import { twoProcessesLoseNothing } from "./processes.ts";

const postgresJs = packages("postgres");

let server: PostgresServer;
let bouncer: Awaited<ReturnType<typeof startPgBouncer>>;
let pool: pg.Pool;
let sql: ReturnType<typeof postgresJs>;

beforeAll(async () => {
  server = await startPostgres();
  bouncer = await startPgBouncer(server);
  pool = new pg.Pool({ connectionString: bouncer.url });
  sql = postgresJs(bouncer.url, { onnotice: () => {} });
});
afterAll(async () => {
  await pool?.end();
  await sql?.end();
  await bouncer?.stop();
  await server?.stop();
});

const byPostgresJs: PostgresClient = { query: async (text, values) => ({ rows: await sql.unsafe(text, values) }) };

describe("postgres through PgBouncer", () => {
  for (const { name, run } of storeContract(() => postgres(pool))) it(`keeps the contract with pg: ${name}`, () => run());
  for (const { name, run } of storeContract(() => postgres(byPostgresJs)))
    it(`keeps the contract with postgres.js: ${name}`, () => run());

  serverCases(() => postgres(pool));

  it("loses nothing of 100 requests at the same time in two processes, which share its connections", async () => {
    await twoProcessesLoseNothing(bouncer.url, postgres(pool));
    const { rows } = await pool.query("SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'postgres'");
    expect((rows[0] as { n: number }).n).toBeLessThanOrEqual(4);
  });
});
