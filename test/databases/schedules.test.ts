/** The schedules of test/stores/schedules.test.ts on Postgres and MariaDB. */
import pg from "pg";
import { afterAll, beforeAll, describe } from "vitest";
import { nodeCrypto } from "../../src/node.ts";
import { type MysqlClient, mysql, mysqlTable } from "../../src/stores/sql/mysql.ts";
import { postgres, postgresTable } from "../../src/stores/sql/postgres.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb-server.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { AHEAD, PARTS, scheduleTests } from "../support/schedule-suite.ts";
import { packages } from "./packages.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 300);
const SEED = Number(process.env.SEED ?? 1);
const BASE = { begins: AHEAD, crypto: nodeCrypto };

// On one connection statements run in the order in which they are sent: what a schedule left is gone before the next one asks.
const EMPTY = "DELETE FROM web_sessions";

describe("on Postgres, whatever the order, each request is told what was done", () => {
  let server: PostgresServer;
  let pool: pg.Pool;

  beforeAll(async () => {
    server = await startPostgres(["fsync=off"]);
    pool = new pg.Pool({ connectionString: server.url(), max: 1 });
    for (const sql of postgresTable()) await pool.query(sql);
  });
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });

  const makeStore = () => {
    void pool.query(EMPTY);
    return postgres(pool);
  };
  scheduleTests(PARTS, SCHEDULES, SEED, { ...BASE, makeStore });
});

describe("on MariaDB, whatever the order, each request is told what was done", () => {
  let server: MariadbServer;
  let connection: MysqlClient & { end(): Promise<void> };

  beforeAll(async () => {
    server = await startMariadb(["--innodb-flush-log-at-trx-commit=0"]);
    connection = await packages("mysql2/promise").createConnection({ uri: server.url() });
    for (const sql of mysqlTable()) await connection.query(sql);
  });
  afterAll(async () => {
    await connection?.end();
    await server?.stop();
  });

  const makeStore = () => {
    void connection.query(EMPTY);
    return mysql(connection);
  };
  scheduleTests(PARTS, SCHEDULES, SEED, { ...BASE, makeStore });
});
