/** libsql() on a file, and postgres() on a folder of PGlite: the contract, locks, and a process that is killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { OptionError } from "../../src/index.ts";
import { type LibsqlClient, libsql } from "../../src/stores/sql/libsql.ts";
import { postgres } from "../../src/stores/sql/postgres.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import type { SqlSessionStore } from "../../src/stores/sql/store.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { FROZEN_SQL, readsFrozenRows } from "../stores/sql-frozen.ts";
import { costsAre } from "./counted.ts";
import { packages } from "./packages.ts";
import { twoProcessesLoseNothing } from "./processes.ts";

const { createClient } = packages("@libsql/client");
const { PGlite } = packages("@electric-sql/pglite");

const NOW = 1_800_000_000;
const record = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + 3600 };
const key = { id: "session-of-this-test" };
const folder = mkdtempSync(join(tmpdir(), "libsql-"));
const ends: (() => unknown)[] = [];
let files = 0;

function open(
  file = join(folder, `${files++}.db`),
  options: object = {},
): LibsqlClient & { execute(sql: string): Promise<unknown> } {
  const client = createClient({ url: `file:${file}`, ...options });
  ends.push(() => client.close());
  return client;
}

afterAll(async () => {
  for (const end of ends.splice(0)) await end();
  rmSync(folder, { recursive: true, force: true });
});

describe("libsql keeps the contract", () => {
  for (const round of [1, 2, 3]) {
    const client = open();
    for (const { name, run } of storeContract(() => libsql(client))) it(`on a file, ${round}: ${name}`, () => run());
  }
});

describe.each(["bigint", "string"])("libsql keeps the contract where whole numbers come as %s", (intMode) => {
  const client = open(undefined, { intMode });
  for (const { name, run } of storeContract(() => libsql(client))) it(name, () => run());
});

describe("libsql, besides the contract", () => {
  it("loses nothing of 100 requests at the same time in two processes", async () => {
    const file = join(folder, "processes.db");
    const client = open(file, { timeout: 5000 });
    await client.execute("PRAGMA journal_mode = WAL");
    await twoProcessesLoseNothing(`file:${file}`, libsql(client));
  });

  it("has the table of sqlite(), and reads what that wrote, also by version 0.1.0", async () => {
    const file = join(folder, "same.db");
    const database = new DatabaseSync(file);
    for (const sql of FROZEN_SQL) database.exec(sql);
    await sqlite(database).create(key, record);
    database.close();
    await readsFrozenRows(libsql(open(file), { table: "frozen" }));
    expect(await libsql(open(file)).load(key, { now: NOW })).toEqual(record);
  });

  it("fails with SQLITE_BUSY where another process has locked the file for longer than the client waits, and goes on", async () => {
    const file = join(folder, "locked.db");
    const store = libsql(open(file, { timeout: 100 }));
    await store.create(key, record);
    const script = `const { DatabaseSync } = require("node:sqlite");
      const database = new DatabaseSync(process.argv[1]);
      database.exec("BEGIN EXCLUSIVE");
      process.stdout.write("locked");
      process.stdin.on("data", () => process.exit());`;
    const other = spawn("node", ["-e", script, file], { stdio: ["pipe", "pipe", "inherit"] });
    await once(other.stdout, "data");
    const late = { now: NOW, expiresAt: NOW + 3600 };
    await expect(store.update(key, { set: [], unset: [] }, late)).rejects.toMatchObject({ code: "SQLITE_BUSY", retryable: true });
    other.stdin.write("go");
    await once(other, "exit");
    await expect
      .poll(() => store.update(key, { set: [], unset: [] }, late).catch((error) => error), { timeout: 15_000 })
      .toMatchObject({ ok: true });
  });

  it("says what to do where there is no table, and nothing of what was bound where an id is taken", async () => {
    const missing = libsql(open(), { createTable: false });
    const failure = await missing.load(key, { now: NOW }).then(String, (error: unknown) => error);
    expect(failure).toBeInstanceOf(OptionError);
    expect(failure).toMatchObject({ message: expect.stringContaining("sessionTable()") });
    const store = libsql(open());
    await store.create(key, { ...record, data: '{"card":"4111"}' });
    const error = await store.create(key, record).then(String, (thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "SQLITE_CONSTRAINT", retryable: false });
    expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toMatch(/4111|session-of-this-test/);
  });

  it("refuses what is no client, and options that are none", () => {
    for (const none of [undefined, null, {}, "file:a.db"]) expect(() => libsql(none as never)).toThrow(OptionError);
    for (const options of [{ table: "a.b" }, { timeout: 0 }, { tabel: "a" }])
      expect(() => libsql(open(), options as never)).toThrow(OptionError);
  });
});

describe("libsql costs", () => {
  let sent = 0;
  let store: SqlSessionStore | undefined;
  const counted = (): SqlSessionStore => {
    const client = open();
    const batch: LibsqlClient["batch"] = (statements, mode) => {
      sent++;
      return client.batch(statements, mode);
    };
    return libsql({ batch });
  };
  const opened = () => {
    store ??= counted();
    return store;
  };
  costsAre(opened, () => sent, {
    ...{ create: 1, createOfUser: 1, createNearTheLimit: 1, load: 1, loadAndTouch: 2, update: 1, updateNotMade: 2, touch: 1 },
    ...{ login: 1, newId: 1, remove: 1, removeOfNothing: 1, removeThroughMark: 1, take: 1, takeOfNothing: 1, list: 1 },
    ...{ removeAll: 1, sweep: 3 },
  });
});

describe("a process that is killed while it writes", () => {
  const stores: [string, (place: string) => Promise<SqlSessionStore>][] = [
    ["libsql", async (place) => libsql(open(place))],
    ["pglite", async (place) => postgres(await PGlite.create(place))],
  ];
  it.each(stores)("has kept all that it acknowledged, in %s", async (kind, reopen) => {
    const place = join(folder, `killed-${kind}`);
    const child = spawn("node", ["test/databases/file-writer.ts", kind, place, key.id], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk) => {
      said += chunk;
      if (said.split("\n").length > 100) child.kill("SIGKILL");
    });
    await once(child, "close");
    const acknowledged = Number(said.trim().split("\n").at(-1));
    expect(acknowledged).toBeGreaterThanOrEqual(100);
    const found = await (await reopen(place)).load(key, { now: NOW - 3600 });
    const { count } = JSON.parse((found as { data: string }).data);
    // One more may have been written, and the word of it lost.
    expect([acknowledged, acknowledged + 1]).toContain(count);
  });
});
