/** sqlite(): the store contract in memory and on a file, its options, and what stands in the file. */

import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { OptionError } from "../../src/index.ts";
import type { Move } from "../../src/session/record.ts";
import { type SqliteDatabase, type SqliteOptions, type SqliteStore, sessionTable, sqlite } from "../../src/stores/sql/sqlite.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";

const folder = mkdtempSync(join(tmpdir(), "sqlite-"));
const opened: SqliteStore[] = [];
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

function open(source: string | SqliteDatabase = newFile(), options?: SqliteOptions): SqliteStore {
  const store = sqlite(source, options);
  opened.push(store);
  return store;
}

afterEach(() => {
  for (const store of opened.splice(0)) store.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const NOW = 1_800_000_000;
const HOUR = 3600;
const NEW_ID: Move = { by: "regenerateId", graceSeconds: 0 };
const record = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + HOUR };

describe("sqlite keeps the contract", () => {
  for (const { name, run } of storeContract(() => open(":memory:"))) it(`in memory: ${name}`, () => run());

  const shared = newFile();
  for (const { name, run } of storeContract(() => open(shared))) it(`on one file: ${name}`, () => run());

  const mine: SqliteDatabase = new DatabaseSync(newFile());
  for (const { name, run } of storeContract(() => open(mine, { table: "mine" }))) it(`in an open database: ${name}`, () => run());

  const large = new DatabaseSync(newFile(), { readBigInts: true } as object);
  for (const { name, run } of storeContract(() => open(large as SqliteDatabase)))
    it(`in an open database that gives bigint: ${name}`, () => run());
});

it("refuses an open database whose rows have no names, instead of losing sessions", async () => {
  const store = open(new DatabaseSync(":memory:", { returnArrays: true } as object) as SqliteDatabase);
  const key = { id: "session-of-this-test" };
  await store.create(key, { ...record, subject: "ada" });
  for (const call of [
    () => store.load(key, { now: NOW }),
    () => store.list("ada"),
    () => store.sweep(NOW),
    () => store.take(key),
  ])
    await expect(call()).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: expect.stringContaining("its rows lack the column"),
    });
});

describe("sqlite keeps the contract in other runtimes", () => {
  it.each([
    ["bun", "test/stores/sqlite-contract.ts", "path"],
    ["bun", "test/stores/sqlite-contract.ts", "bun:sqlite"],
    ["deno", "run", "-A", "test/stores/sqlite-contract.ts", "path"],
  ])("%s %s %s %s", async (program, ...args) => {
    const { stdout } = await promisify(execFile)(program, args.filter(Boolean));
    expect(stdout).toMatch(/^\d{3,} cases, 0 failures\n$/);
  });
});

