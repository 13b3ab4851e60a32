/** The KV store on a KV that behaves like production: the contract, limits, refusals, and what one request costs. */

import type { KVNamespace } from "@cloudflare/workers-types";
import { describe, expect, it } from "vitest";
import type { Move, SessionRecord } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import { type KvNamespace, type KvOptions, kv } from "../../src/stores/kv/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { Clock, DAY, HOUR } from "../support/clock.ts";
import { type KvConditions, KvSimulator } from "../support/kv-simulator.ts";
import { immediate } from "./immediate.ts";

/** The contract's records are of the real time. */
const realClock = () => new Clock(Math.floor(Date.now() / 1000));

/** A store in one location; refused writes wait by the virtual clock. */
function setUp(conditions: Partial<KvConditions> = {}, options: KvOptions = {}) {
  const clock = realClock();
  const network = new KvSimulator({ now: clock.now, ...conditions });
  const sleep = async (milliseconds: number) => clock.pass(milliseconds / 1000);
  const at = (location: string) => kv(network.at(location), { sleep, ...options });
  return { clock, network, at, store: at("here") };
}

describe("kv keeps the store contract with stale reads, late lists and empty pages:", () => {
  for (const { name, run } of storeContract(() => setUp({ rateLimit: false }).store)) it(name, run);
});

describe("kv keeps the store contract where a key takes one write a second, or says so:", () => {
  for (const { name, run } of storeContract(() => setUp().store)) {
    it(name, async () => {
      const error = await run().then(
        () => null,
        (error: unknown) => error,
      );
      // 50 parallel writers of one key are more than a second try can help.
      if (name.includes("parallel") && error !== null) {
        expect(error).toMatchObject({ code: "KV_RATE_LIMITED", retryable: true });
      } else expect(error).toBeNull();
    });
  }
});

/** Where only one location writes and lists are fresh, every call sees the ones before. So the strict cases can be asked. */
describe("kv in a single location, held to what immediate stores are held to:", () => {
  const strict = () => immediate(setUp({ rateLimit: false, listLag: 0 }).store);
  for (const { name, run } of storeContract(strict)) it(name, run);
});

const ID = "0123456789abcdef0123456789abcdef";
const NO_CHANGE = { set: [], unset: [] };
const NEW_ID: Move = { by: "regenerateId", graceSeconds: 0 };

describe("kv()", () => {
  const { network } = setUp();
  const namespace = network.at("here");

  it.each<[string, unknown]>([
    ["undefined, as a missing binding is", undefined],
    ["an object without the methods", { get() {} }],
  ])("refuses %s, and says which lines to add", (_what, wrong) => {
    expect(() => kv(wrong as KvNamespace)).toThrow(/\[\[kv_namespaces\]\]\nbinding = "SESSIONS_KV"/);
    expect(() => kv(wrong as KvNamespace)).toThrow(expect.objectContaining({ name: "OptionError", code: "ERR_OPTION" }));
  });

  it.each<[string, unknown]>([
    ["a cacheTtl below 30", { cacheTtl: 29 }],
    ["a cacheTtl that is no whole number", { cacheTtl: 30.5 }],
    ["a cacheTtl that is no number", { cacheTtl: "30" }],
    ["a salt that is no string", { salt: 1 }],
    ["a prefix that is no string", { prefix: null }],
    ["a prefix of more than 200 bytes", { prefix: "ü".repeat(101) }],
    ["a sleep that is no function", { sleep: 1 }],
  ])("refuses %s", (_what, options) => {
    expect(() => kv(namespace, options as KvOptions)).toThrow(expect.objectContaining({ name: "OptionError" }));
  });

  it("declares what it cannot promise, also in its type", () => {
    const guarantees: { readonly atomic: false; readonly immediate: false } = kv(namespace).guarantees;
    expect(guarantees).toEqual({ atomic: false, immediate: false });
  });

  it("takes the binding of Workers as it is, and a store of it fits createSessions", () => {
    const ofWorkers = (binding: KVNamespace): SessionStore => kv(binding);
    expect(ofWorkers(namespace as unknown as KVNamespace)).toHaveProperty("load");
  });
});

