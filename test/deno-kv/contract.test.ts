/** The store contract on Deno KV, as `@deno/kv` runs it on Node. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { denoKv } from "../../src/stores/deno-kv/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { type OpenKv, openKv } from "./databases.ts";
import { spread } from "./spread.ts";

const numbers = [1, 2, 3, 4, 5];

const folder = mkdtempSync(join(tmpdir(), "deno-kv-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ["in memory", ""],
  ["in SQLite's memory", ":memory:"],
  ["in a file", join(folder, "contract.db")],
])("Deno KV %s keeps the store contract", (_where, path) => {
  let kv: OpenKv;
  beforeAll(async () => {
    kv = await openKv(path);
  });
  afterAll(() => kv?.close());

  for (const { name, run } of storeContract(() => denoKv(kv))) it(name, run);

  describe("with five processes", () => {
    for (const { name, run } of storeContract(() => spread(numbers.map(() => denoKv(kv))))) it(name, run);
  });
});