/** The rows of a table, read by another connection. */
function rows(file: string, sql = "SELECT * FROM web_sessions"): Record<string, unknown>[] {
  const database = new DatabaseSync(file);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

describe("what stands in the file", () => {
  it("a row for each session, with its data key by key", async () => {
    const file = newFile();
    const data = '{"cart":["apple"],"a.b":1,"quo\\"te":null,"__proto__":{"x":1}}';
    await open(file).create({ id: "session-of-ada" }, { ...record, data, subject: "ada", meta: { device: "phone" } });
    expect(rows(file)).toEqual([
      {
        ...{ id: "session-of-ada", subject: "ada", version: 1, started_at: NOW, seen_at: NOW, expires_at: NOW + HOUR },
        ...{ moved_at: null, moved_to: null, meta: '{"device":"phone"}' },
        data: JSON.stringify({ cart: '["apple"]', "a.b": "1", "quo%0022te": "null", ["__proto__"]: '{"x":1}' }),
      },
    ]);
    const sql = "SELECT json_extract(data, '$.cart') AS cart FROM web_sessions WHERE subject = 'ada'";
    expect(rows(file, sql)).toEqual([{ cart: '["apple"]' }]);
  });

  it("a row that somebody broke is no session for a change whose caller has not read it", async () => {
    const file = newFile();
    const store = open(file);
    const key = { id: "a".repeat(20) };
    const database = new DatabaseSync(file);
    for (const broken of ["no JSON", '{"a":1}']) {
      await store.create(key, record);
      database.prepare("UPDATE web_sessions SET data = ?").run(broken);
      const options = { now: NOW, expiresAt: NOW + HOUR, seenAfter: 0, maxBytes: 1000 };
      const said = await store.update(key, { set: [["b", "2"]], unset: [] }, options);
      if (broken === "no JSON") expect(said).toEqual({ ok: false, why: "gone" });
      await store.remove(key);
    }
    database.close();
  });

  it("subjects that UTF-8 cannot say are not mixed up", async () => {
    const store = open();
    const subjects = ["\ud800", "\ud801", "\ufffd", "%d800", "a\u0000b", "a", "a%", "%0025", "\ud83d\ude00", "\ude00\ud83d"];
    for (const [index, subject] of subjects.entries()) await store.create({ id: `id-${index}` }, { ...record, subject });
    for (const [index, subject] of subjects.entries()) {
      expect(await store.list(subject)).toMatchObject([{ id: `id-${index}` }]);
      expect(await store.load({ id: `id-${index}` }, { now: NOW })).toEqual({ ...record, subject });
    }
  });

  it("a session that never ends", async () => {
    const store = open();
    const endless = { ...record, expiresAt: Number.POSITIVE_INFINITY };
    await store.create({ id: "endless" }, endless);
    expect(await store.load({ id: "endless" }, { now: NOW })).toEqual(endless);
    expect(await store.sweep(NOW * 100)).toBe(0);
    const options = { now: NOW + 1, expiresAt: Number.POSITIVE_INFINITY };
    expect(await store.touch({ id: "endless" }, options)).toBe(true);
    expect(await store.load({ id: "endless" }, { now: NOW })).toEqual({ ...endless, seenAt: NOW + 1 });
  });

  it("WAL, and an index that finds a subject's sessions", async () => {
    const file = newFile();
    await open(file).list("nobody");
    expect(rows(file, "PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
    const [plan] = rows(file, "EXPLAIN QUERY PLAN SELECT * FROM web_sessions WHERE subject = 'ada'");
    expect(plan?.detail).toContain("USING INDEX web_sessions_subject");
  });
});

describe("the file", () => {
  it("is for its user only, with what SQLite puts beside it; one that exists keeps its mode", async () => {
    const [made, found] = [newFile(), newFile()];
    writeFileSync(found, "");
    chmodSync(found, 0o640);
    for (const file of [made, found]) await open(file).create({ id: "in-this-file" }, record);
    const modes = (file: string) => ["", "-wal", "-shm"].map((end) => (statSync(file + end).mode & 0o777).toString(8));
    expect(modes(made)).toEqual(["600", "600", "600"]);
    expect(modes(found)).toEqual(["640", "640", "640"]);
  });

  it("stays the same when the process goes to another folder", async () => {
    const before = process.cwd();
    process.chdir(folder);
    const store = open("relative.db");
    try {
      await store.create({ id: "in-this-file" }, record);
      process.chdir(before);
      expect(await store.load({ id: "in-this-file" }, { now: NOW })).toEqual(record);
    } finally {
      process.chdir(before);
    }
  });
});

it("maxSessions ends what has expired before what lives", async () => {
  const store = open();
  const ada = { ...record, subject: "ada" };
  await store.create({ id: "unused" }, { ...ada, seenAt: NOW - 500 });
  await store.create({ id: "expired" }, { ...ada, seenAt: NOW - 100, expiresAt: NOW - 50 });
  await store.create({ id: "latest" }, ada, { maxSessions: 2 });
  expect((await store.list("ada")).map(({ id }) => id).sort()).toEqual(["latest", "unused"]);
});

it("a session that could not be written ends no others, whatever maxSessions says", async () => {
  const store = open();
  const ada = { ...record, subject: "ada" };
  for (const id of ["first", "second"]) await store.create({ id }, ada);
  await expect(store.create({ id: "first" }, ada, { maxSessions: 1 })).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT" });
  const options: Move = { by: "login", graceSeconds: 0, maxSessions: 1 };
  const moved = await store.replace({ id: "gone" }, { id: "new" }, { set: [], unset: [] }, ada, options);
  expect(moved).toEqual({ ok: false, why: "gone" });
  await expect(store.replace({ id: "first" }, { id: "second" }, { set: [], unset: [] }, ada, options)).rejects.toMatchObject({
    code: "SQLITE_CONSTRAINT",
  });
  expect((await store.list("ada")).map(({ id }) => id).sort()).toEqual(["first", "second"]);
  expect(await store.load({ id: "first" }, { now: NOW })).toEqual(ada);
});

describe("sqlite options", () => {
  it("what cannot be used is refused, with what to do", () => {
    const refused: [string | SqliteDatabase, SqliteOptions, string][] = [
      [":memory:", { table: "a b" }, "Cannot use option table"],
      [":memory:", { synchronous: "off" as "full" }, "Cannot use option synchronous"],
      [":memory:", { busyTimeout: -1 }, "Cannot use option busyTimeout"],
      [":memory:", { sweepEvery: Number.NaN }, "Cannot use option sweepEvery"],
      [":memory:", { timeout: 1 } as SqliteOptions, 'Cannot use option "timeout"'],
      [join(folder, "no", "such", "folder.db"), {}, "Cannot open the session database (ENOENT): its folder must exist"],
      [undefined as unknown as string, {}, "it is not a path, and lacks prepare() or exec()"],
    ];
    for (const [source, options, message] of refused) {
      expect(() => sqlite(source, options)).toThrow(OptionError);
      expect(() => sqlite(source, options)).toThrow(message);
    }
  });

  it("two tables of one file know nothing of each other", async () => {
    const file = newFile();
    const [one, other] = [open(file, { table: "one" }), open(file, { table: "other" })];
    await one.create({ id: "id-of-both" }, record);
    expect(await other.load({ id: "id-of-both" }, { now: NOW })).toBe(null);
    expect(sessionTable("one")[0]).toContain('"one"');
  });

  it("a runtime without node:sqlite is told what to do", () => {
    const { getBuiltinModule } = process;
    process.getBuiltinModule = (() => undefined) as typeof getBuiltinModule;
    try {
      expect(() => sqlite(newFile())).toThrow(/this runtime has no node:sqlite\. .* pass an open database/);
    } finally {
      process.getBuiltinModule = getBuiltinModule;
    }
  });

  it("a closed store fails, and a database that was passed stays open", async () => {
    const store = open();
    await store.create({ id: "before" }, record);
    store.close();
    store.close();
    await expect(store.load({ id: "before" }, { now: NOW })).rejects.toThrow("it was closed");
    const mine = new DatabaseSync(":memory:");
    const given = open(mine);
    await given.create({ id: "mine" }, record);
    given.close();
    expect(mine.prepare("SELECT count(*) AS count FROM web_sessions").get()).toEqual({ count: 1 });
  });
});

describe("sweeping", () => {
  const over = { ...record, expiresAt: NOW + 60 };
  const ids = (file: string) => rows(file, "SELECT id FROM web_sessions ORDER BY id").map(({ id }) => id);

  it("deletes what has expired, in steps of a thousand rows", async () => {
    const file = newFile();
    const store = open(file, { synchronous: "normal", sweepEvery: 0 });
    for (let index = 0; index < 2100; index++) await store.create({ id: `over-${index}` }, over);
    await store.create({ id: "living" }, record);
    await store.create({ id: "moved" }, record);
    await store.replace({ id: "moved" }, { id: "there" }, { set: [], unset: [] }, record, NEW_ID);
    expect(await store.sweep(NOW + 59)).toBe(0);
    expect(await store.sweep(NOW + 60)).toBe(2101);
    expect(ids(file)).toEqual(["living", "there"]);
    expect(await store.sweep(NOW + 60)).toBe(0);
  });

  it("happens beside a new session, not more often than sweepEvery", async () => {
    const file = newFile();
    const store = open(file, { sweepEvery: 600 });
    // The sweep is done before the next call that writes.
    const create = async (id: string, at: number, expiresAt: number) => {
      await store.create({ id }, { ...record, seenAt: at, expiresAt });
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      await store.remove({ id: "nobody" });
    };
    await create("a", NOW, NOW + 10);
    await create("b", NOW + 100, NOW + 700);
    expect(ids(file)).toEqual(["a", "b"]);
    await create("c", NOW + 600, NOW + 9000);
    expect(ids(file)).toEqual(["b", "c"]);
    await create("d", NOW + 1199, NOW + 9000);
    expect(ids(file)).toEqual(["b", "c", "d"]);
    await create("e", NOW + 1200, NOW + 9000);
    expect(ids(file)).toEqual(["c", "d", "e"]);
  });

  it("never happens with sweepEvery 0", async () => {
    const file = newFile();
    const store = open(file, { sweepEvery: 0 });
    await store.create({ id: "over" }, over);
    await store.create({ id: "later" }, { ...record, seenAt: NOW + HOUR, expiresAt: NOW + 2 * HOUR });
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    await store.remove({ id: "nobody" });
    expect(ids(file)).toEqual(["later", "over"]);
  });
});
