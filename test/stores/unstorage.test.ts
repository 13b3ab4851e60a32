/** The bridge to unstorage: the contract on real drivers, restarts, and what the drivers do to text and files. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStorage, prefixStorage } from "unstorage";
import fs from "unstorage/drivers/fs";
import fsLite from "unstorage/drivers/fs-lite";
import lruCache from "unstorage/drivers/lru-cache";
import memoryDriver from "unstorage/drivers/memory";
import { afterAll, describe, expect, it } from "vitest";
import { OptionError, type SessionRecord, StoreError } from "../../src/index.ts";
import type { Key, Move } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import { type UnstorageLike, unstorage } from "../../src/stores/bridges/unstorage.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { makeApp, typesOf } from "../support/app.ts";
import { HOUR, MINUTE } from "../support/clock.ts";
import { BROKEN_MARKS, CIRCLES, isNoEndlessTrail, isNoSession } from "./broken-marks.ts";
import { isNoRecord } from "./broken-records.ts";
import { immediate } from "./immediate.ts";

const NOW = 1_800_000_000;
const ID = "-_begins-with-a-dash_and-goes-on";
const NO_CHANGE = { set: [], unset: [] };
const NEW_ID: Move = { by: "regenerateId", graceSeconds: 0 };

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "unstorage-"));
  folders.push(made);
  return made;
}

function record(fields: Partial<SessionRecord> = {}): SessionRecord {
  return { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + HOUR, ...fields };
}

const shared = createStorage({ driver: fs({ base: folder() }) });
const stores: [what: string, make: () => SessionStore][] = [
  ["a storage in memory", () => unstorage(createStorage())],
  ["the memory driver alone", () => unstorage(memoryDriver())],
  ["the lru-cache driver", () => unstorage(createStorage({ driver: lruCache({ max: 10_000 }) }))],
  ["the fs driver", () => unstorage(shared)],
  ["the fs driver alone", () => unstorage(fs({ base: folder() }))],
  ["the fs-lite driver", () => unstorage(createStorage({ driver: fsLite({ base: folder() }) }))],
  ["a storage with a prefix of its own", () => unstorage(prefixStorage(shared, "app"), { prefix: "login:sessions" })],
];

describe.each(stores)("unstorage, %s", (_what, make) => {
  describe("keeps the store contract", () => {
    for (const { name, run } of storeContract(make)) it(name, run);
  });

  // All of these see at once what they wrote, so they are asked for more than the bridge can promise for every driver.
  describe("keeps the contract of an immediate store", () => {
    for (const { name, run } of storeContract(() => immediate(make()))) it(name, run);
  });
});

describe("unstorage", () => {
  it("promises neither atomic nor immediate, no marks to follow, and no list", () => {
    const store = unstorage(createStorage());
    expect(store.guarantees).toEqual({ atomic: false, immediate: false, marks: false });
    expect([store.list, store.removeAll, store.route]).toEqual([undefined, undefined, undefined]);
  });

  it("keeps one item for each session, under the prefix", async () => {
    const storage = createStorage();
    await unstorage(storage).create({ id: ID }, record());
    await unstorage(storage, { prefix: "a:b" }).create({ id: ID }, record());
    expect((await storage.getKeys()).sort()).toEqual([`a:b:${ID}`, `session:${ID}`]);
  });

  it.each(["", ":", "a:", ":a", "a::b", "a/b", "a.b", "..", "a b", "a?b", "a\\b", "a\n", "ä"])(
    "refuses the prefix %j",
    (prefix) => {
      expect(() => unstorage(createStorage(), { prefix })).toThrow(OptionError);
    },
  );

  it("refuses what cannot write", () => {
    const { setItem: _setItem, ...readOnly } = memoryDriver();
    expect(() => unstorage(readOnly)).toThrow("Cannot use this storage: it lacks the method setItem");
    expect(() => unstorage({} as UnstorageLike)).toThrow("getItem, setItem, removeItem");
    expect(() => unstorage(undefined as unknown as UnstorageLike)).toThrow(OptionError);
  });

  it("finds sessions in files after a restart, also under a new id", async () => {
    const base = folder();
    const restarted = () => unstorage(createStorage({ driver: fs({ base }) }));
    const first = record({ data: '{"name":"Zürich"}', subject: "ada", meta: { device: "phone" } });
    await restarted().create({ id: ID }, first);
    expect(await restarted().load({ id: ID }, { now: NOW })).toEqual(first);
    const next = { id: `${ID}-2` };
    await restarted().replace({ id: ID }, next, { set: [["a", "1"]], unset: [] }, first, NEW_ID);
    expect(await restarted().load({ id: ID }, { now: NOW })).toEqual({ movedAt: NOW, to: next, by: "regenerateId" });
    expect(await restarted().load(next, { now: NOW })).toMatchObject({ data: '{"name":"Zürich","a":1}', subject: "ada" });
    await restarted().remove({ id: ID });
    expect(await restarted().load(next, { now: NOW })).toBeNull();
    expect(readdirSync(join(base, "session"))).toEqual([]);
  });

  it.each(["true", "007", "null", '"quoted"', '{"__proto__":1}', "[1]", "", "\ud800", "NaN", "base64:AAAA", "line\nbreak"])(
    "gives back the subject %j as it was, though unstorage parses what looks like JSON",
    async (subject) => {
      for (const [, make] of stores) {
        const store = make();
        const odd = record({ subject, meta: { ["__proto__"]: subject, constructor: subject, prototype: subject } });
        await store.create({ id: ID }, odd);
        const found = (await store.load({ id: ID }, { now: NOW })) as SessionRecord;
        expect(found).toEqual(odd);
        expect(Object.keys(found.meta ?? {})).toEqual(["__proto__", "constructor", "prototype"]);
      }
    },
  );

  it("keeps a session without timeouts", async () => {
    const store = unstorage(createStorage());
    await store.create({ id: ID }, record({ expiresAt: Number.POSITIVE_INFINITY }));
    expect(await store.load({ id: ID }, { now: NOW * 2 })).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
    expect(await store.update({ id: ID }, NO_CHANGE, { now: NOW, expiresAt: NOW })).toEqual({ ok: true, version: 2 });
    expect(await store.load({ id: ID }, { now: NOW * 2 })).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
  });

  it("does not give or change what is over, though no driver here drops it", async () => {
    const store = unstorage(createStorage());
    await store.create({ id: ID }, record());
    const late = { now: NOW + HOUR, expiresAt: NOW + 2 * HOUR };
    expect(await store.touch({ id: ID }, late)).toBe(false);
    expect(await store.update({ id: ID }, NO_CHANGE, late)).toEqual({ ok: false, why: "gone" });
    expect(await store.load({ id: ID }, late)).toBeNull();
    expect(await store.load({ id: ID }, { now: NOW + HOUR - 1 })).toEqual(record());
  });

  it("tells a late request that its session moved, and how, without any grace", async () => {
    const store = unstorage(createStorage());
    const [first, second, third] = ["1", "2", "3"].map((end) => ({ id: `${ID}-${end}` })) as [Key, Key, Key];
    await store.create(first, record());
    await store.replace(first, second, NO_CHANGE, record(), { by: "login", graceSeconds: 0 });
    await store.replace(second, third, NO_CHANGE, record(), { by: "regenerateId", graceSeconds: 10 });
    expect(await store.load(first, { now: NOW })).toEqual({ movedAt: NOW, to: second, by: "login" });
    expect(await store.load(second, { now: NOW })).toEqual({ movedAt: NOW, to: third, by: "regenerateId" });
    const late = { now: NOW + 1, expiresAt: NOW + HOUR };
    expect(await store.update(first, NO_CHANGE, late)).toEqual({ ok: false, why: "moved" });
    expect(await store.take(second)).toBeNull();
    await store.remove(first);
    for (const key of [first, second, third]) expect(await store.load(key, { now: NOW })).toBeNull();
  });

  describe("and the items of version 0.1.0", () => {
    const base = folder();
    const store = unstorage(createStorage({ driver: fs({ base }) }));
    mkdirSync(join(base, "session"));
    const fileOf = (end: string) => join(base, "session", `${ID}-${end}`);
    const user = record({
      data: '{"cart":["apple"]}',
      version: 3,
      startedAt: NOW - 100,
      subject: "ada",
      meta: { device: "phone" },
    });
    const ITEMS = {
      session:
        `{"data":"{\\"cart\\":[\\"apple\\"]}","version":3,"startedAt":1799999900,"seenAt":1800000000,"expiresAt":1800003600,` +
        `"subject":"ada","meta":"{\\"device\\":\\"phone\\"}"}\n`,
      "new-id": `{"movedAt":1800000000,"to":"${ID}-session","by":"regenerateId"}\n`,
      login: `{"movedAt":1800000000,"to":"${ID}-session","by":"login"}\n`,
    };

    it("are written like that", async () => {
      await store.create({ id: `${ID}-session` }, user);
      for (const [end, by] of [
        ["new-id", "regenerateId"],
        ["login", "login"],
      ] as const) {
        await store.create({ id: `${ID}-${end}` }, { ...user, version: 2 });
        await store.replace({ id: `${ID}-${end}` }, { id: `${ID}-session` }, NO_CHANGE, user, { by, graceSeconds: 0 });
      }
      for (const [end, text] of Object.entries(ITEMS)) expect(readFileSync(fileOf(end), "utf8")).toBe(text);
    });

    it.each(["new-id", "login"] as const)("are read by every later version: a session, and the mark of a %s", async (end) => {
      for (const [name, text] of Object.entries(ITEMS)) writeFileSync(fileOf(name), text);
      const load = (name: string) => store.load({ id: `${ID}-${name}` }, { now: NOW + 1 });
      expect(await load("session")).toEqual(user);
      const by = end === "login" ? "login" : "regenerateId";
      expect(await load(end)).toEqual({ movedAt: NOW, to: { id: `${ID}-session` }, by });
      await store.remove({ id: `${ID}-${end}` });
      expect(await load("session")).toBeNull();
    });

    it.each([...BROKEN_MARKS.slice(0, 3), ["has no number where an instant stands", { movedAt: "x" }] as const])(
      "are no session where a mark %s",
      async (_what, change) => {
        writeFileSync(fileOf("login"), `${JSON.stringify({ ...JSON.parse(ITEMS.login), ...change })}\n`);
        await isNoSession(store, { id: `${ID}-login` }, NOW + 1);
      },
    );

    it.each([
      ["meta", "secret"],
      ["meta", "[1]"],
      ["version", "many"],
      ["seenAt", "never"],
    ])("are no session where somebody broke %s", async (field, value) => {
      writeFileSync(fileOf("session"), ITEMS.session);
      writeFileSync(fileOf("broken"), `${JSON.stringify({ ...JSON.parse(ITEMS.session), [field]: value })}\n`);
      await isNoRecord(store, { id: `${ID}-broken` }, { other: { id: `${ID}-session` }, subject: "ada", now: NOW + 1 });
      expect(existsSync(fileOf("broken"))).toBe(false);
    });

    it.each(CIRCLES)("end a logout, and go, where a mark %s", async (_what, places) => {
      const ends = places.map((_to, place) => `circle-${place}`);
      for (const [place, to] of places.entries()) {
        const mark = { ...JSON.parse(ITEMS.login), to: `${ID}-circle-${to}` };
        writeFileSync(fileOf(`circle-${place}`), `${JSON.stringify(mark)}\n`);
      }
      const keys = ends.map((end) => ({ id: `${ID}-${end}` }));
      await isNoEndlessTrail(store, keys, NOW + 1);
      expect(ends.filter((end) => existsSync(fileOf(end)))).toEqual([]);
    });
  });

  it("forgets the mark of a session that moved after 60 seconds", async () => {
    const store = unstorage(createStorage());
    await store.create({ id: ID }, record());
    await store.replace({ id: ID }, { id: `${ID}-2` }, NO_CHANGE, record(), NEW_ID);
    expect(await store.load({ id: ID }, { now: NOW + 59 })).not.toBeNull();
    expect(await store.load({ id: ID }, { now: NOW + 60 })).toBeNull();
  });
});

describe("unstorage tells the driver when it may drop an item", () => {
  /** The memory driver, with the ttl of every write. */
  function recording(): { store: SessionStore; ttls: unknown[] } {
    const ttls: unknown[] = [];
    const driver = memoryDriver();
    const setItem: UnstorageLike["setItem"] = (key, value, options) => {
      ttls.push(options.ttl);
      return driver.setItem?.(key, value, options);
    };
    return { store: unstorage(createStorage({ driver: { ...driver, setItem } })), ttls };
  }

  it("in whole seconds, and never before the record ends", async () => {
    const { store, ttls } = recording();
    await store.create({ id: ID }, record({ expiresAt: NOW + 90.2 }));
    await store.update({ id: ID }, NO_CHANGE, { now: NOW + 30, expiresAt: NOW + 60 });
    await store.touch({ id: ID }, { now: NOW + 30.7, expiresAt: NOW + HOUR });
    await store.load({ id: ID }, { now: NOW + 50, touch: { seenAfter: 0, seenBefore: NOW + 50, expiresAt: NOW + 2 * HOUR } });
    expect(ttls).toEqual([91, 61, 3570, 7150]);
  });

  it("60 seconds for a mark, and the rest of its life for a session with a new id", async () => {
    const { store, ttls } = recording();
    await store.create({ id: ID }, record());
    await store.replace({ id: ID }, { id: `${ID}-2` }, NO_CHANGE, record({ seenAt: NOW + MINUTE }), NEW_ID);
    expect(ttls).toEqual([3600, 3540, 60]);
  });

  it("and says nothing for a session without timeouts", async () => {
    const { store, ttls } = recording();
    await store.create({ id: ID }, record({ expiresAt: Number.POSITIVE_INFINITY }));
    expect(ttls).toEqual([undefined]);
  });
});

