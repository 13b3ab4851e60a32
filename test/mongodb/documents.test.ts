/** What the MongoDB store keeps and asks for: documents as docs/mongodb.md shows them, hostile keys, indexes, expiry, limits, ends, options. */
import type { CommandStartedEvent, Document } from "mongodb";
import { describe, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import { OptionError, type SessionRecord } from "../../src/index.ts";
import type { Key, Move } from "../../src/session/record.ts";
import { type MongoClientLike, type MongoOptions, mongodb } from "../../src/stores/mongodb/index.ts";
import { BROKEN_MARKS, CIRCLES, isNoEndlessTrail, isNoSession } from "../stores/broken-marks.ts";
import { BROKEN_FIELDS, isNoRecord } from "../stores/broken-records.ts";
import { HOUR } from "../support/clock.ts";
import { connect } from "./clients.ts";
import { poolOf } from "./front/postgres.ts";
import { serverOfFile } from "./server.ts";

const SECONDS = () => Math.floor(Date.now() / 1000);
const NO_CHANGE = { set: [], unset: [] };
const LOGIN: Move = { by: "login", graceSeconds: 0 };
const mongo = serverOfFile();

function record(fields: Partial<SessionRecord> = {}): SessionRecord {
  const now = SECONDS();
  return { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR, ...fields };
}

const newKeys = (count: number): Key[] => Array.from({ length: count }, () => ({ id: newSessionId() }));
const newKey = () => newKeys(1)[0] as Key;
const documentAt = ({ id }: Key, collection = "web_sessions"): Promise<Document | null> =>
  mongo.client.db().collection<{ _id: string }>(collection).findOne({ _id: id });

describe("documents of mongodb", () => {
  const NOW = 1_795_000_600;

  it("are as docs/mongodb.md shows them: a session, a mark, and a user", async () => {
    const store = mongodb(mongo.client, { collection: "shown" });
    const [first, second] = newKeys(2) as [Key, Key];
    const times = { startedAt: NOW - 600, seenAt: NOW, expiresAt: NOW + 24 * HOUR };
    const data = '{"cart":["apple"],"views":3}';
    await store.create(first, {
      data,
      version: 4,
      ...times,
      subject: "ada",
      meta: { device: "Firefox" },
      idleTimeout: 5_184_000,
    });
    const session = {
      ...{ version: 4, ...times, subject: '"ada"', meta: '{"device":"Firefox"}', idleTimeout: 5_184_000 },
      data: [
        { k: '"cart"', v: '["apple"]' },
        { k: '"views"', v: "3" },
      ],
      end: new Date((NOW + 24 * HOUR) * 1000),
    };
    expect(await documentAt(first, "shown")).toEqual({ _id: first.id, ...session });
    const moved = { data, version: 4, ...times, subject: "ada" };
    await store.replace(first, second, NO_CHANGE, moved, { by: "regenerateId", graceSeconds: 10, maxSessions: 5 });
    const mark = { movedAt: NOW, to: second.id, by: "regenerateId", graceUntil: NOW + 10, end: new Date((NOW + 60) * 1000) };
    expect(await documentAt(first, "shown")).toEqual({ _id: first.id, ...mark });
    expect(await documentAt({ id: "user:u8FGGBkc46ATgP9-o_MD1UQ" }, "shown")).toMatchObject({ logins: 1, end: session.end });
  });

  it.each(BROKEN_MARKS)("of a mark that %s are no session", async (_what, change) => {
    const store = mongodb(mongo.client, { collection: "broken_marks" });
    const [key, next] = newKeys(2) as [Key, Key];
    const session = record();
    await store.create(key, session);
    await store.replace(key, next, NO_CHANGE, session, { by: "regenerateId", graceSeconds: 10 });
    const marks = mongo.client.db().collection<{ _id: string }>("broken_marks");
    for (const [name, value] of Object.entries(change))
      await marks.updateOne({ _id: key.id }, value === undefined ? { $unset: { [name]: "" } } : { $set: { [name]: value } });
    await isNoSession(store, key, session.seenAt);
  });

  it.each(BROKEN_FIELDS.filter(([field]) => field !== "version"))("whose %s is %j are no session", async (field, value) => {
    const store = mongodb(mongo.client, { collection: "broken_fields" });
    const [key, other] = newKeys(2) as [Key, Key];
    const [subject, now] = [newSessionId(), SECONDS()];
    for (const one of [key, other]) await store.create(one, record({ subject, meta: { device: "phone" } }));
    const documents = mongo.client.db().collection<{ _id: string }>("broken_fields");
    await documents.updateOne({ _id: key.id }, { $set: { [field]: value } });
    await isNoRecord(store, key, { other, subject, now });
  });

  it.each(CIRCLES)("of a mark that %s end a logout, and go", async (_what, places) => {
    const collection = "marks_in_circles";
    const store = mongodb(mongo.client, { collection });
    const [keys, now] = [newKeys(places.length), SECONDS()];
    for (const [place, to] of places.entries()) {
      const key = keys[place] as Key;
      await store.create(key, record());
      const mark = { _id: key.id, movedAt: now, to: keys[to]?.id, by: "login", end: new Date((now + 60) * 1000) };
      await mongo.client.db().collection<{ _id: string }>(collection).replaceOne({ _id: key.id }, mark);
    }
    await isNoEndlessTrail(store, keys, now);
    for (const key of keys) expect(await documentAt(key, collection)).toBeNull();
  });

  it("keep every key for what it is, whatever MongoDB would make of it as a field", async () => {
    const store = mongodb(mongo.client);
    const keys = [
      "a.b",
      "$set",
      "$where",
      "__proto__",
      "",
      "constructor",
      "\0",
      "a\0b",
      "\ud800",
      "_id",
      "k",
      "v",
      "0",
      '"',
      "🚀",
      "$$this",
    ];
    const data = Object.fromEntries(keys.map((key) => [`before ${key}`, key]));
    const key = newKey();
    await store.create(key, record({ data: JSON.stringify(data) }));
    const set = keys.map((name) => [name, JSON.stringify({ [name]: "$version" })] as const);
    const unset = keys.slice(0, 5).map((name) => `before ${name}`);
    await store.update(key, { set, unset }, { now: SECONDS(), expiresAt: SECONDS() + HOUR, seenAfter: 0, maxBytes: 65_536 });
    const found = JSON.parse(((await store.load(key, { now: SECONDS() })) as SessionRecord).data);
    expect(Object.keys(found).sort()).toEqual([...keys, ...keys.slice(5).map((name) => `before ${name}`)].sort());
    for (const name of keys)
      expect(Object.getOwnPropertyDescriptor(found, name)?.value).toEqual(JSON.parse(JSON.stringify({ [name]: "$version" })));
  });

  it("that somebody broke are sessions that nobody can read, and can be ended", async () => {
    const store = mongodb(mongo.client);
    const options = { now: SECONDS(), expiresAt: SECONDS() + HOUR, seenAfter: 0, maxBytes: 1000 };
    for (const broken of [{ data: "text" }, { data: [{ k: 1 }] }, { data: null }, { meta: "[" }]) {
      const key = newKey();
      await store.create(key, record());
      await mongo.client.db().collection<{ _id: string }>("web_sessions").updateOne({ _id: key.id }, { $set: broken });
      expect(await store.load(key, { now: SECONDS() })).toMatchObject({ data: "" });
      if (!("meta" in broken) && !Array.isArray(broken.data))
        expect(await store.update(key, NO_CHANGE, options)).toEqual({ ok: false, why: "gone" });
      await store.remove(key);
      expect(await store.load(key, { now: SECONDS() })).toBeNull();
    }
  });

  it("of more sessions of a user than one answer holds are all listed", async () => {
    const store = mongodb(mongo.client);
    const before = mongo.server.front.counts.get("getMore") ?? 0;
    await Promise.all(newKeys(150).map((key) => store.create(key, record({ subject: "many" }))));
    expect(await store.list?.("many")).toHaveLength(150);
    expect(mongo.server.front.counts.get("getMore")).toBeGreaterThan(before);
    expect(await store.removeAll?.("many")).toBe(150);
  });
});

describe("what mongodb drops by itself", () => {
  /** The job that the server does once a minute. */
  async function sweep(): Promise<void> {
    const pool = poolOf(mongo.server.database);
    await pool.query("CALL documentdb_api_internal.delete_expired_rows()", []);
    await pool.end();
  }

  it("is what ended more than an hour ago", async () => {
    const store = mongodb(mongo.client, { collection: "swept" });
    const [over, justOver, lives, forever, moved, next] = newKeys(6) as [Key, Key, Key, Key, Key, Key];
    const now = SECONDS();
    await store.create(over, record({ expiresAt: now - HOUR - 5 }));
    await store.create(justOver, record({ expiresAt: now - HOUR + 60 }));
    await store.create(lives, record());
    await store.create(forever, record({ expiresAt: Number.POSITIVE_INFINITY }));
    await store.create(moved, record());
    await store.replace(moved, next, NO_CHANGE, record({ seenAt: now - HOUR - 65 }), LOGIN);
    await sweep();
    const left = await mongo.client.db().collection<{ _id: string }>("swept").find().toArray();
    expect(left.map(({ _id }) => _id).sort()).toEqual([justOver, lives, forever, next].map(({ id }) => id).sort());
    const slid = { now, expiresAt: now + 2 * HOUR };
    await store.touch(forever, slid);
    expect(await store.load(forever, { now })).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
  });

  it("is looked up by the indexes that docs/mongodb.md names", async () => {
    await mongodb(mongo.client, { collection: "indexed" }).load(newKey(), { now: 0 });
    expect(await mongo.client.db().collection("indexed").indexes()).toMatchObject([
      { name: "_id_" },
      { name: "end_1", key: { end: 1 }, expireAfterSeconds: 3600 },
      { name: "subject_1", key: { subject: 1 }, sparse: true },
    ]);
  });

  it("is the application's own affair where it makes the indexes", async () => {
    await mongodb(mongo.client, { collection: "bare", createIndexes: false }).create(newKey(), record());
    expect(await mongo.client.db().collection("bare").indexes()).toMatchObject([{ name: "_id_" }]);
  });
});

describe("ends in mongodb", () => {
  it("are certain beside parallel changes, though the server misses what it should remove", async () => {
    const store = mongodb(mongo.client);
    const options = { now: SECONDS(), expiresAt: SECONDS() + HOUR };
    for (let round = 0; round < 30; round++) {
      const [removed, taken, one, other] = newKeys(4) as [Key, Key, Key, Key];
      const subject = `of round ${round}`;
      for (const key of [removed, taken]) await store.create(key, record());
      for (const key of [one, other]) await store.create(key, record({ subject }));
      const changes = () =>
        [removed, taken, one, other].flatMap((key) => Array.from({ length: 8 }, () => store.update(key, NO_CHANGE, options)));
      const before = changes();
      const ends = [store.remove(removed), store.take(taken), store.take(taken), store.removeAll?.(subject)] as const;
      const [, first, second] = await Promise.all([...ends, ...before, ...changes()]);
      expect([first, second].filter((found) => found !== null)).toHaveLength(1);
      for (const key of [removed, taken, one, other]) expect(await documentAt(key)).toBeNull();
    }
  });

  it("were missed by the server in that test: it is asked for one document, and says that there is none", async () => {
    const collection = mongo.client.db().collection<{ _id: string; n: number }>("missed");
    let missed = 0;
    for (let round = 0; round < 30; round++) {
      const _id = `round ${round}`;
      await collection.insertOne({ _id, n: 0 });
      const changes = () => Array.from({ length: 15 }, () => collection.updateOne({ _id }, { $inc: { n: 1 } }));
      const before = changes();
      const [{ deletedCount }] = await Promise.all([collection.deleteOne({ _id }), ...before, ...changes()]);
      if (deletedCount === 0) missed++;
    }
    expect(missed).toBeGreaterThan(0);
  });

  it("are an error where a server says again and again that nothing is there, and shows it", async () => {
    const nothing = async () => null;
    const collection = Object.assign(Object.create(mongo.client.db().collection("web_sessions")), {
      findOneAndDelete: nothing,
      findOneAndUpdate: nothing,
    });
    const database = { command: () => mongo.client.db().command({ hello: 1 }), collection: () => collection };
    const store = mongodb({ db: () => database, startSession: () => mongo.client.startSession() }, { createIndexes: false });
    const key = newKey();
    await store.create(key, record());
    const options = { now: SECONDS(), expiresAt: SECONDS() + HOUR };
    const calls = [store.remove(key), store.take(key), store.touch(key, options), store.update(key, NO_CHANGE, options)];
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "MISSED", retryable: true } });
    expect(await documentAt(key)).not.toBeNull();
  });

  it("come to a user's sessions beyond the limit, also of logins at the same time", async () => {
    const store = mongodb(mongo.client, { timeout: 30 });
    for (let round = 0; round < 5; round++) {
      const subject = `limited ${round}`;
      const visitors = newKeys(5);
      for (const key of visitors) await store.create(key, record());
      const made = newKeys(10);
      await Promise.all(
        made.map((key, index) => {
          const visitor = visitors[index];
          if (visitor === undefined) return store.create(key, record({ subject }), { maxSessions: 3 });
          return store.replace(visitor, key, NO_CHANGE, record({ subject }), { ...LOGIN, maxSessions: 3 });
        }),
      );
      expect(await store.list?.(subject)).toHaveLength(3);
    }
  });
});

