/** The table and rows that earlier builds wrote, letter by letter, and what a store must make of them. Never to be changed. */
import { expect } from "vitest";
import type { MovedMark } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";

const NOW = 1_800_000_000;

/** What is written otherwise: texts with backslashes, the `meta` of a new id's mark, and where a login's mark leads with its `meta`. */
interface Writing {
  readonly text: (json: string) => string;
  readonly newId: string;
  readonly login: string;
}

// The first builds for SQLite left out what moved a session, and where a login led.
const EARLY: Writing = { text: (json) => json, newId: "NULL", login: "NULL, NULL" };
const LATER: Writing = { ...EARLY, newId: `'{"by":"regenerateId"}'`, login: `'after-login-000', '{"by":"login"}'` };

/** A user's session; the marks of a new id and of a login, each with the session that it became. */
const rows = (table: string, { text, newId, login }: Writing) => [
  `INSERT INTO ${table} VALUES ('session-of-ada-0', 'ada %0022x%0022', 2, 1799999900, 1800000000, 1800003600, NULL, NULL,
    '{"device":"phone"}', '${text('{"cart":"[\\"apple\\"]","quo%0022te":"null","n":"1"}')}')`,
  `INSERT INTO ${table} VALUES ('before-new-id-0', NULL, 1, 1799999900, 1800000000, 1800000060, 1800000000, 'after-new-id-00',
    ${newId}, '{}')`,
  `INSERT INTO ${table} VALUES ('after-new-id-00', NULL, 2, 1799999900, 1800000000, 1800003600, NULL, NULL, NULL, '{}')`,
  `INSERT INTO ${table} VALUES ('before-login-00', NULL, 1, 1799999900, 1800000000, 1800000060, 1800000000, ${login}, '{}')`,
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
  ...rows('"frozen"', EARLY),
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
  ...rows('"frozen"', LATER),
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
  ...rows("`frozen`", { ...LATER, text: (json) => json.replaceAll("\\", "\\\\") }),
];

const times = { startedAt: NOW - 100, seenAt: NOW, expiresAt: NOW + 3600 };
const session = {
  ...{ data: { cart: ["apple"], 'quo"te': null, n: 1 }, version: 2, ...times },
  ...{ subject: 'ada "x"', meta: { device: "phone" } },
};
const late = { now: NOW + 1, expiresAt: NOW + 7200 };

/** Where a login's mark leads in the rows of postgres() and mysql(). */
export const LOGIN_LEADS: Pick<MovedMark, "to"> = { to: { id: "after-login-000" } };

/** Reads the rows, changes the session, moves it on, and ends what the marks lead to. */
export async function readsFrozenRows(store: SessionStore, login: Pick<MovedMark, "to"> = {}): Promise<void> {
  // Some databases keep the keys of an object in an order of their own.
  const load = async (id: string) => {
    const found = await store.load({ id }, { now: NOW + 1 });
    return found !== null && "data" in found ? { ...found, data: JSON.parse(found.data) } : found;
  };
  expect(await load("session-of-ada-0")).toEqual(session);
  expect(await store.list?.('ada "x"')).toEqual([{ id: "session-of-ada-0", ...times, meta: { device: "phone" } }]);
  const newId = { movedAt: NOW, to: { id: "after-new-id-00" }, by: "regenerateId" };
  expect(await load("before-new-id-0")).toEqual(newId);
  expect(await load("before-login-00")).toEqual({ movedAt: NOW, by: "login", ...login });

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
  await store.replace({ id: "session-of-ada-0" }, to, { set: [], unset: [] }, record, move);
  expect(await load("session-of-ada-0")).toEqual({ movedAt: NOW + 1, to, by: "regenerateId", graceUntil: NOW + 11 });
  expect(await load("session-of-ada-1")).toEqual({ ...record, data: { cart: ["apple"], n: 2 }, version: 4 });

  for (const id of ["before-new-id-0", "before-login-00"]) await store.remove({ id });
  expect(await load("after-new-id-00")).toBeNull();
  const isLeft = login.to === undefined;
  expect(await load("after-login-000")).toEqual(isLeft ? { data: {}, version: 2, ...times } : null);
}