describe("unstorage and drivers that drop nothing", () => {
  it("is swept by the program in docs/bridges.md", async () => {
    const [, program = ""] = /```js\n([\s\S]+?)```/.exec(readFileSync("docs/bridges.md", "utf8")) ?? [];
    const storage = createStorage({ driver: fs({ base: folder() }) });
    const store = unstorage(storage);
    const now = Math.floor(Date.now() / 1000);
    const [over, lives, forever, moved] = [10, 20, 30, 40].map((end) => ({ id: `${ID}-${end}` })) as [Key, Key, Key, Key];
    await store.create(over, record({ expiresAt: now - 1 }));
    await store.create(lives, record({ expiresAt: now + HOUR }));
    await store.create(forever, record({ expiresAt: Number.POSITIVE_INFINITY }));
    await store.create(moved, record({ seenAt: now - 61, expiresAt: now + HOUR }));
    await store.replace(moved, { id: `${ID}-50` }, NO_CHANGE, record({ seenAt: now - 61, expiresAt: now - 1 }), NEW_ID);
    await storage.setItem("session:of-somebody-else", "text");
    await new Function("storage", `return (async () => {${program}})()`)(storage);
    const left = [lives.id, forever.id, "of-somebody-else"].map((id) => `session:${id}`);
    expect((await storage.getKeys()).sort()).toEqual(left.sort());
  });
});

