/** The table and rows that version 0.1.0 writes, letter by letter, and what a store must make of them. Never to be changed. */
import { expect } from "vitest";
import type { SessionStore } from "../../src/stored/contract.ts";

const NOW = 1_800_000_000;
const NO_CHANGE = { set: [], unset: [] };

/**
 * A user's session; the marks of a new id with a grace and of a login, each with the session that it became.
 *
 * @param text Writes JSON in a literal, which MySQL wants otherwise.
 */
const rows = (table: string, text: (json: string) => string = (json) => json) => [
  `INSERT INTO ${table} VALUES ('session-of-ada-0', 'ada %0022x%0022', 2, 1799999900, 1800000000, 1800003600, NULL, NULL,
    '{"device":"phone"}', '${text('{"cart":"[\\"apple\\"]","quo%0022te":"null","n":"1"}')}')`,
  `INSERT INTO ${table} VALUES ('before-new-id-0', NULL, 1, 1799999900, 1800000000, 1800000060, 1800000000, 'after-new-id-00',
    '{"by":"regenerateId","graceUntil":1800000010}', '{}')`,
  `INSERT INTO ${table} VALUES ('after-new-id-00', NULL, 2, 1799999900, 1800000000, 1800003600, NULL, NULL, NULL, '{}')`,
  `INSERT INTO ${table} VALUES ('before-login-00', NULL, 1, 1799999900, 1800000000, 1800000060, 1800000000, 'after-login-000',
    '{"by":"login"}', '{}')`,
  `INSERT INTO ${table} VALUES ('after-login-000', NULL, 2, 1799999900, 1800000000, 1800003600, NULL, NULL, NULL, '{}')`,
];

/** Of sqlite(), libsql() and d1(). */
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
  ...rows('"frozen"'),
];

/** Of postgres(). */
export const FROZEN_POSTGRES: readonly string[] = [
  `CREATE TABLE "frozen" (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  subject text COLLATE "C",
  version integer NOT NULL,
  started_at double precision NOT NULL,
  seen_at double precision NOT NULL,
  expires_at double precision NOT NULL,
  moved_at double precision,
  moved_to text COLLATE "C",
  meta text,
  data jsonb NOT NULL
) WITH (fillfactor = 80)`,
  'CREATE INDEX "frozen_subject" ON "frozen" USING hash (subject) WHERE subject IS NOT NULL',
  `COMMENT ON TABLE "frozen" IS 'web-session-store: schema 1'`,
  ...rows('"frozen"'),
];

/** Of mysql(). */
export const FROZEN_MYSQL: readonly string[] = [
  `CREATE TABLE \`frozen\` (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  subject MEDIUMTEXT,
  version INT NOT NULL,
  started_at DOUBLE NOT NULL,
  seen_at DOUBLE NOT NULL,
  expires_at DOUBLE NOT NULL,
  moved_at DOUBLE,
  moved_to VARCHAR(64),
  meta TEXT,
  data LONGTEXT NOT NULL,
  KEY subject (subject(100))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'web-session-store: schema 1'`,
  ...rows("`frozen`", (json) => json.replaceAll("\\", "\\\\")),
];

const times = { startedAt: NOW - 100, seenAt: NOW, expiresAt: NOW + 3600 };
const session = {
  ...{ data: { cart: ["apple"], 'quo"te': null, n: 1 }, version: 2, ...times },
  ...{ subject: 'ada "x"', meta: { device: "phone" } },
};
const late = { now: NOW + 1, expiresAt: NOW + 7200 };

/** Has a store write the same rows. */
export async function writesFrozenRows(store: SessionStore): Promise<void> {
  await store.create({ id: "session-of-ada-0" }, { ...session, data: JSON.stringify(session.data) });
  const record = { data: "{}", version: 1, ...times };
  for (const id of ["before-new-id-0", "before-login-00"]) await store.create({ id }, record);
  const [renewal, login] = [{ by: "regenerateId", graceSeconds: 10 } as const, { by: "login", graceSeconds: 0 } as const];
  await store.replace({ id: "before-new-id-0" }, { id: "after-new-id-00" }, NO_CHANGE, record, renewal);
  await store.replace({ id: "before-login-00" }, { id: "after-login-000" }, NO_CHANGE, record, login);
}

/** Reads the rows, changes the session, moves it on, and ends what the marks lead to. */
export async function readsFrozenRows(store: SessionStore): Promise<void> {
  // Some databases keep the keys of an object in an order of their own.
  const load = async (id: string) => {
    const found = await store.load({ id }, { now: NOW + 1 });
    return found !== null && "data" in found ? { ...found, data: JSON.parse(found.data) } : found;
  };
  expect(await load("session-of-ada-0")).toEqual(session);
  expect(await store.list?.('ada "x"')).toEqual([{ id: "session-of-ada-0", ...times, meta: { device: "phone" } }]);
  const newId = { movedAt: NOW, to: { id: "after-new-id-00" }, by: "regenerateId", graceUntil: NOW + 10 };
  expect(await load("before-new-id-0")).toEqual(newId);
  expect(await load("before-login-00")).toEqual({ movedAt: NOW, to: { id: "after-login-000" }, by: "login" });

  const moved = { ok: false, why: "moved" };
  for (const id of ["before-new-id-0", "before-login-00"]) {
    expect(await store.update({ id }, { set: [["a", "1"]], unset: [] }, late)).toEqual(moved);
    expect(await store.take({ id })).toBeNull();
  }
  const updated = await store.update({ id: "session-of-ada-0" }, { set: [["n", "2"]], unset: ['quo"te'] }, late);
  expect(updated).toEqual({ ok: true, version: 3 });
  const record = { ...session, data: "{}", seenAt: NOW + 1 };
  const to = { id: "session-of-ada-1" };
  const move = { by: "regenerateId", graceSeconds: 10 } as const;
  await store.replace({ id: "session-of-ada-0" }, to, NO_CHANGE, record, move);
  expect(await load("session-of-ada-0")).toEqual({ movedAt: NOW + 1, to, by: "regenerateId", graceUntil: NOW + 11 });
  expect(await load("session-of-ada-1")).toEqual({ ...record, data: { cart: ["apple"], n: 2 }, version: 4 });

  for (const id of ["before-new-id-0", "before-login-00"]) await store.remove({ id });
  for (const id of ["after-new-id-00", "after-login-000"]) expect(await load(id)).toBeNull();
}
