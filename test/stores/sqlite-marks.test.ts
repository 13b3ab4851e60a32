/** Marks of sessions that moved, in SQLite: what stands in their rows; and the rows of version 0.1.0. */
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { BROKEN_MARKS, CIRCLES, isNoEndlessTrail, isNoSession } from "./broken-marks.ts";
import { FROZEN_SQL, readsFrozenRows, writesFrozenRows } from "./sql-frozen.ts";

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

it("rows that version 0.1.0 writes are read by every later version", async () => {
  const database = new DatabaseSync(":memory:");
  for (const sql of FROZEN_SQL) database.exec(sql);
  await writesFrozenRows(sqlite(database, { table: "written" }));
  const [frozen, written] = ["frozen", "written"].map((table) => database.prepare(`SELECT * FROM ${table}`).all());
  expect(written).toEqual(frozen);
  await readsFrozenRows(sqlite(database, { table: "frozen" }));
});

describe("a mark", () => {
  /** A session that got a new id with a grace, and what stands in the row of its mark. */
  async function broken(meta: string | null, movedTo?: null) {
    const database = new DatabaseSync(":memory:");
    const store = sqlite(database);
    const [before, after] = [{ id: "before-the-new-id" }, { id: "after-the-new-id" }];
    await store.create(before, record);
    await store.replace(before, after, NO_CHANGE, record, { by: "regenerateId", graceSeconds: 10 });
    const set = movedTo === null ? "meta = ?, moved_to = NULL" : "meta = ?";
    database.prepare(`UPDATE web_sessions SET ${set} WHERE moved_at IS NOT NULL`).run(meta);
    return { store, before };
  }

  it.each(BROKEN_MARKS)("that %s is no session", async (_what, change) => {
    const { to, ...said } = { to: "", by: "regenerateId", graceUntil: NOW + 10, ...change };
    const { store, before } = await broken(JSON.stringify(said), to === undefined ? null : undefined);
    await isNoSession(store, before, NOW);
  });

  it.each(CIRCLES)("that %s ends a logout, and goes", async (_what, places) => {
    const database = new DatabaseSync(":memory:");
    const store = sqlite(database);
    const keys = places.map((_to, place) => ({ id: `mark-in-a-circle-${place}` }));
    for (const [place, key] of keys.entries()) {
      await store.create(key, record);
      const mark = "UPDATE web_sessions SET moved_at = ?, moved_to = ?, meta = ? WHERE id = ?";
      database.prepare(mark).run(NOW, `mark-in-a-circle-${places[place]}`, '{"by":"login"}', key.id);
    }
    await isNoEndlessTrail(store, keys, NOW);
    expect(database.prepare("SELECT id FROM web_sessions").all()).toEqual([]);
  });

  it.each([null, "{", "[]", "7", ""])("with %j in meta is no session", async (meta) => {
    const { store, before } = await broken(meta);
    await isNoSession(store, before, NOW);
  });
});
