/** mysql() on a real MariaDB: the contract, whatever a connection is set to, and what is true of MySQL alone. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OptionError } from "../../src/index.ts";
import { type MysqlClient, type MysqlOptions, mysql, mysqlTable } from "../../src/stores/sql/mysql.ts";
import type { SqlSessionStore } from "../../src/stores/sql/store.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb-server.ts";
import { serverCases, usesTheTable } from "./cases.ts";
import { costsAre } from "./counted.ts";
import { packages } from "./packages.ts";
import { twoProcessesLoseNothing } from "./processes.ts";

const { createConnection, createPool } = packages("mysql2/promise");

const NOW = 1_800_000_000;
const HOUR = 3600;
const record = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + HOUR };

let server: MariadbServer;
let pool: MysqlClient & { query(sql: string): Promise<[Record<string, unknown>[]]>; end(): Promise<void> };
const ends: (() => unknown)[] = [];

function connect(options: object = {}, account?: string): typeof pool {
  const made = createPool({ uri: server.url(account), ...options });
  ends.push(() => made.end());
  return made;
}

beforeAll(async () => {
  server = await startMariadb();
  pool = connect();
});
afterAll(async () => {
  for (const end of ends.splice(0)) await end();
  await server?.stop();
});

/** Options of a pool that change what it answers, or how. */
const ODD = {
  ...{ rowsAsArray: true, namedPlaceholders: true, supportBigNumbers: true, bigNumberStrings: true, decimalNumbers: true },
  ...{ dateStrings: true, typeCast: false, timezone: "+09:00", multipleStatements: true, flags: ["-FOUND_ROWS"] },
};
const MODES = ["NO_BACKSLASH_ESCAPES,ANSI_QUOTES,STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_UNSIGNED_SUBTRACTION", ""];

describe("mysql keeps the contract", () => {
  for (const round of [1, 2, 3]) {
    for (const { name, run } of storeContract(() => mysql(pool, { table: `round_${round}` })))
      it(`with a pool, ${round}: ${name}`, () => run());
  }

  let odd: MysqlClient;
  const withOdd = () => {
    odd ??= connect(ODD);
    return mysql(odd);
  };
  for (const { name, run } of storeContract(withOdd)) it(`with a pool of other options: ${name}`, () => run());

  for (const [index, mode] of MODES.entries()) {
    let one: Promise<MysqlClient> | undefined;
    const alone = async () => {
      one ??= createConnection({ uri: server.url() }).then(async (connection: MysqlClient & { end(): unknown }) => {
        ends.push(() => connection.end());
        await connection.query(`SET sql_mode = '${mode}', time_zone = '-11:00'`);
        await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
        return connection;
      });
      return mysql(await (one as Promise<MysqlClient>), { prepared: index === 1, table: `mode_${index}`, timeout: 30 });
    };
    for (const { name, run } of storeContract(alone)) it(`with one connection and the mode "${mode}": ${name}`, () => run());
  }
});

describe("mysql, besides the contract", () => {
  let store: SqlSessionStore;
  beforeAll(() => {
    store = mysql(pool, { timeout: 30 });
  });
  serverCases(() => store);

  it("loses nothing of 100 requests at the same time in two processes", () => twoProcessesLoseNothing(server.url(), store));

  it("says which schema its table is, and runs its statements again without any change", async () => {
    for (const _twice of [1, 2]) for (const sql of mysqlTable("twice")) await pool.query(sql);
    const [rows] = await pool.query("SELECT table_comment AS said FROM information_schema.tables WHERE table_name = 'twice'");
    expect(rows).toEqual([{ said: "web-session-store: schema 1" }]);
  });

  it("removes keys as a patch says, in whatever order they stand", async () => {
    // The keys of an object are removed one by one in other places than they stand: here MariaDB's JSON_MERGE_PATCH alone overlooks some.
    const names = ["a", "b", "c", "d", "", "%"];
    const key = { id: "session-with-removals" };
    for (let mask = 1; mask < 1 << names.length; mask++) {
      await store.create(key, { ...record, data: JSON.stringify(Object.fromEntries(names.map((name) => [name, 1]))) });
      const unset = names.filter((_name, index) => mask & (1 << index)).reverse();
      await store.update(
        key,
        {
          set: [
            ["b", "2"],
            ["new", "3"],
          ],
          unset,
        },
        { now: NOW, expiresAt: NOW + HOUR },
      );
      const found = await store.load(key, { now: NOW });
      const left = names.filter((name) => !unset.includes(name) && name !== "b");
      expect(Object.keys(JSON.parse((found as { data: string }).data)).sort()).toEqual([...left, "b", "new"].sort());
      await store.remove(key);
    }
  });

  it("finds rows and lists by an index", async () => {
    for (const sql of mysqlTable("explained")) await pool.query(sql);
    const values = Array.from(
      { length: 3000 },
      (_none, index) => `('session-number-${index}', 'user ${index >> 1}', 1, 0, 0, 9, '{}')`,
    );
    await pool.query(
      `INSERT INTO explained (id, subject, version, started_at, seen_at, expires_at, data) VALUES ${values.join(",")}`,
    );
    await pool.query("ANALYZE TABLE explained");
    const plans: Record<string, unknown>[] = [];
    const watched: MysqlClient = {
      query: (sql) => pool.query(sql as string) as never,
      async execute(options, bound) {
        const execute = pool.execute?.bind(pool) as NonNullable<MysqlClient["execute"]>;
        const [plan] = options.sql.includes("@@") ? [[]] : await execute({ ...options, sql: `EXPLAIN ${options.sql}` }, bound);
        plans.push(...(plan as Record<string, unknown>[]));
        return execute(options, bound);
      },
    };
    const explained = mysql(watched, { table: "explained" });
    const [key, to] = [{ id: "session-number-7" }, { id: "session-number-new" }];
    await explained.load(key, { now: 0 });
    await explained.update(key, { set: [["a", "1"]], unset: [] }, { now: 0, expiresAt: 9 });
    const user = { ...record, subject: "user 9", seenAt: 0 };
    await explained.replace(key, to, { set: [], unset: [] }, user, { by: "login", graceSeconds: 0, maxSessions: 2 });
    await explained.list("user 9");
    await explained.removeAll("user 9");
    await explained.remove(to);
    await explained.take(to);
    const onTable = plans.filter(({ table }) => table === "explained" || table === "ended");
    expect(onTable.length).toBeGreaterThanOrEqual(8);
    for (const plan of onTable) expect(plan).toMatchObject({ key: expect.stringMatching(/^(PRIMARY|subject)$/) });
    expect(onTable.filter(({ key: index }) => index === "subject").length).toBeGreaterThanOrEqual(2);
  });
});

