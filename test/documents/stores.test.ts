/** The tables of stores say what the stores declare: a table that says something else, and a store that is in none, are found. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "stores-"));
const FILES = ["README.md", "docs/choosing-a-store.md", "package.json"];

beforeAll(() => {
  execFileSync("node", ["scripts/build.mjs", "--if-needed"]);
  mkdirSync(join(folder, "docs"));
  symlinkSync(resolve("test"), join(folder, "test"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the check says where one file is changed. */
function check(file?: string, from = "", to = "") {
  for (const name of FILES) cpSync(name, join(folder, name));
  if (file !== undefined) {
    const text = readFileSync(file, "utf8");
    expect(text).toContain(from);
    writeFileSync(join(folder, file), text.replace(from, to));
  }
  const { status, stdout } = spawnSync("node", [resolve("scripts/stores.mjs"), "--check"], { cwd: folder, encoding: "utf8" });
  return { status, stdout };
}

it("the tables are what the stores declare", () => {
  expect(check()).toEqual({ status: 0, stdout: "" });
});

it.each([
  [
    "a promise in README.md",
    "README.md",
    "no update is lost",
    "the last one wins",
    'the table "stores" of README.md is not what',
  ],
  [
    "a promise on the page",
    "docs/choosing-a-store.md",
    "| none | at once |",
    "| possible | at once |",
    'the table "promises" of docs',
  ],
  ["a table without its markers", "README.md", "<!-- end of table -->", "", 'README.md has no markers of the table "stores"'],
  ["a store without an entry", "package.json", '"./stores/kv"', '"./stores/other"', "has no entry for stores/other"],
])("%s is found", (_what, file, from, to, expected) => {
  const { status, stdout } = check(file, from, to);
  expect([status, stdout]).toEqual([1, expect.stringContaining(expected)]);
});