describe("unstorage and files that were not written whole", () => {
  const setUp = async () => {
    const base = folder();
    const file = join(base, "session", ID);
    const store = unstorage(createStorage({ driver: fs({ base }) }));
    await store.create({ id: ID }, record({ data: '{"a":1}' }));
    return { store, file, whole: readFileSync(file, "utf8") };
  };

  it("reads the last text written, whatever of a longer one stands behind it", async () => {
    const { store, file, whole } = await setUp();
    writeFileSync(file, `${whole}"},"expiresAt":1}\n`);
    expect(await store.load({ id: ID }, { now: NOW })).toEqual(record({ data: '{"a":1}' }));
    writeFileSync(file, `${whole}9`);
    expect(await store.load({ id: ID }, { now: NOW })).toEqual(record({ data: '{"a":1}' }));
  });

  it("waits while a file is empty because it is just being written", async () => {
    const { store, file, whole } = await setUp();
    writeFileSync(file, "");
    const loading = store.load({ id: ID }, { now: NOW });
    await new Promise((resolve) => setTimeout(resolve, 12));
    writeFileSync(file, whole);
    expect(await loading).toEqual(record({ data: '{"a":1}' }));
  });

  it.each([0, 1, 20])("takes a file that stays cut off after %i characters for no session", async (length) => {
    const { store, file, whole } = await setUp();
    writeFileSync(file, whole.slice(0, length));
    expect(await store.load({ id: ID }, { now: NOW })).toBeNull();
    expect(await store.update({ id: ID }, NO_CHANGE, { now: NOW, expiresAt: NOW })).toEqual({ ok: false, why: "gone" });
    await store.remove({ id: ID });
    expect(existsSync(file)).toBe(false);
  });

  it("keeps the last of many writes at the same time whole", async () => {
    const { store } = await setUp();
    for (let round = 0; round < 20; round++) {
      const sizes = Array.from({ length: 10 }, (_none, index) => 20_000 - index * 1999);
      const write = (size: number) =>
        store.create({ id: ID }, record({ data: JSON.stringify({ text: "x".repeat(size) }), version: size }));
      await Promise.all([...sizes.map(write), ...sizes.map(() => store.load({ id: ID }, { now: NOW }))]);
      const found = (await store.load({ id: ID }, { now: NOW })) as SessionRecord;
      expect(sizes).toContain(found.version);
      expect(JSON.parse(found.data).text).toHaveLength(found.version);
    }
  });

  it.each(['{"a":1}', "[]", "7", '{"data":"{}","version":1}'])("throws for %s, which it never wrote", async (text) => {
    const { store, file } = await setUp();
    writeFileSync(file, text);
    await expect(store.load({ id: ID }, { now: NOW })).rejects.toThrow("Cannot read the session");
  });
});