describe("what mongodb is asked for", () => {
  it("is the write concern majority and the primary, whatever the client is set to", async () => {
    const careless = await connect("mongodb", mongo.server, {
      ...{ writeConcern: { w: 0 }, readPreference: "secondaryPreferred", readConcernLevel: "available", monitorCommands: true },
    });
    const commands: CommandStartedEvent[] = [];
    careless.on("commandStarted", (event) => commands.push(event));
    const store = mongodb(careless);
    const [first, second] = newKeys(2) as [Key, Key];
    const options = { now: SECONDS(), expiresAt: SECONDS() + HOUR };
    await store.create(first, record({ subject: "careful" }));
    await store.update(first, NO_CHANGE, options);
    await store.touch(first, options);
    await store.replace(first, second, NO_CHANGE, record({ subject: "careful" }), { ...LOGIN, maxSessions: 2 });
    await store.load(second, { now: SECONDS() });
    await store.list?.("careful");
    await store.take(second);
    await store.remove(first);
    await store.removeAll?.("careful");
    const asked = commands.filter(({ commandName }) => !["hello", "endSessions", "createIndexes"].includes(commandName));
    expect(new Set(asked.map(({ commandName }) => commandName))).toEqual(
      new Set(["insert", "findAndModify", "update", "find", "delete", "commitTransaction"]),
    );
    for (const { commandName, command } of asked) {
      expect(command.$readPreference?.mode ?? "primary").toBe("primary");
      const isFirst = command.startTransaction === true;
      const concern = command.autocommit === false && !isFirst ? undefined : { level: isFirst ? "snapshot" : "local" };
      if (commandName === "find" || isFirst) expect(command.readConcern).toEqual(concern);
      const isOwnWrite = commandName !== "find" && command.autocommit === undefined;
      if (isOwnWrite || commandName === "commitTransaction") expect(command.writeConcern).toMatchObject({ w: "majority" });
    }
  });
});

