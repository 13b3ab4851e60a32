/** How the modules of an older build are found: by the names that applications import, as Node itself finds them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { declaredNames, type Exports, entryFile } from "../../bench/against/entries.ts";

describe("entryFile()", () => {
  const exports: Exports = {
    ".": "./dist/index.js",
    "./koa": { require: { default: "./dist/koa.cjs" }, types: "./dist/koa.d.ts", default: "./dist/koa.js" },
    "./deep": { browser: "./dist/browser.js", import: { types: "./dist/deep.d.ts", node: "./dist/deep.js" }, default: "./no.js" },
    "./typed": { types: "./dist/typed.d.ts" },
    "./closed": null,
  };

  it.each([
    [".", "./dist/index.js"],
    ["./koa", "./dist/koa.js"],
    ["./deep", "./dist/deep.js"],
    ["./typed", undefined],
    ["./closed", undefined],
    ["./hono", undefined],
  ])("of %s is %s", (entry, file) => {
    expect(entryFile(exports, entry)).toBe(file);
  });

  it("is what Node takes, for every entry of this package", () => {
    const own = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Exports };
    for (const entry of Object.keys(own.exports)) {
      const found = fileURLToPath(import.meta.resolve(`web-session-store${entry.slice(1)}`));
      expect(`${process.cwd()}/${entryFile(own.exports, entry)?.slice(2)}`, entry).toBe(found);
    }
  });
});

it("declaredNames() are the options that a build knows", () => {
  const names = declaredNames(
    "interface Options {\n  readonly secrets: Secrets;\n  /** lazy */\n  readonly rememberTokens?: number;\n}",
  );
  expect([...names]).toEqual(["secrets", "rememberTokens"]);
});