describe("unstorage and a driver that fails", () => {
  const setUp = () => {
    const failing = new Set<string>();
    const driver = memoryDriver();
    const wrap = <Result>(name: string, call: () => Result) => {
      if (failing.has(name)) throw Object.assign(new Error("secret of the driver"), { code: "EIO" });
      return call();
    };
    const storage = createStorage({
      driver: {
        ...driver,
        getItem: (key) => wrap("getItem", () => driver.getItem(key)),
        setItem: (key, value, options) =>
          wrap(key.startsWith("session") ? "setItem" : "", () => driver.setItem?.(key, value, options)),
        removeItem: (key, options) => wrap("removeItem", () => driver.removeItem?.(key, options)),
      },
    });
    return { failing, storage, driver };
  };

  it("fails the request, and says nothing of what the driver said", async () => {
    const { failing, storage } = setUp();
    const { does } = makeApp({ store: unstorage(storage) });
    await does((session) => session.login("ada"));
    failing.add("getItem");
    const error = await does((session) => session.data.a).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toBe("StoreError: Cannot load the session: the store failed (EIO)");
  });

  it("gives the record as it is when load cannot slide it", async () => {
    const { failing, storage } = setUp();
    const store = unstorage(storage);
    await store.create({ id: ID }, record());
    failing.add("setItem");
    const touch = { seenAfter: 0, seenBefore: NOW, expiresAt: NOW + 2 * HOUR };
    expect(await store.load({ id: ID }, { now: NOW + MINUTE, touch })).toEqual(record());
  });

  it("goes on when only use cannot be recorded, and reports that", async () => {
    const { failing, storage } = setUp();
    const { does, clock, events } = makeApp({ store: unstorage(storage) });
    await does((session) => {
      session.login("ada");
      session.data.a = 1;
    });
    clock.pass(10 * HOUR);
    failing.add("setItem");
    expect(await does((session) => session.data.a)).toBe(1);
    expect(typesOf(events)).toContain("store-error");
    failing.clear();
    clock.pass(10 * HOUR);
    expect(await does((session) => session.data.a)).toBe(1);
    clock.pass(20 * HOUR);
    expect(await does((session) => session.data.a)).toBe(1);
  });

  it("leaves one session, not two, when a new id cannot be written to the end", async () => {
    const { storage, driver } = setUp();
    let writes = 0;
    const setItem: UnstorageLike["setItem"] = (key, value, options) => {
      writes++;
      if (writes === 3) throw new Error("disk full");
      return storage.setItem(key, value, options);
    };
    const store = unstorage({ ...storage, setItem });
    await store.create({ id: ID }, record());
    const next = { id: `${ID}-2` };
    await expect(store.replace({ id: ID }, next, NO_CHANGE, record(), { by: "login", graceSeconds: 0 })).rejects.toThrow(
      "disk full",
    );
    expect(await driver.getKeys("", {})).toEqual([`session:${ID}`]);
    expect(await store.load({ id: ID }, { now: NOW })).toEqual(record());
  });
});

describe("an application with sessions in files", () => {
  it("logs in, is found again after a restart, and logs out", async () => {
    const base = folder();
    const restarted = () => unstorage(createStorage({ driver: fs({ base }) }));
    const first = makeApp({ store: restarted() });
    await first.does((session) => {
      session.login("ada");
      session.data.cart = ["apple"];
    });
    const second = makeApp({ store: restarted() });
    const headers = { Cookie: first.browser.cookieHeader() };
    const seen: unknown[] = [];
    const look = () => second.answers((session) => void seen.push(session.subject, session.data.cart), headers);
    await look();
    await second.answers((session) => session.logout(), headers);
    await look();
    expect(seen).toEqual(["ada", ["apple"], undefined, undefined]);
    expect(readdirSync(join(base, "session"))).toEqual([]);
  });
});
