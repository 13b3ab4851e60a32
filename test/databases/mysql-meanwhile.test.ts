/** What comes between the statements of one call in MySQL: the answer is what was there at one moment. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import type { SessionRecord } from "../../src/session/record.ts";
import { type MysqlClient, type MysqlStatement, mysql } from "../../src/stores/sql/mysql.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb-server.ts";
import { packages } from "./packages.ts";

const NOW = 1_800_000_000;
const record: SessionRecord = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + 3600 };
const later = { now: NOW + 60, expiresAt: NOW + 3660 };
const touch = { seenAfter: 0, seenBefore: NOW, expiresAt: later.expiresAt };
const patch = { set: [["a", "1"] as const], unset: [] };

let server: MariadbServer;
let pool: Required<Pick<MysqlClient, "query" | "execute">> & { end(): Promise<void> };

beforeAll(async () => {
  server = await startMariadb();
  pool = packages("mysql2/promise").createPool({ uri: server.url() });
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

/** A store, and what is done each time right after one of its statements of a kind. */
function storeWithOther(kind: "SELECT" | "UPDATE", meanwhile: () => Promise<unknown>) {
  const execute = async (statement: MysqlStatement, values: (string | number | null)[]) => {
    const answer = await pool.execute(statement, values);
    if (statement.sql.startsWith(kind) && statement.sql.includes("web_sessions")) await meanwhile();
    return answer;
  };
  return mysql({ query: (statement) => pool.query(statement), execute });
}

it("a load that writes use down answers what was there when it did", async () => {
  const others = mysql(pool as MysqlClient);
  const key = { id: newSessionId() };
  await others.create(key, record);
  const store = storeWithOther("UPDATE", () => others.update(key, patch, later));
  expect(await store.load(key, { now: later.now, touch })).toEqual({ ...record, seenAt: later.now, expiresAt: later.expiresAt });
  expect(await others.load(key, { now: later.now })).toMatchObject({ version: 2 });
});

it("a load that writes use down sees what others wrote after it looked, and touches that", async () => {
  const others = mysql(pool as MysqlClient);
  const key = { id: newSessionId() };
  await others.create(key, record);
  let times = 0;
  const store = storeWithOther("SELECT", async () => times++ === 0 && others.update(key, patch, { ...later, now: NOW }));
  expect(await store.load(key, { now: later.now, touch })).toMatchObject({ version: 2, data: '{"a":1}', seenAt: later.now });
});
