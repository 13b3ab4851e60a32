/** Database servers with SQL, as places where histories are made. */
import pg from "pg";
import { mysql } from "../../src/stores/sql/mysql.ts";
import { postgres } from "../../src/stores/sql/postgres.ts";
import { packages } from "../databases/packages.ts";
import { startMariadb } from "../support/mariadb-server.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { killed, type Place } from "./place.ts";

const hasCode = (taken: string) => (error: unknown) => (error as { code?: unknown }).code === taken;

/** As docs/postgres.md sets a pool up. */
export const onPostgres: Place = {
  async start() {
    const server = await startPostgres();
    return killed(server, server.url());
  },
  async open(at) {
    const pool = new pg.Pool({ connectionString: at, connectionTimeoutMillis: 5000, query_timeout: 5000 });
    return postgres(pool.on("error", () => {}));
  },
  isTaken: hasCode("23505"),
  marksGoLast: true,
};

/** As docs/mysql.md sets a pool up; one process of two with the values in its statements. */
export const onMariadb: Place = {
  async start() {
    const server = await startMariadb();
    return killed(server, server.url());
  },
  async open(at, process) {
    const pool = packages("mysql2/promise").createPool({ uri: at, connectTimeout: 5000 });
    return mysql(pool, { prepared: process % 2 === 0 });
  },
  isTaken: hasCode("ER_DUP_ENTRY"),
  marksGoLast: true,
};
