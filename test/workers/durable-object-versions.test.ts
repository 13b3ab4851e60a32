/** Objects and Workers of version 0.1.0: the rows it wrote are read on, and either side may still be that version during a deploy. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Move } from "../../src/session/record.ts";
import type { SessionStub } from "../../src/stores/durable-object/client.ts";
import { type DurableObjectStore, durableObject, type ObjectNamespace } from "../../src/stores/durable-object/index.ts";
import { rowOf } from "../../src/stores/durable-object/rows.ts";
import { begin, HOUR, LOGIN, NEW_ID, NO_CHANGE, NOTHING, NOW, newKey, objectOf, type Place, record, stored } from "./objects.ts";

const store = durableObject(env.SESSIONS);
const slide = { now: NOW, expiresAt: NOW + HOUR };
const GRACE: Move = { by: "regenerateId", graceSeconds: 10 };

/** The table as version 0.1.0 made it. */
const LAYOUT = `CREATE TABLE sessions_v1 (
  id TEXT PRIMARY KEY, data TEXT NOT NULL, version INTEGER NOT NULL, started_at REAL NOT NULL, seen_at REAL NOT NULL,
  ends_at REAL NOT NULL, subject TEXT, meta TEXT, moved_at REAL, moved_to TEXT, moved_route TEXT, ops TEXT NOT NULL
) WITHOUT ROWID`;

/** Writes rows, as SQL has them, into an object that was never used. */
function write(place: { route: string }, rows: readonly string[]): Promise<void> {
  return runInDurableObject(objectOf(place), (_object, { storage }) => {
    storage.sql.exec(LAYOUT);
    for (const row of rows) storage.sql.exec(`INSERT INTO sessions_v1 VALUES (${row})`);
    storage.setAlarm((NOW + HOUR) * 1000);
  });
}

const recordSql = (id: string, subject = '"ada"') =>
  `'${id}', '{"cart":["apple"]}', 4, ${NOW - 600}.0, ${NOW}.0, ${NOW + HOUR}.0, '${subject}', '{"device":"phone"}', NULL, NULL, NULL, 'AAAAAAAAAAAABBBBBBBBBBBB'`;
const markSql = (id: string, to: string | null, route: string | null = null) => {
  const text = (value: string | null) => (value === null ? "NULL" : `'${value}'`);
  return `'${id}', '{}', 5, ${NOW - 600}.0, ${NOW}.0, ${NOW + 60}.0, NULL, NULL, ${NOW}.0, ${text(to)}, ${text(route)}, 'CCCCCCCCCCCCAAAAAAAAAAAA'`;
};
const OLD_RECORD = record({
  data: '{"cart":["apple"]}',
  version: 4,
  startedAt: NOW - 600,
  subject: "ada",
  meta: { device: "phone" },
});

