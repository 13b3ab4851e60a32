/** Marks of sessions that moved, in SQLite: what stands in their rows, and rows that earlier builds wrote. */
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { FROZEN_SQL, readsFrozenRows } from "./sql-frozen.ts";

const NOW = 1_800_000_000;
const NO_CHANGE = { set: [], unset: [] };
const LOGIN = { by: "login", graceSeconds: 0 } as const;
const record = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + 3600 };

it("the row of a mark says in meta what moved the session, and until when the old id counts", async () => {
  const database = new DatabaseSync(":memory:");
  const store = sqlite(database);
  const [visitor, member, renewed] = ["visitor-of-before", "user-who-logged-in", "user-with-a-new-id"];
  const ada = { ...record, subject: "ada", meta: { device: "phone" } };
  await store.create({ id: visitor }, record);
  await store.replace({ id: visitor }, { id: member }, NO_CHANGE, ada, LOGIN);
  await store.replace({ id: member }, { id: renewed }, NO_CHANGE, ada, { by: "regenerateId", graceSeconds: 10 });
  expect(database.prepare("SELECT * FROM web_sessions WHERE moved_at IS NOT NULL ORDER BY version").all()).toEqual([
    {
      ...{ id: visitor, subject: null, version: 1, started_at: NOW, seen_at: NOW, expires_at: NOW + 60 },
      ...{ moved_at: NOW, moved_to: member, meta: '{"by":"login"}', data: "{}" },
    },
    {
      ...{ id: member, subject: null, version: 2, started_at: NOW, seen_at: NOW, expires_at: NOW + 60 },
      ...{ moved_at: NOW, moved_to: renewed, meta: `{"by":"regenerateId","graceUntil":${NOW + 10}}`, data: "{}" },
    },
  ]);
});

it("rows that earlier builds wrote are still read", async () => {
  const database = new DatabaseSync(":memory:");
  for (const sql of FROZEN_SQL) database.exec(sql);
  await readsFrozenRows(sqlite(database, { table: "frozen" }));
});

it("a mark whose meta somebody broke gives no grace", async () => {
  const database = new DatabaseSync(":memory:");
  const store = sqlite(database);
  const [before, after] = [{ id: "before-the-new-id" }, { id: "after-the-new-id" }];
  await store.create(before, record);
  await store.replace(before, after, NO_CHANGE, record, { by: "regenerateId", graceSeconds: 10 });
  for (const meta of ["{", "[]", "7", "", '{"by":1,"graceUntil":"never"}']) {
    database.prepare("UPDATE web_sessions SET meta = ? WHERE moved_at IS NOT NULL").run(meta);
    expect(await store.load(before, { now: NOW })).toEqual({ movedAt: NOW, to: after, by: "regenerateId" });
  }
});
