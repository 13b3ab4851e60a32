/** What comes between the statement that makes a change and the one that says why it was not made: the answer holds for one moment. */
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import type { Move, SessionRecord } from "../../src/session/record.ts";
import { type SqliteDatabase, sqlite } from "../../src/stores/sql/sqlite.ts";

const NOW = 1_795_000_000;
const record: SessionRecord = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + 3600 };
const options = { now: NOW, expiresAt: NOW + 3600 };
const patch = { set: [["a", "1"] as const], unset: [] };
const move: Move = { by: "regenerateId", graceSeconds: 10 };

/** A store, and a way to have something else done before its next look at a row. */
function storeWithOther() {
  const inner = new DatabaseSync(":memory:");
  let meanwhile: (() => void) | undefined;
  const database: SqliteDatabase = {
    prepare(sql) {
      const statement = inner.prepare(sql);
      return {
        all(...values) {
          if (sql.startsWith("SELECT")) {
            meanwhile?.();
            meanwhile = undefined;
          }
          return statement.all(...values);
        },
      };
    },
    exec: (sql) => inner.exec(sql),
    close: () => inner.close(),
  };
  const before = (sql: string) => {
    meanwhile = () => inner.exec(sql);
  };
  return { store: sqlite(database), before };
}

it("makes a change whose version came meanwhile", async () => {
  const { store, before } = storeWithOther();
  const [key, to] = [{ id: newSessionId() }, { id: newSessionId() }];
  await store.create(key, record);
  before("UPDATE web_sessions SET version = 2");
  expect(await store.update(key, patch, { ...options, ifVersion: 2 })).toEqual({ ok: true, version: 3 });
  before("UPDATE web_sessions SET version = 4");
  expect(await store.replace(key, to, patch, record, { ...move, ifVersion: 4 })).toEqual({ ok: true, version: 5 });
  expect(await store.load(to, { now: NOW })).toMatchObject({ data: '{"a":1}', version: 5 });
});
