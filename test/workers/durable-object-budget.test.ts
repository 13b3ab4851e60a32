/** What the operations of the Durable Object store take, in calls and rows. The bill in bench/cost.ts rests on these numbers. */
import { evictAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, it } from "vitest";
import { COUNTS, type Count } from "../../bench/counts.ts";
import { durableObject } from "../../src/stores/durable-object/index.ts";
import { begin, between, HOUR, LOGIN, NEW_ID, NO_CHANGE, NOW, newKey, objectOf, type Place, record } from "./objects.ts";

interface Cursor {
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

const cursors: Cursor[] = [];
let alarms = 0;
let calls = 0;

const store = durableObject(
  between((_name, _route, call) => {
    calls++;
    return call();
  }),
);

/** From here on, all SQL of all objects of this file is counted. */
beforeAll(async () => {
  await runInDurableObject(objectOf(await newKey(store)), (_object, { storage }) => {
    const sql = Object.getPrototypeOf(storage.sql) as { exec(...query: unknown[]): Cursor };
    const { exec } = sql;
    sql.exec = function (...query) {
      const cursor = exec.apply(this, query);
      cursors.push(cursor);
      return cursor;
    };
    const alarm = Object.getPrototypeOf(storage) as { setAlarm(...given: unknown[]): unknown };
    const { setAlarm } = alarm;
    alarm.setAlarm = function (...given) {
      alarms++;
      return setAlarm.apply(this, given);
    };
  });
});

async function count(run: () => Promise<unknown>): Promise<Count> {
  await evictAllDurableObjects();
  cursors.length = 0;
  alarms = 0;
  calls = 0;
  await run();
  const sum = (of: (cursor: Cursor) => number) => cursors.reduce((total, cursor) => total + of(cursor), 0);
  return { calls, read: sum(({ rowsRead }) => rowsRead), written: sum(({ rowsWritten }) => rowsWritten) + alarms };
}

const touch = { seenAfter: 0, seenBefore: NOW - 60, expiresAt: NOW + 2 * HOUR };
const limit = { maxSessions: 100 };
const subject = "ada";
const change = { set: [["cart", "1"] as const], unset: [] };

/** A session of a user with another one. */
async function oneOfTwo(): Promise<Place> {
  await store.removeAll(subject);
  await begin(store, { subject });
  return begin(store, { subject, seenAt: NOW - 120 });
}

const OPERATIONS: Record<keyof typeof COUNTS, () => Promise<() => Promise<unknown>>> = {
  async firstLogin() {
    const key = await newKey(store, "newcomer");
    return () => store.create(key, record({ subject: "newcomer" }), limit);
  },
  async login() {
    await oneOfTwo();
    const key = await newKey(store, subject);
    return () => store.create(key, record({ subject }), limit);
  },
  async loginFromStore() {
    const [from, to] = [await begin(store), await newKey(store, "visitor")];
    return () => store.replace(from, to, NO_CHANGE, record({ subject: "visitor" }), { ...LOGIN, ...limit });
  },
  async read() {
    const key = await oneOfTwo();
    return () => store.load(key, { now: NOW });
  },
  async readTooSoonToTouch() {
    const key = await oneOfTwo();
    return () => store.load(key, { now: NOW, touch: { ...touch, seenBefore: NOW - 180 } });
  },
  async readAndTouch() {
    const key = await oneOfTwo();
    return () => store.load(key, { now: NOW, touch });
  },
  async write() {
    const key = await oneOfTwo();
    return () => store.update(key, change, { now: NOW, expiresAt: NOW + HOUR });
  },
  async newId() {
    const [from, to] = [await oneOfTwo(), await newKey(store, subject)];
    return () => store.replace(from, to, NO_CHANGE, record({ subject }), { ...NEW_ID, ...limit });
  },
  async logout() {
    const key = await oneOfTwo();
    return () => store.remove(key);
  },
  async lastLogout() {
    const key = await begin(store, { subject: "last" });
    return () => store.remove(key);
  },
  async list() {
    await oneOfTwo();
    return () => store.list(subject);
  },
  async revokeAll() {
    await oneOfTwo();
    await begin(store, { subject });
    return () => store.removeAll(subject);
  },
  async unknown() {
    const key = await newKey(store, "nobody");
    return () => store.load(key, { now: NOW, touch });
  },
  async alarm() {
    const key = await oneOfTwo();
    return async () => {
      // The alarm is a call of its own, made by nobody.
      calls++;
      await runDurableObjectAlarm(objectOf(key));
    };
  },
};

for (const [name, prepare] of Object.entries(OPERATIONS)) {
  it(`${name} takes the calls and rows that the bill is made of`, async () => {
    expect(await count(await prepare())).toEqual(COUNTS[name as keyof typeof COUNTS]);
  });
}
