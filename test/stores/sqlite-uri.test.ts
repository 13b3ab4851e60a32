/** sqlite() by a URI: the file is for its user only, as by a path, and what the URI asks for holds. */
import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OptionError } from "../../src/index.ts";
import { type SqliteStore, sqlite } from "../../src/stores/sql/sqlite.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";

const NOW = 1_800_000_000;
const record = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + 3600 };
const key = { id: "in-this-file-alone" };
const before = process.cwd();
const opened: SqliteStore[] = [];
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sqlite-uri-"));
});
afterEach(() => {
  process.chdir(before);
  for (const store of opened.splice(0)) store.close();
  rmSync(folder, { recursive: true });
});

function open(source: string): SqliteStore {
  const store = sqlite(source);
  opened.push(store);
  return store;
}

const modes = () =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]));
const privately = (name: string) => ({ [name]: "600", [`${name}-wal`]: "600", [`${name}-shm`]: "600" });

describe("sqlite by a URI", () => {
  const uris: [uri: (folder: string) => string, name: string][] = [
    [() => "file:relative.db", "relative.db"],
    [(path) => `file:${path}/a.db`, "a.db"],
    [(path) => `file://${path}/a.db`, "a.db"],
    [(path) => `file://localhost${path}/a.db`, "a.db"],
    [(path) => `file:${path}/a.db?mode=rwc`, "a.db"],
    [() => "file:a.db?cache=shared&mode=rwc", "a.db"],
    [() => "file:a.db?mode=memory&mode=rwc", "a.db"],
    [(path) => `file:${path}/a%20b%3F%C3%BC.db?cache=private`, "a b?ü.db"],
    [(path) => `file:${path}/100%.db?cache=private`, "100%.db"],
    [(path) => `file:${path}/a%23b.db#fragment?mode=memory`, "a#b.db"],
  ];
  it.each(uris)("%s is for its user only, with what SQLite puts beside it", async (uri, name) => {
    process.chdir(folder);
    const store = open(uri(folder));
    await store.create(key, record);
    expect(modes()).toEqual(privately(name));
    // It is the same file as by its path.
    expect(await open(join(folder, name)).load(key, { now: NOW })).toEqual(record);
  });

  it.each(["file:a.db", "file:a.db?cache=private"])("%s that is deleted is made anew, for its user only", async (uri) => {
    process.chdir(folder);
    const store = open(uri);
    await store.create(key, record);
    process.chdir(before);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    expect(await store.load(key, { now: NOW })).toBe(null);
    await store.create(key, record);
    expect(modes()).toEqual(privately("a.db"));
    expect(await open(join(folder, "a.db")).load(key, { now: NOW })).toEqual(record);
    expect(existsSync(join(before, "a.db"))).toBe(false);
  });

  it("leaves a file that exists its mode", async () => {
    const file = join(folder, "a.db");
    writeFileSync(file, "");
    chmodSync(file, 0o640);
    await open(`file:${file}`).create(key, record);
    expect(modes()).toEqual({ "a.db": "640", "a.db-wal": "640", "a.db-shm": "640" });
  });

  it.each([
    "file::memory:",
    "file::memory:?cache=shared",
    "file:one?mode=memory",
    "file:/one?vfs=memdb",
    "file:",
    "file:?cache=private",
  ])("%s makes no file", async (uri) => {
    process.chdir(folder);
    const store = open(uri);
    await store.create(key, record);
    expect(await store.load(key, { now: NOW })).toEqual(record);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("in shared memory is one database for all who name it", async () => {
    const [one, same, other] = ["one", "one", "other"].map((name) => open(`file:${name}?mode=memory&cache=shared`));
    await one?.create(key, record);
    expect(await same?.load(key, { now: NOW })).toEqual(record);
    expect(await other?.load(key, { now: NOW })).toBe(null);
  });

  it.each(["ro", "rw"])("with mode=%s makes no file that is not there", (mode) => {
    expect(() => open(`file:${folder}/a.db?mode=${mode}`)).toThrow(OptionError);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(["file://elsewhere/a.db", "file:%FF.db", "file:a%00b.db", "file:no/such/folder.db"])(
    "%s is refused, and nothing is made",
    (uri) => {
      process.chdir(folder);
      expect(() => open(uri)).toThrow(OptionError);
      expect(readdirSync(folder)).toEqual([]);
    },
  );
});

describe("sqlite by a URI keeps the contract", () => {
  for (const { name, run } of storeContract(() => open(`file:${folder}/a.db?cache=private`))) it(name, () => run());

  it.each([
    ["bun", "test/stores/sqlite-contract.ts", "uri"],
    ["deno", "run", "-A", "test/stores/sqlite-contract.ts", "uri"],
  ])("in %s", async (program, ...args) => {
    const { stdout } = await promisify(execFile)(program, args);
    expect(stdout).toMatch(/^\d{3,} cases, 0 failures\n$/);
  });
});
