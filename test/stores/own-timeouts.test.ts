/** Timeouts of a session's own as stores write them, letter by letter: what is written today must be read by every later release. */
import { DatabaseSync } from "node:sqlite";
import { createStorage } from "unstorage";
import { describe, expect, it } from "vitest";
import type { SessionRecord } from "../../src/session/record.ts";
import { saidFrom, saidToText } from "../../src/stored/changes.ts";
import { unstorage } from "../../src/stores/bridges/unstorage.ts";
import { kv } from "../../src/stores/kv/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { Clock, DAY, HOUR } from "../support/clock.ts";
import { KvSimulator } from "../support/kv-simulator.ts";

const NOW = 1_800_000_000;
const ID = "session-of-ada-0";
const OWN = { idleTimeout: 60 * DAY, absoluteTimeout: 365 * DAY };
const times = { startedAt: NOW, seenAt: NOW, expiresAt: NOW + 60 * DAY };
const ADA: SessionRecord = { data: "{}", version: 1, ...times, subject: "ada", meta: { device: "phone" }, ...OWN };

/** What a login said, and the column `meta` for it. */
const COLUMNS: [Partial<SessionRecord>, string | null][] = [
  [{}, null],
  [{ meta: { device: "phone" } }, '{"device":"phone"}'],
  [{ meta: { device: "phone" }, ...OWN }, '[{"device":"phone"},5184000,31536000]'],
  [OWN, "[null,5184000,31536000]"],
  [{ meta: {}, idleTimeout: 900 }, "[{},900,null]"],
  [{ absoluteTimeout: 3600 }, "[null,null,3600]"],
];

describe("the column meta", () => {
  it.each(COLUMNS)("of what a login said, %j, is %s", (said, text) => {
    expect(saidToText(said)).toBe(text);
    expect(saidFrom(text)).toEqual(said);
  });

  it.each(["", "{", "7", '"text"', "true", "[[]]", '["phone",1,2]', '[{},"1",2]', "[null,{},2]", "[null,true]"])(
    "that says something else is none: %s",
    (text) => {
      expect(saidFrom(text)).toBeNull();
    },
  );

  it("is the only one that tells", async () => {
    const database = new DatabaseSync(":memory:");
    const store = sqlite(database);
    for (const [index, [said]] of COLUMNS.entries())
      await store.create({ id: `${ID}${index}` }, { data: "{}", version: 1, ...times, ...said });
    const rows = database.prepare("SELECT meta FROM web_sessions ORDER BY id").all();
    expect(rows).toEqual(COLUMNS.map(([, meta]) => ({ meta })));
    database.exec("UPDATE web_sessions SET meta = '[1,2]'");
    expect(await store.load({ id: `${ID}0` }, { now: NOW })).toMatchObject({ data: "" });
  });
});

describe("KV", () => {
  it("has them in the record, and beside the times in what lists show", async () => {
    const clock = new Clock(NOW);
    const network = new KvSimulator({ now: clock.now, listLag: 0, emptyPages: 0 });
    const store = kv(network.at("here"));
    const key = { id: ID, route: await store.route("ada") };
    await store.create(key, ADA);
    const value = `{"v":1,"b":${NOW},"s":${NOW},"e":${ADA.expiresAt},"i":5184000,"a":31536000,"u":"ada","m":{"device":"phone"},"d":"{}"}`;
    expect(network.central(`s:${key.route}:${ID}`)).toBe(value);
    const { keys } = await network.at("here").list({ prefix: "s:" });
    const listed = { b: NOW, s: NOW, e: ADA.expiresAt, i: 5184000, a: 31536000, m: { device: "phone" } };
    expect(keys[0]?.metadata).toEqual(listed);
  });

  it("lists them also where meta is too long for a list", async () => {
    const clock = new Clock(NOW);
    const store = kv(new KvSimulator({ now: clock.now, listLag: 0 }).at("here"));
    const key = { id: ID, route: await store.route("ada") };
    await store.create(key, { ...ADA, meta: { ["n".repeat(2000)]: "x" } });
    expect(await store.list("ada")).toEqual([{ id: ID, ...times, ...OWN, meta: {} }]);
  });

  it("keeps the end of a session that was not seen here for as long as any may live by its own timeouts", async () => {
    const clock = new Clock(NOW);
    const network = new KvSimulator({ now: clock.now });
    await kv(network.at("here")).remove({ id: ID });
    clock.pass(400 * DAY + HOUR);
    expect(network.keys()).toEqual([`s:nobody:${ID}:x`]);
  });
});

describe("an item of a bridge", () => {
  it("has them as numbers, and none where there are none", async () => {
    const storage = createStorage();
    const store = unstorage(storage);
    await store.create({ id: ID }, ADA);
    const item = (await storage.getItemRaw(`session:${ID}`)) as string;
    expect(JSON.parse(item)).toEqual({ ...ADA, meta: '{"device":"phone"}' });
    await storage.setItemRaw(`session:${ID}`, item.replace(',"idleTimeout":5184000', ""));
    const { idleTimeout: _idle, ...rest } = ADA;
    expect(await store.load({ id: ID }, { now: NOW })).toEqual(rest);
  });

  it("of which one is no number is no session", async () => {
    const storage = createStorage();
    const store = unstorage(storage);
    await store.create({ id: ID }, ADA);
    const item = (await storage.getItemRaw(`session:${ID}`)) as string;
    await storage.setItemRaw(`session:${ID}`, item.replace('idleTimeout":5184000', 'idleTimeout":"long"'));
    expect(await store.load({ id: ID }, { now: NOW })).toBeNull();
  });
});