describe("keys, values and metadata", () => {
  function record(clock: Clock, fields: Partial<SessionRecord> = {}): SessionRecord {
    const now = clock.now();
    return { data: '{"card":"4711"}', version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR, ...fields };
  }

  it("name no subject, and stay within 512 bytes with the longest prefix, id and foreign route", async () => {
    const { clock, network, store } = setUp({ rateLimit: false }, { prefix: "ü".repeat(100) });
    const key = { id: "i".repeat(64), route: "地".repeat(500) };
    await store.create(key, record(clock));
    await store.remove(key);
    expect(await store.route("alice@example.com")).toMatch(/^u[\w-]{22}$/);
    expect(await store.route(undefined)).toBe("nobody");
    expect(network.keys()).toHaveLength(1);
  });

  it("differ from salt to salt, and stay apart from prefix to prefix", async () => {
    const { clock, network } = setUp();
    const [one, two] = [kv(network.at("here"), { prefix: "a:" }), kv(network.at("here"), { prefix: "b:" })];
    expect(await one.route("alice")).toBe(await two.route("alice"));
    expect(await one.route("alice")).not.toBe(await kv(network.at("here"), { salt: "pepper" }).route("alice"));
    const key = { id: ID, route: await one.route("alice") };
    await one.create(key, record(clock, { subject: "alice" }));
    expect(await two.load(key, { now: clock.now() })).toBeNull();
  });

  it("show nothing of the data in lists", async () => {
    const { clock, network, store } = setUp({ listLag: 0 });
    await store.create(
      { id: ID, route: await store.route("alice") },
      record(clock, { subject: "alice", meta: { device: "phone" } }),
    );
    const { keys } = await network.at("here").list({ prefix: "s:", cursor: "0" });
    expect(keys).toHaveLength(1);
    expect(JSON.stringify(keys)).not.toMatch(/4711|alice/);
  });

  it.each<[string, Record<string, string>]>([
    ["one long string", { device: "x".repeat(5000), place: "Zürich" }],
    ["a long string of emoji", { device: "🚀".repeat(3000) }],
    ["many strings", Object.fromEntries(Array.from({ length: 200 }, (_none, index) => [`key${index}`, `value${index}`]))],
    ["one name too long for any list", { ["n".repeat(2000)]: "x" }],
    ["text full of quotes", { device: '"\\'.repeat(400) }],
  ])("cut meta that does not fit into a list, and keep all of it in the record: %s", async (_what, meta) => {
    const { clock, store } = setUp({ listLag: 0 });
    const key = { id: ID, route: await store.route("alice") };
    await store.create(key, record(clock, { subject: "alice", meta }));
    expect(await store.load(key, { now: clock.now() })).toMatchObject({ meta });
    const [row] = await store.list("alice");
    expect(row?.id).toBe(ID);
    for (const [name, text] of Object.entries(row?.meta ?? {})) {
      expect(meta[name]?.startsWith(text.replace(/…$/, ""))).toBe(true);
      expect(() => encodeURIComponent(text)).not.toThrow();
    }
  });

  it("list only ASCII in metadata, since workerd logs headers that are not", async () => {
    const { clock, network, store } = setUp({ listLag: 0, emptyPages: 0 });
    const meta = { "地名%0041": 'Zürich 🚀 "100%" \ud800' };
    await store.create({ id: ID, route: await store.route("alice") }, record(clock, { subject: "alice", meta }));
    const { keys } = await network.at("here").list({ prefix: "s:" });
    expect(JSON.stringify(keys[0]?.metadata)).toMatch(/^[ -~]+$/);
    expect((await store.list("alice"))[0]?.meta).toEqual(meta);
  });

  it("are kept for 60 seconds at least, though the session ends before; and not shorter than it lives", async () => {
    const { clock, network, store } = setUp();
    await store.create({ id: ID }, record(clock, { expiresAt: clock.now() + 10 }));
    clock.pass(59);
    expect(network.keys()).toEqual([`s:nobody:${ID}`]);
    clock.pass(1);
    expect(network.keys()).toEqual([]);
    await store.create({ id: ID }, record(clock, { expiresAt: clock.now() + 90.5 }));
    clock.pass(90.5);
    expect(network.keys()).toHaveLength(1);
    clock.pass(1);
    expect(network.keys()).toHaveLength(0);
  });

  it("that hold something else are an error which does not quote it", async () => {
    const { clock, network, store } = setUp();
    const other = network.at("here");
    for (const [index, text] of ["secret{", '"secret"', "null", '{"secret":1}'].entries()) {
      const id = `${index}${ID}`;
      await other.put(`s:nobody:${id}`, text, { expirationTtl: 60 });
      const loading = store.load({ id }, { now: clock.now() });
      await expect(loading).rejects.toThrow("Cannot load the session: its key in KV does not hold a session");
    }
  });

  it("of others under the same prefix are not listed", async () => {
    const { network, store } = setUp({ listLag: 0 });
    await network.at("here").put(`s:${await store.route("alice")}:${ID}`, "foreign", { expirationTtl: 60 });
    expect(await store.list("alice")).toEqual([]);
  });

  it("erase the data of a session that is ended", async () => {
    const { clock, network, store } = setUp();
    await store.create({ id: ID }, record(clock));
    clock.pass(2);
    await store.remove({ id: ID });
    expect(network.keys()).toEqual([`s:nobody:${ID}:x`]);
    expect(network.central(`s:nobody:${ID}:x`)).toBe('{"x":1}');
  });

  it("keep an end for longer than a record that is written late can live", async () => {
    const { clock, network, store } = setUp();
    await store.create({ id: ID }, record(clock, { expiresAt: clock.now() + 3 * DAY }));
    clock.pass(3 * DAY - 1);
    await store.remove({ id: ID });
    clock.pass(4 * DAY - 1);
    expect(network.keys()).toEqual([`s:nobody:${ID}:x`]);
    clock.pass(1);
    expect(network.keys()).toEqual([]);
  });
});

