/**
 * PostgreSQL under test: a server of its own on this machine, ours and a peer by the package `pg`.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import ConnectPgSimple from "connect-pg-simple";
import expressSession from "express-session";
import pg from "pg";
import { postgres } from "../../dist/stores/sql/postgres.js";
import { startPostgres } from "../../test/support/postgres-server.ts";
import type { Database } from "./database.ts";
import { onExpress } from "./express.ts";
import { ourRows } from "./ours.ts";
import { Statements } from "./statements.ts";

type MakePool = () => pg.Pool;

const PgStore = ConnectPgSimple(expressSession);
const TABLE = createRequire(import.meta.url).resolve("connect-pg-simple/table.sql");

/** Its links make pools. */
export const postgresDatabase: Database<MakePool> = {
  name: "PostgreSQL",
  turns: "round trips, and statements",
  contenders: [
    ...ourRows(async (pool: MakePool) => postgres(pool())),
    {
      name: "express-session, connect-pg-simple",
      ours: false,
      app: async (pool, setting) =>
        onExpress(new PgStore({ pool: pool(), disableTouch: setting !== "touching", pruneSessionInterval: false })),
    },
  ],
  async start() {
    const server = await startPostgres(["max_connections=400"]);
    const statements = new Statements();
    // What ends with the server is no error of anybody's.
    const direct = () => new pg.Pool({ connectionString: server.url() }).on("error", () => {});
    await direct().query(readFileSync(TABLE, "utf8"));
    const counted = () => direct().on("connect", (client) => statements.watch(client, "query"));
    return { direct, counted, traffic: statements.traffic, processor: async () => 0, stop: server.stop };
  },
  row(pool) {
    const client = pool();
    return {
      store: postgres(client),
      select: async (id) => (await client.query("SELECT * FROM web_sessions WHERE id = $1", [id])).rows[0],
    };
  },
};