describe("rows that version 0.1.0 wrote are read on:", () => {
  it("a session is loaded, listed, changed, and ended with its user's", async () => {
    const key = await newKey(store, "ada");
    await write(key, [recordSql(key.id)]);
    expect(await store.load(key, { now: NOW })).toEqual(OLD_RECORD);
    expect(await store.list("ada")).toMatchObject([{ id: key.id, meta: { device: "phone" } }]);
    const change = { set: [["views", "1"] as const], unset: [] };
    expect(await store.update(key, change, slide)).toEqual({ ok: true, version: 5 });
    expect(await store.removeAll("ada")).toBe(1);
    expect(await stored(key)).toEqual(NOTHING);
  });

  it("a mark that says where to is one of regenerateId without grace, and a logout goes through it", async () => {
    const [key, next] = [await newKey(store, "bob"), await newKey(store, "bob")];
    await write(key, [markSql(key.id, next.id), recordSql(next.id, '"bob"')]);
    expect(await store.load(key, { now: NOW + 59 })).toEqual({ movedAt: NOW, to: next, by: "regenerateId" });
    expect(await store.load(key, { now: NOW + 60 })).toBeNull();
    await store.remove(key);
    expect(await stored(key)).toEqual(NOTHING);
  });

  it("the same for a mark that leads to another object", async () => {
    const [key, next] = [await newKey(store), await begin(store)];
    await write(key, [markSql(key.id, next.id, next.route)]);
    expect(await store.load(key, { now: NOW })).toEqual({ movedAt: NOW, to: next, by: "regenerateId" });
    await store.remove(key);
    for (const place of [key, next]) expect(await stored(place)).toEqual(NOTHING);
  });

  it("a mark that does not say where to is one of a login, and nobody's session ends through it", async () => {
    const [key, next] = [await newKey(store, "cleo"), await newKey(store, "cleo")];
    await write(key, [markSql(key.id, null), recordSql(next.id, '"cleo"')]);
    expect(await store.load(key, { now: NOW })).toEqual({ movedAt: NOW, by: "login" });
    expect(await store.update(key, NO_CHANGE, slide)).toEqual({ ok: false, why: "moved" });
    expect(await store.take(key)).toBeNull();
    await store.remove(key);
    expect((await stored(next)).ids).toEqual([next.id]);
  });

  it("in a table that has the same columns today", async () => {
    const key = await begin(store);
    const layouts = await runInDurableObject(objectOf(key), (_object, { storage }) =>
      storage.sql.exec("SELECT sql FROM sqlite_master WHERE name = 'sessions_v1'").toArray(),
    );
    expect(layouts).toEqual([{ sql: LAYOUT }]);
  });
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

  it("stand in the column meta, in a table as it always was", async () => {
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

  it("are kept by an object of version 0.1.0, and passed on by its Workers", async () => {
    const mixed = durableObject(objects010());
    const key = await newKey(store, "lea");
    await mixed.create(key, record({ subject: "lea", ...own }));
    expect(await mixed.load(key, { now: NOW })).toEqual(record({ subject: "lea", ...own }));
    // Such a Worker takes what it read for `meta`, and gives it to the session's new id.
    const row = (await objectFor010(key).load(key.id, NOW, null)) as { meta: string };
    const meta = JSON.parse(row.meta);
    const added = { id: "next-next-next-next", row: { ...rowOf(record({ subject: "lea" })), meta: JSON.stringify(meta) } };
    await objectFor010(key).replace("AAAAAAAAAAAA", key.id, { ...added, maxSessions: null }, NO_CHANGE, true);
    const moved = { ...key, id: added.id };
    expect(await store.load(moved, { now: NOW })).toEqual(record({ subject: "lea", version: 2, ...own }));
  });

  it("that somebody broke are an error which does not quote it", async () => {
    const key = await begin(store, { subject: "mia" });
    await runInDurableObject(objectOf(key), (_object, { storage }) => {
      storage.sql.exec(`UPDATE sessions_v1 SET meta = '["secret"'`);
    });
    await expect(store.load(key, { now: NOW })).rejects.toThrow("its row does not hold a session");
  });
});

/** The object as a Worker of version 0.1.0 sees it: it says and reads no more than that version did. */
const objectFor010 = (place: Place) => env.SESSIONS.getByName(place.route) as unknown as SessionStub;

/** An object of version 0.1.0: it has no `take`, and knows nothing of what was added since. */
function objects010(): ObjectNamespace {
  const refuse = async () => {
    throw new Error('The RPC receiver does not implement the method "take".');
  };
  return {
    getByName(route) {
      const object = env.SESSIONS.getByName(route) as unknown as SessionStub;
      const old: Partial<SessionStub> = {
        load: async (...given) => withoutReason(await object.load(...given)),
        create: (...given) => object.create(...given),
        update: (...given) => object.update(...given),
        replace: (op, from, added, patch, follow) => object.replace(op, from, added, patch, follow),
        leave: (op, id, mark, version) => object.leave(op, id, withoutReason(mark), version),
        remove: (...given) => object.remove(...given),
        take: refuse,
      };
      return old;
    },
    jurisdiction: () => objects010(),
  };
}

/** A mark with no more than version 0.1.0 knows of one. */
function withoutReason<Found>(found: Found): Found {
  if (typeof found !== "object" || found === null || !("moved_at" in found)) return found;
  const { moved_at, moved_to, moved_route } = found as unknown as Record<string, unknown>;
  return { moved_at, moved_to, moved_route } as Found;
}

describe("a Worker of version 0.1.0 that asks an object of today", () => {
  const NEXT = "next-next-next-next";
  const asked = (subject: string) => ({ id: NEXT, row: rowOf(record({ subject })), maxSessions: null });

  it("gives a session a new id, with a mark that says where to", async () => {
    const key = await begin(store, { subject: "dora" });
    const object = objectFor010(key);
    expect(await object.replace("AAAAAAAAAAAA", key.id, asked("dora"), NO_CHANGE, true)).toEqual({ ok: true, version: 2 });
    expect(await object.load(key.id, NOW, null)).toMatchObject({ moved_at: NOW, moved_to: NEXT, moved_route: null });
    expect(await store.load(key, { now: NOW })).toEqual({ movedAt: NOW, to: { ...key, id: NEXT }, by: "regenerateId" });
    expect(await object.remove(key.id, false)).toBeNull();
    expect(await stored(key)).toEqual(NOTHING);
  });

  it("logs in again, with a mark that does not say where to", async () => {
    const key = await begin(store, { subject: "emil" });
    const object = objectFor010(key);
    expect(await object.replace("AAAAAAAAAAAA", key.id, asked("emil"), NO_CHANGE, false)).toEqual({ ok: true, version: 2 });
    expect(await object.load(key.id, NOW, null)).toMatchObject({ moved_at: NOW, moved_to: null, moved_route: null });
    expect(await store.load(key, { now: NOW })).toEqual({ movedAt: NOW, by: "login" });
  });

  it("leaves a visitor's object at a login, with a mark that does not say where to", async () => {
    const key = await begin(store);
    const mark = { moved_at: NOW, moved_to: null, moved_route: null };
    expect(await objectFor010(key).leave("AAAAAAAAAAAA", key.id, mark, 1)).toEqual({ ok: true, version: 2 });
    expect(await store.load(key, { now: NOW })).toEqual({ movedAt: NOW, by: "login" });
  });

  it.each([
    ["within an object", "finn"],
    ["between objects", undefined],
  ])("does not see where a login went, and so does not follow it: %s", async (_where, subject) => {
    const [key, next] = [await begin(store, subject === undefined ? {} : { subject }), await newKey(store, "finn")];
    await store.replace(key, next, NO_CHANGE, record({ subject: "finn" }), LOGIN);
    expect(await objectFor010(key).load(key.id, NOW, null)).toMatchObject({ moved_at: NOW, moved_to: null, moved_route: null });
  });

  it("sees where regenerateId went", async () => {
    const [key, next] = [await begin(store, { subject: "gwen" }), await newKey(store, "gwen")];
    await store.replace(key, next, NO_CHANGE, record({ subject: "gwen" }), GRACE);
    expect(await objectFor010(key).load(key.id, NOW, null)).toMatchObject({ moved_at: NOW, moved_to: next.id });
  });

  it("ends a session through the mark of a login, wherever that leads", async () => {
    const [key, next] = [await begin(store), await newKey(store, "hugo")];
    await store.replace(key, next, NO_CHANGE, record({ subject: "hugo" }), LOGIN);
    expect(await objectFor010(key).remove(key.id, false)).toEqual({ id: next.id, route: next.route });
  });
});

describe("a Worker of today that asks an object of version 0.1.0", () => {
  const mixed: DurableObjectStore = durableObject(objects010());

  it.each<[string, Move, object]>([
    ["regenerateId", NEW_ID, { by: "regenerateId" }],
    ["regenerateId with a grace, which that version does not keep", GRACE, { by: "regenerateId" }],
  ])("reads where %s went", async (_what, move, said) => {
    for (const subject of [undefined, "ines"]) {
      const [key, next] = [await begin(store, subject === undefined ? {} : { subject }), await newKey(store, "ines")];
      const result = await mixed.replace(key, next, NO_CHANGE, record({ subject: "ines" }), move);
      expect(result).toEqual({ ok: true, version: 2 });
      expect(await mixed.load(key, { now: NOW })).toEqual({ movedAt: NOW, to: next, ...said });
      await mixed.remove(key);
      expect(await mixed.load(next, { now: NOW })).toBeNull();
    }
  });

  it("takes the mark of a login for one of a login, whichever version wrote it", async () => {
    for (const writer of [store, mixed]) {
      for (const subject of [undefined, "jack"]) {
        const [key, next] = [await begin(store, subject === undefined ? {} : { subject }), await newKey(store, "jack")];
        await writer.replace(key, next, NO_CHANGE, record({ subject: "jack" }), LOGIN);
        expect(await mixed.load(key, { now: NOW })).toEqual({ movedAt: NOW, by: "login" });
        expect(await mixed.load(next, { now: NOW })).toMatchObject({ subject: "jack", version: 2 });
      }
    }
  });

  it("cannot take a record, and hears what to do", async () => {
    const key = await begin(store);
    const taking = mixed.take(key);
    await expect(taking).rejects.toMatchObject({ code: "OLD_OBJECT", retryable: false });
    await expect(taking).rejects.toThrow("Deploy the Worker that exports SessionObject");
    expect(await store.load(key, { now: NOW })).toEqual(record());
  });

  it("hears the same from a real object without that call", async () => {
    const key = await begin(store);
    const withTake = await runInDurableObject(objectOf(key), (object) => {
      const shape = Object.getPrototypeOf(object) as { take?: unknown };
      const { take } = shape;
      delete shape.take;
      return () => Object.assign(shape, { take });
    });
    await expect(store.take(key)).rejects.toMatchObject({ code: "OLD_OBJECT" });
    withTake();
    expect(await store.take(key)).toEqual(record());
  });
});