describe("a session with a new id", () => {
  async function moved(clash: boolean) {
    const set = setUp();
    const now = set.clock.now();
    const record = { data: '{"a":1}', version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR };
    const [from, to] = [{ id: ID }, { id: `${ID}2` }];
    await set.store.create(from, record);
    const here = set.network.at("here");
    const put: KvNamespace["put"] = async (...args) => {
      await here.put(...args);
      if (clash) await kv(here).remove(from);
    };
    const sleep = async (milliseconds: number) => set.clock.pass(milliseconds / 1000);
    const store = kv({ ...here, put }, { sleep });
    return { ...set, now, record, from, to, result: await store.replace(from, to, NO_CHANGE, record, NEW_ID) };
  }

  it("is marked at its old one for 60 seconds; after that, the old one is unknown, so that a late browser can begin anew", async () => {
    const { store, from, to, now } = await moved(false);
    expect(await store.load(from, { now: now + 59 })).toEqual({ movedAt: now, to, by: "regenerateId" });
    expect(await store.load(from, { now: now + 60 })).toBeNull();
    const change = { now: now + 60, expiresAt: now + HOUR };
    expect(await store.update(from, NO_CHANGE, change)).toEqual({ ok: false, why: "gone" });
  });

  it("is not there when the old one was ended meanwhile; and a login after all can have the new id", async () => {
    const { clock, store, from, to, now, record, result } = await moved(true);
    expect(result).toEqual({ ok: false, why: "gone" });
    expect([await store.load(from, { now }), await store.load(to, { now })]).toEqual([null, null]);
    const before = clock.now();
    await store.create(to, record);
    expect(await store.load(to, { now })).toEqual(record);
    expect(clock.now() - before).toBeCloseTo(1.1);
  });
});

