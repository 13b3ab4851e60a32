/** The table and rows that earlier builds wrote, letter by letter, and what a store must make of them. Never to be changed. */
import { expect } from "vitest";
import type { SessionStore } from "../../src/stored/contract.ts";

const NOW = 1_800_000_000;

/** A user's session; the marks of a new id and of a login, each with the session that it became. */
export const FROZEN_SQL: readonly string[] = [
  `CREATE TABLE "frozen" (
  id TEXT NOT NULL PRIMARY KEY,
  subject TEXT,
  version INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  moved_at INTEGER,
  moved_to TEXT,
  meta TEXT,
  data TEXT NOT NULL
) WITHOUT ROWID`,
  'CREATE INDEX "frozen_subject" ON "frozen" (subject) WHERE subject IS NOT NULL',
  `INSERT INTO "frozen" VALUES ('session-of-ada-0', 'ada %0022x%0022', 2, 1799999900, 1800000000, 1800003600, NULL, NULL,
    '{"device":"phone"}', '{"cart":"[\\"apple\\"]","quo%0022te":"null","n":"1"}')`,
  `INSERT INTO "frozen" VALUES ('before-new-id-0', NULL, 1, 1799999900, 1800000000, 1800000060, 1800000000, 'after-new-id-00',
    NULL, '{}')`,
  `INSERT INTO "frozen" VALUES ('after-new-id-00', NULL, 2, 1799999900, 1800000000, 1800003600, NULL, NULL, NULL, '{}')`,
  `INSERT INTO "frozen" VALUES ('before-login-00', NULL, 1, 1799999900, 1800000000, 1800000060, 1800000000, NULL, NULL, '{}')`,
  `INSERT INTO "frozen" VALUES ('after-login-000', NULL, 2, 1799999900, 1800000000, 1800003600, NULL, NULL, NULL, '{}')`,
];

const times = { startedAt: NOW - 100, seenAt: NOW, expiresAt: NOW + 3600 };
const session = {
  ...{ data: '{"cart":["apple"],"quo\\"te":null,"n":1}', version: 2, ...times },
  ...{ subject: 'ada "x"', meta: { device: "phone" } },
};
const late = { now: NOW + 1, expiresAt: NOW + 7200 };

/** Reads the rows, changes the session, moves it on, and ends what the marks lead to. */
export async function readsFrozenRows(store: SessionStore): Promise<void> {
  const load = (id: string) => store.load({ id }, { now: NOW + 1 });
  expect(await load("session-of-ada-0")).toEqual(session);
  expect(await store.list?.('ada "x"')).toEqual([{ id: "session-of-ada-0", ...times, meta: { device: "phone" } }]);
  const newId = { movedAt: NOW, to: { id: "after-new-id-00" }, by: "regenerateId" };
  expect(await load("before-new-id-0")).toEqual(newId);
  expect(await load("before-login-00")).toEqual({ movedAt: NOW, by: "login" });

  const moved = { ok: false, why: "moved" };
  for (const id of ["before-new-id-0", "before-login-00"]) {
    expect(await store.update({ id }, { set: [["a", "1"]], unset: [] }, late)).toEqual(moved);
    expect(await store.take({ id })).toBeNull();
  }
  const updated = await store.update({ id: "session-of-ada-0" }, { set: [["n", "2"]], unset: ['quo"te'] }, late);
  expect(updated).toEqual({ ok: true, version: 3 });
  const record = { ...session, seenAt: NOW + 1 };
  const to = { id: "session-of-ada-1" };
  const move = { by: "regenerateId", graceSeconds: 10 } as const;
  await store.replace({ id: "session-of-ada-0" }, to, { set: [], unset: [] }, record, move);
  expect(await load("session-of-ada-0")).toEqual({ movedAt: NOW + 1, to, by: "regenerateId", graceUntil: NOW + 11 });
  expect(await load("session-of-ada-1")).toEqual({ ...record, data: '{"cart":["apple"],"n":2}', version: 4 });

  for (const id of ["before-new-id-0", "before-login-00"]) await store.remove({ id });
  expect(await load("after-new-id-00")).toBeNull();
  expect(await load("after-login-000")).toEqual({ data: "{}", version: 2, ...times });
}