describe("mysql costs", () => {
  let sent = 0;
  let store: SqlSessionStore;
  const counted = (one: MysqlClient): MysqlClient => {
    const query: MysqlClient["query"] = (sql) => {
      sent++;
      return one.query(sql);
    };
    const execute: MysqlClient["execute"] = (sql, values) => {
      sent++;
      return (one.execute as NonNullable<MysqlClient["execute"]>)(sql, values);
    };
    return { query, execute };
  };
  beforeAll(async () => {
    for (const sql of mysqlTable("counted")) await pool.query(sql);
    const getConnection = async () => {
      const connection = await pool.getConnection?.();
      if (connection === undefined) throw new Error("no connection");
      return { ...counted(connection), release: () => connection.release(), destroy: () => connection.destroy() };
    };
    store = mysql({ ...counted(pool), getConnection }, { table: "counted" });
  });
  costsAre(
    () => store,
    () => sent,
    {
      ...{ create: 1, createOfUser: 5, createNearTheLimit: 5, load: 1, loadAndTouch: 2, update: 1, updateNotMade: 2, touch: 1 },
      ...{ login: 7, newId: 6, remove: 1, removeOfNothing: 2, removeThroughMark: 4, take: 2, takeOfNothing: 1, list: 1 },
      ...{ removeAll: 1, sweep: 3 },
    },
  );
});

describe("mysql with the rights of production", () => {
  const key = { id: "session-of-this-test" };
  const failure = async (one: SqlSessionStore) => one.load(key, { now: NOW }).then(String, (error: unknown) => error);

  async function asAccount(account: string, options?: MysqlOptions): Promise<SqlSessionStore> {
    await pool.query(`CREATE USER ${account}@'127.0.0.1'`);
    await pool.query(`GRANT USAGE ON *.* TO ${account}@'127.0.0.1'`);
    await pool.query(`GRANT SELECT ON sessions.round_1 TO ${account}@'127.0.0.1'`);
    return mysql(connect({}, account), options);
  }

  it("uses a table that another account has made, in a database of its own", async () => {
    await pool.query("CREATE DATABASE auth");
    for (const sql of mysqlTable("auth.kept")) await pool.query(sql);
    const store = await asAccount("app", { table: "auth.kept" });
    await pool.query("GRANT SELECT, INSERT, UPDATE, DELETE ON auth.kept TO app@'127.0.0.1'");
    await usesTheTable(store);
  });

  it("says what to do where the table is missing and may not be made, or is another table", async () => {
    const store = await asAccount("stranger", { table: "nowhere" });
    expect(await failure(store)).toBeInstanceOf(OptionError);
    expect(await failure(store)).toMatchObject({
      message: expect.stringMatching(/ER_\w*ACCESS_DENIED_ERROR.*mysqlTable\(\).*GRANT/),
    });
    expect(await failure(mysql(pool, { table: "nowhere", createTable: false }))).toMatchObject({
      message: expect.stringContaining("ER_NO_SUCH_TABLE"),
    });
    await pool.query("CREATE TABLE other (id INT)");
    expect(await failure(mysql(pool, { table: "other" }))).toMatchObject({
      message: expect.stringContaining("ER_BAD_FIELD_ERROR"),
    });
  });

  it("says that an account cannot log in, and not that the table is to be made", async () => {
    await pool.query("CREATE USER knocks@'127.0.0.1' IDENTIFIED BY 'right'");
    expect(await failure(mysql(connect({ password: "wrong" }, "knocks")))).toMatchObject({
      code: "ER_ACCESS_DENIED_ERROR",
      retryable: false,
      message: "Cannot use the session database: it reports ER_ACCESS_DENIED_ERROR",
    });
  });

  it("refuses connections that would damage or lose what they are given", async () => {
    expect(await failure(mysql(connect({ charset: "latin1" })))).toMatchObject({
      code: "ERR_OPTION",
      message: expect.stringContaining("utf8mb4"),
    });
    const connection = await createConnection({ uri: server.url() });
    ends.push(() => connection.end());
    await connection.query("SET autocommit = 0");
    expect(await failure(mysql(connection))).toMatchObject({
      code: "ERR_OPTION",
      message: expect.stringContaining("autocommit"),
    });
  });
});

it("mysql refuses what is no client, and options that are none", () => {
  const client = { query: async () => [[]] as const, execute: async () => [[]] as const };
  // The last one takes callbacks, as a pool of mysql2 itself does.
  for (const none of [undefined, null, {}, { query() {} }, Promise.resolve(), { ...client, promise: () => client }])
    expect(() => mysql(none as never)).toThrow(OptionError);
  for (const options of [{ table: "a b" }, { table: "a.b.c" }, { timeout: -1 }, { tabel: "a" }])
    expect(() => mysql(client, options as never)).toThrow(OptionError);
});