describe("what one call costs", () => {
  async function begun(conditions: Partial<KvConditions> = {}) {
    const set = setUp(conditions);
    const now = set.clock.now();
    const record = { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR };
    await set.store.create({ id: ID }, record);
    const cost = set.network.count();
    set.clock.pass(600);
    return { ...set, record, cost, now: set.clock.now() };
  }

  it("create: one put, and no read that would be remembered as nothing there", async () => {
    expect((await begun()).cost).toEqual({ put: 1 });
  });

  it("load: two reads, at the same time", async () => {
    const { network, store, now } = await begun();
    await store.load({ id: ID }, { now });
    expect(network.count()).toEqual({ get: 2 });
  });

  it("load with touch: a put only when it is due", async () => {
    const { network, store, now } = await begun();
    const touch = { seenAfter: 0, seenBefore: now - 900, expiresAt: now + HOUR };
    await store.load({ id: ID }, { now, touch });
    expect(network.count()).toEqual({ get: 2 });
    await store.load({ id: ID }, { now, touch: { ...touch, seenBefore: now - 60 } });
    expect(network.count()).toEqual({ get: 2, put: 1 });
  });

  it("update and touch: one put each, after the reads", async () => {
    const { clock, network, store, now } = await begun();
    await store.update({ id: ID }, NO_CHANGE, { now, expiresAt: now + HOUR });
    expect(network.count()).toEqual({ get: 2, put: 1 });
    clock.pass(1);
    await store.touch({ id: ID }, { now: now + 1, expiresAt: now + HOUR });
    expect(network.count()).toEqual({ get: 2, put: 1 });
  });

  it("replace: a put at each of two keys", async () => {
    const { network, store, record } = await begun();
    await store.replace({ id: ID }, { id: `${ID}2` }, NO_CHANGE, record, NEW_ID);
    expect(network.count()).toEqual({ get: 3, put: 2 });
  });

  it("remove: a put, and a delete of the data", async () => {
    const { network, store } = await begun();
    await store.remove({ id: ID });
    expect(network.count()).toEqual({ get: 2, put: 1, delete: 1 });
    await store.remove({ id: ID });
    expect(network.count()).toEqual({ get: 2 });
  });
});

describe("a key that was written within this second", () => {
  async function justWritten() {
    const waited: number[] = [];
    const clock = realClock();
    const network = new KvSimulator({ now: clock.now, listLag: 0 });
    const sleep = async (milliseconds: number) => {
      waited.push(milliseconds);
      clock.pass(milliseconds / 1000);
    };
    const store = kv(network.at("here"), { sleep });
    const now = clock.now();
    const record = { data: "{}", version: 1, startedAt: now, seenAt: now - 600, expiresAt: now + HOUR };
    await store.create({ id: ID }, record);
    return { clock, network, store, record, now, waited };
  }

  it("drops a touch, and the session lives", async () => {
    const { store, now, waited, record } = await justWritten();
    expect(await store.touch({ id: ID }, { now, expiresAt: now + 2 * HOUR })).toBe(true);
    const touch = { seenAfter: 0, seenBefore: now, expiresAt: now + 2 * HOUR };
    expect(await store.load({ id: ID }, { now, touch })).toEqual(record);
    expect(waited).toEqual([]);
  });

  it("makes a change wait 1.1 seconds, once, and patch what is there then", async () => {
    const { clock, network, store, now, waited } = await justWritten();
    const set = (name: string) => store.update({ id: ID }, { set: [[name, "1"]], unset: [] }, { now, expiresAt: now + HOUR });
    expect(await set("a")).toEqual({ ok: true, version: 2 });
    expect(waited).toEqual([1100]);
    expect(await set("b")).toEqual({ ok: true, version: 3 });
    expect(JSON.parse(network.central(`s:nobody:${ID}`) ?? "").d).toBe('{"a":1,"b":1}');
    expect(clock.now()).toBeCloseTo(now + 2.2);
  });

  it("refuses the change when others are faster again, with a code and as retryable", async () => {
    const { network, store, now } = await justWritten();
    const busy = network.at("here");
    const put = async (): Promise<void> => {
      throw new Error("KV PUT failed: 429 Too Many Requests");
    };
    const refusing = kv({ ...busy, put }, { sleep: async () => {} });
    const change = { now, expiresAt: now + HOUR };
    const refusal = { code: "KV_RATE_LIMITED", retryable: true };
    await expect(refusing.update({ id: ID }, NO_CHANGE, change)).rejects.toMatchObject(refusal);
    await expect(refusing.remove({ id: ID })).rejects.toMatchObject(refusal);
    expect(await store.load({ id: ID }, { now })).toMatchObject({ version: 1 });
  });

  it("does not let a change that waits undo a logout", async () => {
    const { clock, network, store, now } = await justWritten();
    const ends = kv(network.at("here"));
    const patient = kv(network.at("here"), {
      sleep: async () => {
        clock.pass(1.1);
        await ends.remove({ id: ID });
      },
    });
    expect(await patient.update({ id: ID }, NO_CHANGE, { now, expiresAt: now + HOUR })).toEqual({ ok: false, why: "gone" });
    expect(await store.load({ id: ID }, { now })).toBeNull();
  });
});

