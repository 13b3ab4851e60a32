/** What a session's object stores, and when it has nothing left. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { durableObject } from "../../src/stores/durable-object/index.ts";
import { begin, HOUR, NEW_ID, NO_CHANGE, NOTHING, NOW, newKey, objectOf, record, stored } from "./objects.ts";

const store = durableObject(env.SESSIONS);
const DAY = 24 * HOUR;
const slide = { now: NOW, expiresAt: NOW + HOUR };

afterEach(() => {
  vi.useRealTimers();
});

/** The time, for objects too. */
function setTime(seconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: seconds * 1000 });
}

describe("an object that was never written", () => {
  it("stores nothing, whatever is asked of it", async () => {
    const key = await newKey(store, "nobody");
    expect(await store.load(key, { now: NOW, touch: { ...slide, seenAfter: 0, seenBefore: NOW } })).toBeNull();
    expect(await store.touch(key, slide)).toBe(false);
    expect(await store.update(key, NO_CHANGE, slide)).toEqual({ ok: false, why: "gone" });
    expect(await store.replace(key, await newKey(store, "nobody"), NO_CHANGE, record(), NEW_ID)).toEqual({
      ok: false,
      why: "gone",
    });
    expect(await store.replace(key, await newKey(store), NO_CHANGE, record(), NEW_ID)).toEqual({
      ok: false,
      why: "gone",
    });
    await store.remove(key);
    expect(await store.list("nobody")).toEqual([]);
    expect(await store.removeAll("nobody")).toBe(0);
    expect(await stored(key)).toEqual(NOTHING);
  });

  it("stores nothing when its alarm comes", async () => {
    const key = await newKey(store, "nobody");
    await runInDurableObject(objectOf(key), (_object, { storage }) => storage.setAlarm(Date.now() + 60_000));
    expect(await runDurableObjectAlarm(objectOf(key))).toBe(true);
    expect(await stored(key)).toEqual(NOTHING);
  });
});

describe("an object whose last session ends", () => {
  it.each<[string, (key: { id: string; route: string }) => Promise<unknown>]>([
    ["remove", (key) => store.remove(key)],
    ["removeAll", () => store.removeAll("ada")],
  ])("is empty after %s, and can be used again", async (_how, end) => {
    for (const _round of [1, 2, 3]) {
      const key = await begin(store, { subject: "ada" });
      expect(await stored(key)).toEqual({ ids: [key.id], alarm: (NOW + HOUR) * 1000 });
      await end(key);
      expect(await stored(key)).toEqual(NOTHING);
      expect(await store.load(key, { now: NOW })).toBeNull();
    }
  });

  it("keeps its storage while another session is there", async () => {
    const [first, second] = [await begin(store, { subject: "bob" }), await begin(store, { subject: "bob" })];
    await store.remove(first);
    expect((await stored(first)).ids).toEqual([second.id]);
    expect(await store.removeAll("bob", { except: second.id })).toBe(0);
    expect((await stored(first)).ids).toEqual([second.id]);
    await store.remove(second);
    expect(await stored(first)).toEqual(NOTHING);
  });

  it("keeps the mark of a session that moved, until the alarm", async () => {
    const [key, next] = [await begin(store, { subject: "cleo" }), await newKey(store, "cleo")];
    await store.replace(key, next, NO_CHANGE, record({ subject: "cleo" }), NEW_ID);
    await store.remove(next);
    expect((await stored(key)).ids).toEqual([key.id]);
    setTime(NOW + 60);
    await runDurableObjectAlarm(objectOf(key));
    expect(await stored(key)).toEqual(NOTHING);
  });
});

describe("an object's alarm", () => {
  it("is set by the first session, and by nothing else", async () => {
    const key = await begin(store, { subject: "dora" });
    const alarm = (NOW + HOUR) * 1000;
    await store.touch(key, { now: NOW + 1, expiresAt: NOW + 2 * HOUR });
    await store.load(key, { now: NOW + 2, touch: { seenAfter: 0, seenBefore: NOW + 2, expiresAt: NOW + 3 * HOUR } });
    await store.update(key, NO_CHANGE, { now: NOW + 3, expiresAt: NOW + 4 * HOUR });
    await begin(store, { subject: "dora", expiresAt: NOW + HOUR + 5 });
    expect((await stored(key)).alarm).toBe(alarm);
  });

  it("ends nothing before its time", async () => {
    const key = await begin(store, { subject: "emil" });
    setTime(NOW + HOUR - 1);
    expect(await runDurableObjectAlarm(objectOf(key))).toBe(true);
    expect(await store.load(key, { now: NOW + HOUR - 1 })).toEqual(record({ subject: "emil" }));
  });

  it("drops what is over, and comes again for what is left, at the latest seven days after", async () => {
    const key = await begin(store, { subject: "finn" });
    const later = await begin(store, { subject: "finn", expiresAt: NOW + 30 * DAY });
    setTime(NOW + HOUR);
    await runDurableObjectAlarm(objectOf(key));
    expect(await stored(key)).toEqual({ ids: [later.id], alarm: (NOW + 30 * DAY) * 1000 });
    const soon = await begin(store, { subject: "finn", seenAt: NOW + HOUR, expiresAt: NOW + 2 * HOUR });
    expect((await stored(key)).alarm).toBe((NOW + 2 * HOUR) * 1000);
    await store.touch(soon, { now: NOW + 2 * HOUR - 1, expiresAt: NOW + 3 * HOUR });
    setTime(NOW + 2 * HOUR);
    await runDurableObjectAlarm(objectOf(key));
    expect((await stored(key)).alarm).toBe((NOW + 2 * HOUR + 7 * DAY) * 1000);
  });

  it("deletes everything with the last session, and the object can be used again", async () => {
    const key = await begin(store, { subject: "gwen" });
    await begin(store, { subject: "gwen" });
    setTime(NOW + HOUR);
    await runDurableObjectAlarm(objectOf(key));
    expect(await stored(key)).toEqual(NOTHING);
    const again = await begin(store, { subject: "gwen", seenAt: NOW + HOUR, expiresAt: NOW + 2 * HOUR });
    expect(await store.load(again, { now: NOW + HOUR })).not.toBeNull();
    expect(await runDurableObjectAlarm(objectOf(again))).toBe(true);
    expect((await stored(key)).ids).toEqual([again.id]);
  });
});

