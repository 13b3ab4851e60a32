/** What later versions rely on: they read the rows of version 0.1.0, and a Worker and an object may be of different versions during a deploy. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Move } from "../../src/session/record.ts";
import { durableObject, type ObjectNamespace } from "../../src/stores/durable-object/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { BROKEN_MARKS, CIRCLES, isNoEndlessTrail, isNoSession } from "../stores/broken-marks.ts";
import { BROKEN_FIELDS, isNoRecord } from "../stores/broken-records.ts";
import { begin, HOUR, LOGIN, NO_CHANGE, NOTHING, NOW, newKey, objectOf, type Place, record, stored } from "./objects.ts";

const store = durableObject(env.SESSIONS);
const slide = { now: NOW, expiresAt: NOW + HOUR };
const GRACE: Move = { by: "regenerateId", graceSeconds: 10 };

/** The table as version 0.1.0 makes it. Never to be changed, like the rows below. */
const LAYOUT = `CREATE TABLE sessions_v1 (
  id TEXT PRIMARY KEY, data TEXT NOT NULL, version INTEGER NOT NULL, started_at REAL NOT NULL, seen_at REAL NOT NULL,
  ends_at REAL NOT NULL, subject TEXT, meta TEXT, moved_at REAL, moved_to TEXT, moved_route TEXT, ops TEXT NOT NULL
) WITHOUT ROWID`;
const OPS = "AAAAAAAAAAAABBBBBBBBBBBB";

/** A row of a user's session, as SQL has it. */
const recordSql = (id: string, subject = "ada") =>
  `'${id}', '{"cart":["apple"]}', 4, ${NOW - 600}.0, ${NOW}.0, ${NOW + HOUR}.0, '"${subject}"', '{"device":"phone"}', NULL, NULL, NULL, '${OPS}'`;
/** A row of a mark. */
const markSql = (id: string, meta: string, to: string, route: string | null = null) =>
  `'${id}', '{}', 5, ${NOW - 600}.0, ${NOW}.0, ${NOW + 60}.0, NULL, '${meta}', ${NOW}.0, '${to}', ${route === null ? "NULL" : `'${route}'`}, '${OPS}'`;
const FROZEN_RECORD = record({
  data: '{"cart":["apple"]}',
  version: 4,
  startedAt: NOW - 600,
  subject: "ada",
  meta: { device: "phone" },
});
const WITH_GRACE = `{"by":"regenerateId","graceUntil":${NOW + 10}}`;
const OF_LOGIN = '{"by":"login"}';

/** Writes rows, as SQL has them, into an object that was never asked: it remembers whether it has a table. */
function write(place: { route: string }, rows: readonly string[]): Promise<void> {
  return runInDurableObject(objectOf(place), (_object, { storage }) => {
    storage.sql.exec(LAYOUT);
    for (const row of rows) storage.sql.exec(`INSERT INTO sessions_v1 VALUES (${row})`);
    storage.setAlarm((NOW + HOUR) * 1000);
  });
}

/** All rows of an object. The names of calls, 12 random characters each, are letters here. */
const rowsOf = (place: { route: string }) =>
  runInDurableObject(objectOf(place), (_object, { storage }) =>
    storage.sql
      .exec("SELECT * FROM sessions_v1 ORDER BY id")
      .toArray()
      .map((row: Record<string, unknown>) => ({ ...row, ops: String(row.ops).length / 12 })),
  );