describe("a KV that fails", () => {
  function failing(...methods: (keyof KvNamespace)[]) {
    const { clock, network } = setUp({ rateLimit: false });
    const working = network.at("here");
    const broken = Object.fromEntries(methods.map((method) => [method, () => Promise.reject(new Error("KV is down"))]));
    const now = clock.now();
    const record = { data: "{}", version: 1, startedAt: now, seenAt: now - 600, expiresAt: now + HOUR };
    return { network, working: kv(working), broken: kv({ ...working, ...broken } as KvNamespace), record, now };
  }

  it("passes its error on as it is", async () => {
    const { broken, record } = failing("get", "put");
    await expect(broken.load({ id: ID }, { now: 1 })).rejects.toThrow("KV is down");
    await expect(broken.create({ id: ID }, record)).rejects.toThrow("KV is down");
  });

  it("is still read when it takes no writes: a touch with a load is left to the next request", async () => {
    const { working, broken, record, now } = failing("put");
    await working.create({ id: ID }, record);
    const touch = { seenAfter: 0, seenBefore: now, expiresAt: now + HOUR };
    expect(await broken.load({ id: ID }, { now, touch })).toEqual(record);
    await expect(broken.touch({ id: ID }, { now, expiresAt: now + HOUR })).rejects.toThrow("KV is down");
  });

  it("leaves no session at a new key when the old one cannot be ended, though the new key was just written", async () => {
    const { clock, network, store } = setUp();
    const now = clock.now();
    const record = { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR };
    await store.create({ id: ID }, record);
    const here = network.at("here");
    const put: KvNamespace["put"] = async (key, ...rest) => {
      if (key.endsWith(":x")) throw new Error("KV is down");
      return here.put(key, ...rest);
    };
    const failing = kv({ ...here, put }, { sleep: async (milliseconds) => clock.pass(milliseconds / 1000) });
    const replacing = failing.replace({ id: ID }, { id: `${ID}2` }, NO_CHANGE, record, NEW_ID);
    await expect(replacing).rejects.toThrow("KV is down");
    expect(await store.load({ id: `${ID}2` }, { now })).toBeNull();
    expect(await store.load({ id: ID }, { now })).toEqual(record);
  });

  it("ends a session also when its data cannot be deleted", async () => {
    const { working, broken, record, now } = failing("delete");
    await working.create({ id: ID }, record);
    await broken.remove({ id: ID });
    expect(await working.load({ id: ID }, { now })).toBeNull();
  });
});

describe("removeAll", () => {
  it("ends 1500 sessions on several pages, six at a time, and says how many", async () => {
    const { clock, network, store } = setUp({ pageSize: 700, emptyPages: 2 });
    const route = await store.route("alice");
    const now = clock.now();
    const record = { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR, subject: "alice" };
    for (let index = 0; index < 1500; index++) await store.create({ id: `${ID}${index}`, route }, record);
    clock.pass(60);
    network.count();
    let [open, most] = [0, 0];
    const here = network.at("here");
    const put: KvNamespace["put"] = async (...args) => {
      most = Math.max(most, ++open);
      await here.put(...args);
      open--;
    };
    expect(await kv({ ...here, put }).removeAll("alice", { except: `${ID}7` })).toBe(1499);
    expect(most).toBe(6);
    expect(network.count()).toEqual({ list: 5, put: 1499, delete: 1499 });
    expect(network.keys().filter((key) => !key.endsWith(":x"))).toEqual([`s:${route}:${ID}7`]);
  });
});