describe("an object", () => {
  it("frees what is over when a session is added", async () => {
    const key = await begin(store, { subject: "hugo" });
    const next = await begin(store, { subject: "hugo", seenAt: NOW + HOUR, expiresAt: NOW + 2 * HOUR });
    expect((await stored(key)).ids).toEqual([next.id]);
  });

  it("refuses a session too large for a row, and undoes nothing else", async () => {
    const key = await begin(store, { subject: "ines" });
    const data = JSON.stringify({ text: "x".repeat(600_000) });
    await expect(store.create(await newKey(store, "ines"), record({ subject: "ines", data }))).rejects.toThrow("too large");
    const patch = { set: [["text", JSON.stringify("x".repeat(600_000))] as const], unset: [] };
    await expect(store.update(key, patch, slide)).rejects.toThrow("too large");
    const next = await newKey(store, "ines");
    await expect(store.replace(key, next, patch, record({ subject: "ines" }), NEW_ID)).rejects.toThrow("too large");
    expect((await stored(key)).ids).toEqual([key.id]);
  });

  it("does all of a login or nothing of it", async () => {
    const [first, second] = [await begin(store, { subject: "kim" }), await newKey(store, "kim")];
    const failAt = (text: string) =>
      runInDurableObject(objectOf(first), (_object, { storage }) => {
        const sql = Object.getPrototypeOf(storage.sql) as { exec(...query: unknown[]): unknown };
        const { exec } = sql;
        sql.exec = function (...query) {
          if (!String(query[0]).includes(text)) return exec.apply(this, query);
          sql.exec = exec;
          throw new Error("the disk is full");
        };
      });
    await failAt("OFFSET");
    const kim = record({ subject: "kim" });
    await expect(store.create(second, kim, { maxSessions: 1 })).rejects.toThrow("the disk is full");
    expect((await stored(first)).ids).toEqual([first.id]);
    await failAt("OFFSET");
    await expect(store.replace(first, second, NO_CHANGE, kim, { ...NEW_ID, maxSessions: 1 })).rejects.toThrow("disk is full");
    expect(await store.load(first, { now: NOW })).toEqual(kim);
    const other = await newKey(store, "lou");
    await failAt("INSERT");
    await expect(store.create(other, record({ subject: "lou" }))).rejects.toThrow("the disk is full");
    expect(await stored(other)).toEqual(NOTHING);
    await store.create(other, record({ subject: "lou" }));
    expect((await stored(other)).ids).toEqual([other.id]);
  });

  it("refuses to work on what a later version of the library wrote", async () => {
    const key = await newKey(store, "jack");
    await runInDurableObject(objectOf(key), (_object, { storage }) => {
      storage.sql.exec("CREATE TABLE sessions_v2 (id TEXT PRIMARY KEY)");
    });
    await expect(store.load(key, { now: NOW })).rejects.toThrow("a later version of web-session-store wrote them");
  });

  it("keeps a subject and an id of another case or spelling apart", async () => {
    const odd = "\ud800 lone";
    const key = await begin(store, { subject: odd, meta: { "\udfff": "\ud800" } });
    expect(await store.load(key, { now: NOW })).toEqual(record({ subject: odd, meta: { "\udfff": "\ud800" } }));
    expect(await store.list("\ud801 lone")).toEqual([]);
    expect((await store.list(odd)).map(({ id }) => id)).toEqual([key.id]);
    await evictDurableObject(objectOf(key));
    expect(await store.removeAll(odd)).toBe(1);
  });
});

describe("a key without a route of this store", () => {
  it.each<[string, { route?: string }]>([
    ["no route", {}],
    ["a route of another store", { route: "a7" }],
    ["a route that is too long", { route: `u${"0".repeat(23)}` }],
  ])("is unknown: %s", async (_what, route) => {
    const key = { id: "abcdefghijklmnopqrstuvwxyz", ...route };
    expect(await store.load(key, { now: NOW })).toBeNull();
    expect(await store.touch(key, slide)).toBe(false);
    expect(await store.update(key, NO_CHANGE, slide)).toEqual({ ok: false, why: "gone" });
    expect(await store.replace(key, await newKey(store), NO_CHANGE, record(), NEW_ID)).toEqual({
      ok: false,
      why: "gone",
    });
    await store.remove(key);
    await expect(store.create(key, record())).rejects.toThrow("its key has no route of this store");
  });
});