describe("mongodb and its options", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an address", "mongodb://127.0.0.1"],
    ["a Map", new Map()],
  ])("refuses %s for a client, and says which it takes", (_what, wrong) => {
    expect(() => mongodb(wrong as MongoClientLike)).toThrow(OptionError);
    expect(() => mongodb(wrong as MongoClientLike)).toThrow('a MongoClient of the package "mongodb"');
  });

  it("refuses a database or a collection for a client", () => {
    for (const wrong of [mongo.client.db(), mongo.client.db().collection("a")])
      expect(() => mongodb(wrong as unknown as MongoClientLike)).toThrow('a MongoClient of the package "mongodb"');
  });

  it.each<[string, object]>([
    ["an empty collection", { collection: "" }],
    ["a collection of the system", { collection: "system.views" }],
    ["a collection with a dollar", { collection: "$sessions" }],
    ["a database with a dot", { database: "a.b" }],
    ["a timeout of 0", { timeout: 0 }],
    ["a timeout in milliseconds", { timeout: 5000 }],
    ["a text for a flag", { createIndexes: "false" }],
    ["a misspelt option", { colection: "s" }],
  ])("refuses %s", (_what, options) => {
    expect(() => mongodb(mongo.client, options as MongoOptions)).toThrow(OptionError);
  });

  it("keeps sessions in another database and collection", async () => {
    const key = newKey();
    await mongodb(mongo.client, { database: "other", collection: "logins" }).create(key, record());
    expect(await mongo.client.db("other").collection<{ _id: string }>("logins").findOne({ _id: key.id })).not.toBeNull();
  });

  it("says what to do where an index is there with other options", async () => {
    const collection = mongo.client.db().collection("conflicting");
    await collection.createIndex({ end: 1 }, { name: "end_1", expireAfterSeconds: 7 });
    const failing = mongodb(mongo.client, { collection: "conflicting" }).load(newKey(), { now: 0 });
    await expect(failing).rejects.toThrow("Drop end_1 and subject_1, or create them as");
    expect(
      await mongodb(mongo.client, { collection: "conflicting", createIndexes: false }).load(newKey(), { now: 0 }),
    ).toBeNull();
  });
});