describe("rows that version 0.1.0 writes are read by every later version:", () => {
  it("a session is loaded, listed, changed, and ended with its user's", async () => {
    const key = await newKey(store, "ada");
    await write(key, [recordSql(key.id)]);
    expect(await store.load(key, { now: NOW })).toEqual(FROZEN_RECORD);
    expect(await store.list("ada")).toMatchObject([{ id: key.id, meta: { device: "phone" } }]);
    const change = { set: [["views", "1"] as const], unset: [] };
    expect(await store.update(key, change, slide)).toEqual({ ok: true, version: 5 });
    expect(await store.removeAll("ada")).toBe(1);
    expect(await stored(key)).toEqual(NOTHING);
  });

  it.each([
    ["a new id", WITH_GRACE, { by: "regenerateId", graceUntil: NOW + 10 }],
    ["a login", OF_LOGIN, { by: "login" }],
  ])("the mark of %s, and a logout goes through it, also into another object", async (_what, meta, said) => {
    const bob = `bob-after-${said.by}`;
    const [key, next] = [await newKey(store, bob), await newKey(store, bob)];
    await write(key, [markSql(key.id, meta, next.id), recordSql(next.id, bob)]);
    expect(await store.load(key, { now: NOW + 59 })).toEqual({ movedAt: NOW, to: next, ...said });
    expect(await store.load(key, { now: NOW + 60 })).toBeNull();
    expect(await store.update(key, NO_CHANGE, slide)).toEqual({ ok: false, why: "moved" });
    expect(await store.take(key)).toBeNull();
    await store.remove(key);
    expect(await stored(key)).toEqual(NOTHING);

    const [visitor, elsewhere] = [await newKey(store), await begin(store)];
    await write(visitor, [markSql(visitor.id, meta, elsewhere.id, elsewhere.route)]);
    expect(await store.load(visitor, { now: NOW })).toEqual({ movedAt: NOW, to: elsewhere, ...said });
    await store.remove(visitor);
    for (const place of [visitor, elsewhere]) expect(await stored(place)).toEqual(NOTHING);
  });

  it("they are written like that, in that table", async () => {
    const [visitor, key, next] = [await newKey(store), await newKey(store, "cleo"), await newKey(store, "cleo")];
    const cleo = { ...FROZEN_RECORD, subject: "cleo" };
    await store.create(visitor, { ...FROZEN_RECORD, version: 2 });
    await store.replace(visitor, key, NO_CHANGE, cleo, LOGIN);
    await store.replace(key, next, NO_CHANGE, cleo, GRACE);
    const written = [await rowsOf(visitor), await rowsOf(key)];
    const layout = "SELECT sql FROM sqlite_master WHERE name = 'sessions_v1'";
    expect(await runInDurableObject(objectOf(key), (_object, { storage }) => storage.sql.exec(layout).toArray())).toEqual([
      { sql: LAYOUT },
    ]);
    const [frozenVisitor, frozenUser] = [await newKey(store), await newKey(store)];
    await write(frozenVisitor, [markSql(visitor.id, OF_LOGIN, key.id, key.route)]);
    await write(frozenUser, [markSql(key.id, WITH_GRACE, next.id), recordSql(next.id, "cleo")]);
    const versions = { [visitor.id]: [3, 2], [key.id]: [4, 2], [next.id]: [4, 1] } as Record<string, [number, number]>;
    const frozen = [await rowsOf(frozenVisitor), await rowsOf(frozenUser)].map((rows) =>
      rows.map((row: { id?: unknown }) => {
        const [version, ops] = versions[String(row.id)] ?? [];
        return { ...row, version, ops };
      }),
    );
    expect(written).toEqual(frozen);
  });
});

describe("a mark", () => {
  it.each(BROKEN_MARKS)("that %s is no session", async (_what, change) => {
    const { to, by, graceUntil } = { to: "", by: "regenerateId", graceUntil: NOW + 10, ...change };
    const [key, next] = [await newKey(store), await newKey(store)];
    await write(key, [markSql(key.id, JSON.stringify({ by, graceUntil }), next.id)]);
    if (to === undefined) await execute(key, "UPDATE sessions_v1 SET moved_to = NULL");
    await isNoSession(store, key, NOW);
  });

  it.each(CIRCLES)("that %s ends a logout, and goes: in one object, and between objects", async (_what, places) => {
    const inOne = await newKey(store);
    for (const routes of [
      places.map(() => inOne.route),
      await Promise.all(places.map(async () => (await newKey(store)).route)),
    ]) {
      const keys = await Promise.all(routes.map(async (route) => ({ id: (await newKey(store)).id, route })));
      const rows = keys.map(({ id, route }, place) => {
        const to = keys[places[place] as number] as Place;
        return { route, sql: markSql(id, OF_LOGIN, to.id, to.route === route && place > 0 ? null : to.route) };
      });
      for (const route of new Set(routes)) {
        const own = rows.filter((row) => row.route === route);
        await write(
          { route },
          own.map(({ sql }) => sql),
        );
      }
      await isNoEndlessTrail(store, keys, NOW);
      for (const key of keys) expect(await stored(key)).toEqual(NOTHING);
    }
  });

  it.each(["../elsewhere", ""])("that leads to %j, which is no object of this store, ends a logout, and goes", async (route) => {
    const [key, next] = [await newKey(store), await newKey(store)];
    await write(key, [markSql(key.id, OF_LOGIN, next.id, route)]);
    await store.remove(key);
    expect(await stored(key)).toEqual(NOTHING);
  });

  it.each(["NULL", "'{'", "'[]'", "'7'"])("with %s in meta is no session", async (meta) => {
    const [key, next] = [await newKey(store), await newKey(store)];
    await write(key, [markSql(key.id, WITH_GRACE, next.id)]);
    await execute(key, `UPDATE sessions_v1 SET meta = ${meta}`);
    await isNoSession(store, key, NOW);
  });

  function execute(place: Place, sql: string): Promise<void> {
    return runInDurableObject(objectOf(place), (_object, { storage }) => {
      storage.sql.exec(sql);
    });
  }
});

