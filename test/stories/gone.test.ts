/** Every cell of the table of what a request is told whose session is gone: in memory and in SQLite. */
import { describe, expect, it } from "vitest";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { goneCases } from "../contracts/gone.ts";

describe.each([
  ["memory", () => memory()],
  ["SQLite", () => sqlite(":memory:")],
] as const)("a request whose session is not there any more: %s", (_name, makeStore) => {
  for (const { name, run } of goneCases(makeStore, expect)) it(name, run);
});
