/** Records that are no sessions, and what may be taken once, in Durable Objects. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { durableObject, type ObjectNamespace } from "../../src/stores/durable-object/index.ts";
import {
  begin,
  between,
  failure,
  HOUR,
  losing,
  NEW_ID,
  NO_CHANGE,
  NOTHING,
  NOW,
  newKey,
  objectOf,
  type Place,
  record,
  stored,
} from "./objects.ts";

const store = durableObject(env.SESSIONS);
const slide = { now: NOW, expiresAt: NOW + HOUR };
const change = { set: [["a", "1"] as const], unset: [] };

/** A store whose first takes are carried out, after which something else happens and the answer is lost. */
function deaf(times: number, meanwhile: () => Promise<unknown> = async () => {}) {
  return durableObject(losing("take", { times, meanwhile }), { wait: async () => {} });
}

describe("a record that is taken", () => {
  it("goes to one of 20 callers, and its object is empty", async () => {
    const key = await begin(store, { subject: "ada" });
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.take(key)));
    expect(answers.filter((answer) => answer !== null)).toEqual([record({ subject: "ada" })]);
    expect(await stored(key)).toEqual(NOTHING);
  });

  it("leaves the others of its object", async () => {
    const [key, other] = [await begin(store, { subject: "bob" }), await begin(store, { subject: "bob" })];
    expect(await store.take(key)).toEqual(record({ subject: "bob" }));
    expect((await stored(key)).ids).toEqual([other.id]);
  });

  it("is given out also when it has expired", async () => {
    const key = await begin(store, { expiresAt: NOW + 1 });
    expect(await store.load(key, { now: NOW + 1 })).toBeNull();
    expect(await store.take(key)).toEqual(record({ expiresAt: NOW + 1 }));
  });

  it("is none where nothing is, where a mark is, and without a route; and nothing is stored for that", async () => {
    const key = await newKey(store);
    expect(await store.take(key)).toBeNull();
    expect(await stored(key)).toEqual(NOTHING);
    expect(await store.take({ id: key.id })).toBeNull();
    const [from, to] = [await begin(store), await newKey(store)];
    await store.replace(from, to, NO_CHANGE, record(), NEW_ID);
    expect(await store.take(from)).toBeNull();
    expect(await store.load(from, { now: NOW })).toEqual({ movedAt: NOW, to, by: "regenerateId" });
  });

  it("closes the page that watches it with 4401", async () => {
    const key = await begin(store);
    const upgrade = new Request("https://app.example.com/", { headers: { Upgrade: "websocket" } });
    const { webSocket } = (await store.watch(key, upgrade)) as unknown as { webSocket: WebSocket & { accept(): void } };
    const closed = new Promise((resolve) => webSocket.addEventListener("close", ({ code }) => resolve(code)));
    webSocket.accept();
    await store.take(key);
    expect(await closed).toBe(4401);
  });
});

describe("a take whose answer is lost", () => {
  it("is answered as the first time, to that caller only", async () => {
    const key = await begin(store, { subject: "cleo" });
    const others: unknown[] = [];
    const lossy = deaf(2, async () => others.push(await store.take(key)));
    expect(await lossy.take(key)).toEqual(record({ subject: "cleo" }));
    expect(others).toEqual([null, null]);
    expect(await stored(key)).toEqual(NOTHING);
  });

  it("does not take what was made there meanwhile", async () => {
    const key = await begin(store);
    const later = record({ data: '{"later":true}' });
    expect(await deaf(1, () => store.create(key, later)).take(key)).toEqual(record());
    expect(await store.take(key)).toEqual(later);
  });

  it("finds nothing when the object was reset between: nobody gets the record, and never two", async () => {
    const key = await begin(store, { subject: "dora" });
    expect(await deaf(1, () => evictDurableObject(objectOf(key))).take(key)).toBeNull();
    expect(await store.take(key)).toBeNull();
  });

  it("takes the record when the first try never came through", async () => {
    const key = await begin(store);
    let lost = 1;
    const namespace = between((_name, _route, call) => (lost-- > 0 ? Promise.reject(failure("retryable")) : call()));
    expect(await durableObject(namespace, { wait: async () => {} }).take(key)).toEqual(record());
  });

  it("is known among some others, and not forever: no object remembers more than 8", async () => {
    const keys: Place[] = [];
    for (let index = 0; index < 20; index++) keys.push(await begin(store, { subject: "emil" }));
    const [first, ...others] = keys as [Place, ...Place[]];
    let rest = others.slice(0, 7);
    const takeRest = () => Promise.all(rest.map((key) => store.take(key)));
    expect(await deaf(1, takeRest).take(first)).toEqual(record({ subject: "emil" }));
    const [second, ...more] = others.slice(7) as [Place, ...Place[]];
    rest = more.slice(0, 8);
    expect(await deaf(1, takeRest).take(second)).toBeNull();
  });
});

describe("the take of a record that cannot be dropped", () => {
  it("fails, and the record stays for the next", async () => {
    const key = await begin(store);
    await runInDurableObject(objectOf(key), (_object, { storage }) => {
      const sql = Object.getPrototypeOf(storage.sql) as { exec(...query: unknown[]): unknown };
      const { exec } = sql;
      sql.exec = function (...query) {
        if (!String(query[0]).startsWith("DELETE")) return exec.apply(this, query);
        sql.exec = exec;
        throw new Error("the disk is full");
      };
    });
    await expect(store.take(key)).rejects.toThrow("the disk is full");
    expect(await store.take(key)).toEqual(record());
  });
});

describe("a record that is no session", () => {
  const id = `redeemed-${"A".repeat(43)}`;

  it("has the same object whenever it is asked for, and not that of another, or of a user of that name", async () => {
    const route = await store.recordRoute(id);
    expect(route).toMatch(/^r[\w-]{22}$/);
    expect(await durableObject(env.SESSIONS).recordRoute(id)).toBe(route);
    const others = [
      await store.recordRoute(`${id.slice(0, -1)}B`),
      await durableObject(env.SESSIONS, { salt: "shop" }).recordRoute(id),
    ];
    expect(new Set([route, ...others]).size).toBe(3);
    expect((await store.route(id)).slice(1)).not.toBe(route.slice(1));
  });

  it("is within the jurisdiction", async () => {
    const jurisdictions: string[] = [];
    const namespace: ObjectNamespace = {
      getByName: (name) => env.SESSIONS.getByName(name),
      jurisdiction: (name) => {
        jurisdictions.push(name);
        return namespace;
      },
    };
    const european = durableObject(namespace, { jurisdiction: "eu" });
    const key = { id, route: await european.recordRoute(id) };
    expect(key.route).toBe(`eu.${await store.recordRoute(id)}`);
    await european.create(key, record());
    expect(await european.load(key, { now: NOW })).toEqual(record());
    expect(jurisdictions).toEqual(["eu", "eu"]);
  });

  it("is made once, changed and loaded like a session, listed for nobody, and gone at its end", async () => {
    const key = { id, route: await store.recordRoute(id) };
    const year = record({ data: '{"sid":"x"}', expiresAt: NOW + 400 * 24 * HOUR });
    await store.create(key, year);
    await expect(store.create(key, year)).rejects.toMatchObject({ code: "ID_TAKEN" });
    expect(await store.load(key, { now: NOW })).toEqual(year);
    expect(await store.update(key, change, slide)).toEqual({ ok: true, version: 2 });
    expect(await stored(key)).toEqual({ ids: [id], alarm: year.expiresAt * 1000 });
    expect(await store.list("")).toEqual([]);
    await store.remove(key);
    expect(await stored(key)).toEqual(NOTHING);
  });
});
