/** postgres() on a real server: the contract by several drivers, and what is true of Postgres alone. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OptionError } from "../../src/index.ts";
import { type PostgresClient, type PostgresOptions, postgres, postgresTable } from "../../src/stores/sql/postgres.ts";
import type { SqlSessionStore } from "../../src/stores/sql/store.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { serverCases, usesTheTable } from "./cases.ts";
import { costsAre } from "./counted.ts";
import { packages } from "./packages.ts";
import { twoProcessesLoseNothing } from "./processes.ts";

const postgresJs = packages("postgres");
const { PGlite } = packages("@electric-sql/pglite");

const NOW = 1_800_000_000;
const HOUR = 3600;
const record = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + HOUR };

let server: PostgresServer;
let pool: pg.Pool;
const ends: (() => unknown)[] = [];

function connect(options: pg.PoolConfig = {}, role?: string): pg.Pool {
  const made = new pg.Pool({ connectionString: server.url(role), ...options });
  made.on("error", () => {});
  ends.push(() => made.end());
  return made;
}

beforeAll(async () => {
  server = await startPostgres();
  pool = connect();
});
afterAll(async () => {
  for (const end of ends.splice(0)) await end();
  await server?.stop();
});

describe("postgres keeps the contract", () => {
  for (const round of [1, 2, 3]) {
    const table = `round_${round}`;
    for (const { name, run } of storeContract(() => postgres(pool, { table })))
      it(`with a pool of pg, ${round}: ${name}`, () => run());
  }

  let sql: ReturnType<typeof postgresJs>;
  const byPostgresJs: PostgresClient = {
    async query(text, values) {
      sql ??= postgresJs(server.url(), { onnotice: () => {} });
      return { rows: await sql.unsafe(text, values) };
    },
  };
  ends.push(() => sql?.end());
  for (const { name, run } of storeContract(() => postgres(byPostgresJs))) it(`with postgres.js: ${name}`, () => run());

  const asTexts = { types: { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig };
  let bare: pg.Pool | undefined;
  const inTexts = () => {
    bare ??= connect(asTexts);
    return postgres(bare, { table: "in_texts" });
  };
  for (const { name, run } of storeContract(inTexts)) it(`with a pool whose rows are texts: ${name}`, () => run());

  it("refuses a client that changes the names of columns, instead of losing sessions", async () => {
    const inCamels = (row: object) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name.replace("_at", "At"), value]));
    const store = postgres({ query: async (text, values) => ({ rows: (await pool.query(text, values)).rows.map(inCamels) }) });
    const key = { id: "session-of-this-test" };
    await store.create(key, record);
    await expect(store.load(key, { now: NOW })).rejects.toThrow(OptionError);
  });

  let lite: Promise<PostgresClient & { close(): Promise<void> }> | undefined;
  ends.push(async () => (await lite)?.close());
  const inProcess = async () => {
    lite ??= PGlite.create() as NonNullable<typeof lite>;
    return postgres(await lite);
  };
  for (const { name, run } of storeContract(inProcess)) it(`in PGlite: ${name}`, () => run());

  it("in PGlite, too, a user whose name begins with a byte order mark is no other user", async () => {
    const [store, key] = [await inProcess(), { id: "session-of-this-test" }];
    await store.create(key, { ...record, subject: "\ufeffada" });
    expect(await store.load(key, { now: NOW })).toMatchObject({ subject: "\ufeffada" });
  });

  it.each(["repeatable read", "serializable"])("where %s is the default, too: what collides is asked again", async (level) => {
    const strict = connect({ options: `-c default_transaction_isolation=${level.replace(" ", "\\ ")}` });
    const races = storeContract(() => postgres(strict, { table: "strict", timeout: 30 })).filter(({ name }) =>
      /parallel|ifVersion/.test(name),
    );
    expect(races.length).toBeGreaterThan(10);
    for (const { run } of races) await run();
  });
});

describe("postgres, besides the contract", () => {
  let store: SqlSessionStore;
  beforeAll(() => {
    store = postgres(pool);
  });
  serverCases(() => store);

  it("loses nothing of 100 requests at the same time in two processes", () => twoProcessesLoseNothing(server.url(), store));

  it("a login that waits counts the sessions that are there then, and ends no more than there are too many", async () => {
    const [first, between, last] = ["a", "b", "c"].map((letter) => ({ id: `${letter}-session-of-one-user` }));
    const user = { ...record, subject: "one user" };
    await store.create(first as { id: string }, user);
    const holder = await pool.connect();
    let asked = 0;
    const late: PostgresClient = {
      async query(text, values) {
        // Before the login looks once more, another session is there.
        if (++asked === 2) await store.create(between as { id: string }, user);
        return pool.query(text, values);
      },
    };
    await holder.query("BEGIN");
    await holder.query("SELECT id FROM web_sessions WHERE id = $1 FOR UPDATE", [first?.id]);
    const login = postgres(late).create(last as { id: string }, user, { maxSessions: 2 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await store.remove(between as { id: string });
    await holder.query("COMMIT");
    holder.release();
    await login;
    expect(asked).toBe(2);
    expect((await store.list("one user")).map(({ id }) => id).sort()).toEqual([first?.id, last?.id]);
  });

  it("runs its statements again for the same role without any change, and says which schema it is", async () => {
    for (const _twice of [1, 2]) for (const sql of postgresTable("twice")) await pool.query(sql);
    const { rows } = await pool.query("SELECT obj_description('twice'::regclass) AS said");
    expect(rows).toEqual([{ said: "web-session-store: schema 1" }]);
  });

  it("makes its table once, when 20 ask for it at the same time from several connections", async () => {
    const stores = Array.from({ length: 20 }, () => postgres(pool, { table: "made_by_many" }));
    const found = await Promise.all(stores.map((one, index) => one.create({ id: `session-number-${index}` }, record)));
    expect(found.length).toBe(20);
    expect((await pool.query("SELECT count(*)::int AS n FROM made_by_many")).rows).toEqual([{ n: 20 }]);
  });

  it("finds rows and lists by an index", async () => {
    for (const sql of postgresTable("explained")) await pool.query(sql);
    await pool.query(`INSERT INTO explained SELECT 'session-number-' || n, 'user ' || n / 3, 1, 0, 0, 1, NULL, NULL, NULL, '{}'
      FROM generate_series(1, 5000) AS n`);
    await pool.query("ANALYZE explained");
    const plans: string[] = [];
    const client: PostgresClient = {
      async query(text, values) {
        const { rows } = await pool.query(`EXPLAIN ${text}`, values);
        plans.push(rows.map((row: Record<string, string>) => row["QUERY PLAN"]).join("\n"));
        return pool.query(text, values);
      },
    };
    const explained = postgres(client, { table: "explained" });
    const [key, to] = [{ id: "session-number-7" }, { id: "session-number-0" }];
    const user = { ...record, subject: "user 9" };
    await explained.load(key, { now: 0 });
    await explained.update(key, { set: [["a", "1"]], unset: [] }, { now: 0, expiresAt: 9 });
    await explained.replace(key, to, { set: [], unset: [] }, user, { by: "login", graceSeconds: 0, maxSessions: 2 });
    await explained.create({ id: "another-session-of-9" }, user, { maxSessions: 2 });
    await explained.list("user 9");
    await explained.removeAll("user 9");
    await explained.remove(to);
    await explained.take(to);
    expect(plans.length).toBeGreaterThanOrEqual(8);
    for (const plan of plans) expect(plan).not.toContain("Seq Scan on explained");
    expect(plans.filter((plan) => plan.includes("explained_subject")).length).toBeGreaterThanOrEqual(4);
  });
});

describe("postgres costs", () => {
  let sent = 0;
  let store: SqlSessionStore;
  beforeAll(async () => {
    for (const sql of postgresTable("counted")) await pool.query(sql);
    const counted: PostgresClient = {
      query(text, values) {
        sent++;
        return pool.query(text, values);
      },
    };
    store = postgres(counted, { table: "counted" });
  });
  costsAre(
    () => store,
    () => sent,
    {
      ...{ create: 1, createOfUser: 1, createNearTheLimit: 2, load: 1, loadAndTouch: 2, update: 1, updateNotMade: 2, touch: 1 },
      ...{ login: 1, newId: 1, remove: 1, removeOfNothing: 2, removeThroughMark: 4, take: 1, takeOfNothing: 1, list: 1 },
      ...{ removeAll: 1, sweep: 3 },
    },
  );
});

describe("postgres with the rights of production", () => {
  const key = { id: "session-of-this-test" };

  /** A role that may use what it was granted, and create nothing. */
  async function asRole(role: string, options?: PostgresOptions): Promise<SqlSessionStore> {
    await pool.query(`CREATE ROLE ${role} LOGIN`);
    return postgres(connect({}, role), options);
  }

  it("uses a table that another role has made, in a schema of its own", async () => {
    await pool.query("CREATE SCHEMA auth");
    for (const sql of postgresTable("auth.sessions")) await pool.query(sql);
    const store = await asRole("app", { table: "auth.sessions" });
    await pool.query("GRANT USAGE ON SCHEMA auth TO app; GRANT SELECT, INSERT, UPDATE, DELETE ON auth.sessions TO app");
    await usesTheTable(store);
  });

  it("says what to do where the table is missing and may not be made, or is not for this role, or is another table", async () => {
    const store = await asRole("stranger", { table: "nowhere" });
    const failure = async (one: SqlSessionStore) => one.load(key, { now: NOW }).then(String, (error: unknown) => error);
    expect(await failure(store)).toBeInstanceOf(OptionError);
    expect(await failure(store)).toMatchObject({
      message: expect.stringMatching(/^Cannot use the session table nowhere: .*42501.*postgresTable\(\).*GRANT/),
    });
    expect(await failure(postgres(pool, { table: "nowhere", createTable: false }))).toMatchObject({
      message: expect.stringContaining("42P01"),
    });
    expect(await failure(postgres(pool, { table: "nowhere.sessions", createTable: false }))).toMatchObject({
      message: expect.stringMatching("42P01|3F000"),
    });
    await pool.query("CREATE TABLE not_for_them (id text)");
    await pool.query("CREATE TABLE hidden AS SELECT * FROM web_sessions");
    expect(await failure(postgres(connect({}, "stranger"), { table: "hidden" }))).toMatchObject({
      message: expect.stringContaining("42501"),
    });
    expect(await failure(postgres(pool, { table: "not_for_them" }))).toMatchObject({ message: expect.stringContaining("42703") });
  });
});

it("postgres refuses what is no client, and options that are none", () => {
  const client = { query: async () => ({ rows: [] }) };
  for (const none of [undefined, null, {}, "postgres://127.0.0.1"]) expect(() => postgres(none as never)).toThrow(OptionError);
  for (const options of [
    { table: "a b" },
    { table: "a.b.c" },
    { table: "" },
    { table: "x".repeat(56) },
    { timeout: 0 },
    { timeout: 1e9 },
    { tabel: "a" },
  ])
    expect(() => postgres(client, options as never)).toThrow(OptionError);
  expect(() => postgres(client, { table: `${"s".repeat(55)}.${"t".repeat(55)}` })).not.toThrow();
});
