/** Two processes of an application in one database: 100 requests of one visitor at the same time, and nothing is lost. */
import { expect } from "vitest";
import type { SqlSessionStore } from "../../src/stores/sql/store.ts";
import { ALL_WRITTEN, writeFromTwo } from "../support/two-processes.ts";

export async function twoProcessesLoseNothing(url: string, store: SqlSessionStore): Promise<void> {
  const env = { DATABASE_URL: url };
  expect(await writeFromTwo(store, "test/databases/writer.ts", [env, env])).toEqual(ALL_WRITTEN);
}
