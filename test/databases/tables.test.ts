/** The tables of postgres() and mysql(): as their pages show them, with the rows of version 0.1.0, and swept by the database itself. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MysqlClient, mysql, mysqlTable } from "../../src/stores/sql/mysql.ts";
import { postgres, postgresTable } from "../../src/stores/sql/postgres.ts";
import type { SqlSessionStore } from "../../src/stores/sql/store.ts";
import { FROZEN_MYSQL, FROZEN_POSTGRES, readsFrozenRows, writesFrozenRows } from "../stores/sql-frozen.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb-server.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { packages } from "./packages.ts";

let postgresServer: PostgresServer;
let mariadb: MariadbServer;
let pool: pg.Pool;
let mysqlPool: MysqlClient & { end(): Promise<void> };

beforeAll(async () => {
  execFileSync("node", ["scripts/build.mjs", "--if-needed"]);
  [postgresServer, mariadb] = await Promise.all([startPostgres(), startMariadb()]);
  pool = new pg.Pool({ connectionString: postgresServer.url() });
  mysqlPool = packages("mysql2/promise").createPool({ uri: mariadb.url() });
});
afterAll(async () => {
  await pool?.end();
  await mysqlPool?.end();
  await postgresServer?.stop();
  await mariadb?.stop();
});

/** The statements of SQL that a page shows, one after the other. */
const shownIn = (page: string) => [...readFileSync(page, "utf8").matchAll(/```sql\n([\s\S]+?)```/g)].map(([, sql = ""]) => sql);

/** The one of them that holds a word. */
function shown(page: string, word: string): string {
  const found = shownIn(page).filter((sql) => sql.includes(word));
  expect(found.length).toBe(1);
  return found[0] as string;
}

/** What the command of a page prints for the client of the database, which comes after the pipe. */
function printedBy(page: string): string {
  const [, command = ""] = /^(node -e '.+') \| /m.exec(readFileSync(page, "utf8")) ?? [];
  return execFileSync("bash", ["-c", command], { encoding: "utf8" });
}

const asShown = (statements: readonly string[]) => statements.map((sql) => `${sql};\n`).join("");

const now = Math.floor(Date.now() / 1000);
const record = { data: "{}", version: 1, startedAt: now - 9, seenAt: now - 9, expiresAt: now + 3600 };

/** Two sessions, of which one has expired. */
async function oneOfTwo(store: SqlSessionStore): Promise<void> {
  await store.create({ id: "session-that-lives" }, record);
  await store.create({ id: "session-that-is-over" }, { ...record, expiresAt: now - 1 });
}

describe("the table of postgres()", () => {
  it("is made by the statements in docs/postgres.md", () => {
    expect(shown("docs/postgres.md", "CREATE TABLE")).toBe(asShown(postgresTable()));
    expect(printedBy("docs/postgres.md")).toBe(asShown(postgresTable()));
  });

  it("as version 0.1.0 makes and fills it is read by every later version", async () => {
    for (const sql of [...FROZEN_POSTGRES, ...postgresTable("frozen")]) await pool.query(sql);
    await writesFrozenRows(postgres(pool, { table: "written" }));
    const rowsOf = async (table: string) => (await pool.query(`SELECT * FROM ${table} ORDER BY id`)).rows;
    expect(await rowsOf("written")).toEqual(await rowsOf("frozen"));
    await readsFrozenRows(postgres(pool, { table: "frozen" }));
  });

  it("is swept by the statement that docs/postgres.md gives to pg_cron", async () => {
    const [, statement = ""] = /\$\$(.+?)\$\$/.exec(shown("docs/postgres.md", "cron.schedule")) ?? [];
    await oneOfTwo(postgres(pool));
    expect((await pool.query(statement)).rowCount).toBe(1);
    expect((await pool.query("SELECT id FROM web_sessions")).rows).toEqual([{ id: "session-that-lives" }]);
  });
});

describe("the table of mysql()", () => {
  const ids = async () => (await mysqlPool.query("SELECT id FROM web_sessions"))[0];

  it("is made by the statements in docs/mysql.md", () => {
    expect(shown("docs/mysql.md", "CREATE TABLE")).toBe(asShown(mysqlTable()));
    expect(printedBy("docs/mysql.md")).toBe(asShown(mysqlTable()));
  });

  it("as version 0.1.0 makes and fills it is read by every later version", async () => {
    for (const sql of [...FROZEN_MYSQL, ...mysqlTable("frozen")]) await mysqlPool.query(sql);
    await writesFrozenRows(mysql(mysqlPool, { table: "written" }));
    const rowsOf = async (table: string) => (await mysqlPool.query(`SELECT * FROM ${table} ORDER BY id`))[0];
    expect(await rowsOf("written")).toEqual(await rowsOf("frozen"));
    await readsFrozenRows(mysql(mysqlPool, { table: "frozen" }));
  });

  it("is swept by MariaDB's event scheduler, as docs/mysql.md has it", async () => {
    await oneOfTwo(mysql(mysqlPool));
    // As the client of MariaDB takes it, which needs another end than the semicolons within.
    const [, event = ""] = /^DELIMITER \/\/\n([\s\S]+?)\/\//.exec(shown("docs/mysql.md", "CREATE EVENT")) ?? [];
    await mysqlPool.query(event.replace("EVERY 1 HOUR", "EVERY 1 SECOND"));
    expect((await ids()) as object[]).toHaveLength(2);
    await mysqlPool.query("SET GLOBAL event_scheduler = ON");
    await expect.poll(ids, { timeout: 10_000 }).toEqual([{ id: "session-that-lives" }]);
  });

  it.each([
    ["READ COMMITTED", true],
    ["REPEATABLE READ", false],
  ])("can be used while it is swept at %s: %s", async (level, canBeUsed) => {
    const store = mysql(mysqlPool, { table: "swept", timeout: 0.5 });
    const key = { id: `session-during-${level}` };
    await store.create(key, record);
    const sweeper = await mysqlPool.getConnection?.();
    await sweeper?.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${level}`);
    await sweeper?.query("START TRANSACTION");
    await sweeper?.query("DELETE FROM swept WHERE expires_at <= UNIX_TIMESTAMP()");
    const touched = store.touch(key, { now, expiresAt: now + 7200 });
    if (canBeUsed) expect(await touched).toBe(true);
    else await expect(touched).rejects.toMatchObject({ code: "TIMEOUT" });
    sweeper?.destroy();
  });
});
