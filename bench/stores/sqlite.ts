/**
 * SQLite under test, by node:sqlite: a file for each application, as the store opens it.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type SqliteDatabase, type SqliteOptions, type SqliteStore, sqlite } from "../../dist/stores/sql/sqlite.js";
import type { Database, Traffic } from "./database.ts";
import { ourRows } from "./ours.ts";

type MakeStore = (options?: SqliteOptions) => SqliteStore;

/** Its links make stores. */
export const sqliteDatabase: Database<MakeStore> = {
  name: "SQLite",
  turns: "transactions, and statements",
  contenders: [
    ...ourRows(async (make: MakeStore) => make()),
    ...ourRows(async (make: MakeStore) => make({ synchronous: "normal" }), ", synchronous normal"),
  ],
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "bench-sqlite-"));
    const stores: SqliteStore[] = [];
    const counting = countingDatabase(new DatabaseSync(":memory:"));
    return {
      direct(options) {
        const store = sqlite(join(folder, `timed-${stores.length}.db`), options);
        stores.push(store);
        return store;
      },
      counted: () => sqlite(counting.database),
      traffic: counting.traffic,
      // It runs in this one.
      processor: async () => 0,
      async stop() {
        for (const store of stores) store.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

/** A database that counts: a statement by itself is a transaction, and so is all from BEGIN to COMMIT. */
function countingDatabase(inner: DatabaseSync): { database: SqliteDatabase; traffic(): Traffic } {
  let turns = 0;
  let words: string[] = [];
  let within = false;
  const count = (sql: string) => {
    const word = (/\w+/.exec(sql)?.[0] ?? "").toUpperCase();
    if (!within) turns++;
    if (word === "BEGIN") within = true;
    if (word === "COMMIT" || word === "ROLLBACK") within = false;
    words.push(word);
  };
  const database: SqliteDatabase = {
    prepare(sql) {
      const statement = inner.prepare(sql);
      return {
        all(...values) {
          count(sql);
          return statement.all(...values);
        },
      };
    },
    exec(sql) {
      count(sql);
      inner.exec(sql);
    },
    close: () => inner.close(),
  };
  const traffic = () => {
    const found = { turns, words };
    turns = 0;
    words = [];
    return found;
  };
  return { database, traffic };
}