describe("timeouts of a session's own", () => {
  const own = { idleTimeout: 5_184_000, absoluteTimeout: 31_536_000 };
  const META = '[{"device":"phone"},5184000,31536000]';
  const ada = record({ subject: "kate", meta: { device: "phone" }, ...own });
  const metaOf = (place: { route: string }) =>
    runInDurableObject(objectOf(place), (_object, { storage }) =>
      storage.sql
        .exec("SELECT meta FROM sessions_v1 WHERE moved_at IS NULL")
        .toArray()
        .map(({ meta }: Record<string, unknown>) => meta),
    );

  it("stand in the column meta", async () => {
    const key = await begin(store, ada);
    expect(await metaOf(key)).toEqual([META]);
    const { startedAt, seenAt, expiresAt, meta } = ada;
    expect(await store.list("kate")).toEqual([{ id: key.id, startedAt, seenAt, expiresAt, meta, ...own }]);
  });

  it("go along between objects, and back to nothing with a login that gives none", async () => {
    const [key, next, last] = [await begin(store), await newKey(store, "kim"), await newKey(store, "kim")];
    await store.replace(key, next, NO_CHANGE, record({ subject: "kim", ...own }), LOGIN);
    expect(await store.load(next, { now: NOW })).toEqual(record({ subject: "kim", version: 2, ...own }));
    await store.replace(next, last, NO_CHANGE, record({ subject: "kim" }), LOGIN);
    expect(await store.load(last, { now: NOW })).toEqual(record({ subject: "kim", version: 3 }));
    expect(await metaOf(last)).toEqual([null]);
  });
});

describe("a row", () => {
  it.each([...BROKEN_FIELDS, ["meta", '["secret"'] as const])("whose %s is %s is no session", async (column, value) => {
    const subject = `mia-${column}-${value}`;
    const [key, other] = [await begin(store, { subject }), await begin(store, { subject })];
    await runInDurableObject(objectOf(key), (_object, { storage }) => {
      storage.sql.exec(`UPDATE sessions_v1 SET ${column} = ? WHERE id = ?`, value, key.id);
    });
    const limits = { seenAfter: NOW - HOUR, maxBytes: 1000 };
    expect(await store.update(key, NO_CHANGE, { ...slide, ...limits })).toEqual({ ok: false, why: "gone" });
    await isNoRecord(store, key, { other, subject, now: NOW });
    expect((await stored(other)).ids).toEqual([other.id]);
  });
});

/** What a later version may say besides: a member more in each object, whoever made it. */
function withMore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMore);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, one]) => [name, withMore(one)]);
  return { ...Object.fromEntries(members), later: "more" };
}

/** A Worker of a later version, which passes more than objects of today know; or objects of one, which answer more than Workers know. */
function later(side: "worker" | "object"): ObjectNamespace {
  return {
    getByName(route) {
      const stub = env.SESSIONS.getByName(route) as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
      const ask = async (method: string, given: unknown[]) => {
        if (side === "worker") return stub[method]?.(...given.map(withMore), "more");
        return withMore(await stub[method]?.(...given));
      };
      return new Proxy(
        {},
        {
          get:
            (_target, method) =>
            (...given: unknown[]) =>
              ask(String(method), given),
        },
      );
    },
    jurisdiction: () => later(side),
  };
}

describe.each(["worker", "object"] as const)("with a %s of a later version, what it says besides is ignored:", (side) => {
  for (const { name, run } of storeContract(() => durableObject(later(side)))) {
    it(name, () => expect(run()).resolves.toBeUndefined());
  }

  it("both versions go on with one session", async () => {
    const other = durableObject(later(side));
    const [visitor, user, next] = [await newKey(store), await newKey(other, "finn"), await newKey(store, "finn")];
    await other.create(visitor, record());
    await store.replace(visitor, user, NO_CHANGE, record({ subject: "finn" }), LOGIN);
    expect(await other.load(visitor, { now: NOW })).toEqual({ movedAt: NOW, to: user, by: "login" });
    await other.replace(user, next, NO_CHANGE, record({ subject: "finn" }), GRACE);
    expect(await store.load(user, { now: NOW })).toMatchObject({ to: next, graceUntil: NOW + 10 });
    expect(await store.take(next)).toEqual(record({ subject: "finn", version: 3 }));
    expect(await other.take(next)).toBeNull();
  });
});
