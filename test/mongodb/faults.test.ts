/** The MongoDB store when its server crashes, is slow, loses an answer or is no replica set. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import { OptionError, type Session, type SessionRecord } from "../../src/index.ts";
import type { Move } from "../../src/session/record.ts";
import { mongodb } from "../../src/stores/mongodb/index.ts";
import { Browser } from "../support/browser.ts";
import { HOUR } from "../support/clock.ts";
import { application, crashUnderTraffic, expectAllKept } from "../support/traffic.ts";
import { closeClients, connect, type Driver } from "./clients.ts";
import { startFront } from "./front/index.ts";
import { type MongoServer, startMongo } from "./server.ts";

const NO_CHANGE = { set: [], unset: [] };
const NEW_ID: Move = { by: "regenerateId", graceSeconds: 0 };
const SECONDS = () => Math.floor(Date.now() / 1000);
let server: MongoServer;

beforeAll(async () => {
  server = await startMongo();
});
beforeEach(() => {
  server.front.delay = 0;
});
afterEach(closeClients);
afterAll(() => server?.stop());

function record(fields: Partial<SessionRecord> = {}): SessionRecord {
  const now = SECONDS();
  return { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR, ...fields };
}

describe("mongodb that is killed under traffic", () => {
  const clients: [Driver, boolean][] = [
    ["mongodb", true],
    ["mongodb", false],
    ["mongodb6", true],
  ];
  it.each(clients)("keeps all that was acknowledged, and recovers, with %s and retryWrites %s", async (driver, retryWrites) => {
    const store = mongodb(await connect(driver, server, { retryWrites, serverSelectionTimeoutMS: 500 }), { timeout: 1 });
    const visitors = await crashUnderTraffic(store, server);
    await expectAllKept(visitors, store, true);
  });
});

describe("mongodb that takes three seconds for each command", () => {
  it("fails in time, and says so in one word, and goes on when it is quick again", async () => {
    const store = mongodb(await connect("mongodb", server), { timeout: 0.5 });
    const addOne = (session: Session<Record<string, number>>) => (session.data.count = (session.data.count ?? 0) + 1);
    const { serve, faults } = application(store, addOne);
    const browser = new Browser(serve);
    await browser.visit("/");
    server.front.delay = 3000;
    const began = performance.now();
    const responses = await Promise.all([browser.visit("/"), browser.visit("/"), browser.visit("/")]);
    expect(performance.now() - began).toBeLessThan(2000);
    for (const { status, headers } of responses) expect([status, headers.getSetCookie()]).toEqual([503, []]);
    expect(faults.map(({ message, retryable }) => [message, retryable])).toEqual(
      Array.from({ length: 3 }, () => ["Cannot load the session: the store failed (TIMEOUT)", true]),
    );
    server.front.delay = 0;
    expect(await (await browser.visit("/")).json()).toEqual({ count: 2 });
  });

  it("does not carry out behind the caller's back what needs several commands", async () => {
    const store = mongodb(await connect("mongodb", server), { timeout: 0.5 });
    const [from, to] = [{ id: newSessionId() }, { id: newSessionId() }];
    await store.create(from, record());
    server.front.delay = 400;
    await expect(store.replace(from, to, NO_CHANGE, record(), NEW_ID)).rejects.toMatchObject({
      code: "TIMEOUT",
      retryable: true,
    });
    await expect.poll(() => server.front.counts.get("abortTransaction") ?? 0, { timeout: 10_000 }).toBeGreaterThan(0);
    server.front.delay = 0;
    expect(await store.load(from, { now: SECONDS() })).toMatchObject({ version: 1 });
    expect(await store.load(to, { now: SECONDS() })).toBeNull();
  });
});

describe("mongodb whose answer is lost with the connection, so that the driver asks again", () => {
  it.each<Driver>(["mongodb", "mongodb6"])("does nothing twice, with %s", async (driver) => {
    const store = mongodb(await connect(driver, server));
    const key = { id: newSessionId() };
    const options = { now: SECONDS(), expiresAt: SECONDS() + HOUR };
    await store.load(key, { now: SECONDS() });
    server.front.loseAnswerTo = "insert";
    await store.create(key, record({ data: '{"a":1}', subject: "ada" }));
    server.front.loseAnswerTo = "findAndModify";
    expect(await store.update(key, { set: [["a", "2"]], unset: [] }, { ...options, ifVersion: 1 })).toEqual({
      ok: true,
      version: 2,
    });
    const to = { id: newSessionId() };
    server.front.loseAnswerTo = "commitTransaction";
    expect(await store.replace(key, to, NO_CHANGE, record({ subject: "ada" }), NEW_ID)).toEqual({ ok: true, version: 3 });
    server.front.loseAnswerTo = "findAndModify";
    expect(await store.take(to)).toMatchObject({ data: '{"a":2}', version: 3 });
    expect(await store.take(to)).toBeNull();
    expect(server.front.loseAnswerTo).toBeNull();
  });

  it("tells of it where the driver may not ask again, and undoes what was not finished", async () => {
    const store = mongodb(await connect("mongodb", server, { retryWrites: false }));
    const [from, to] = [{ id: newSessionId() }, { id: newSessionId() }];
    await store.create(from, record());
    server.front.loseAnswerTo = "insert";
    expect(await store.replace(from, to, NO_CHANGE, record(), NEW_ID)).toEqual({ ok: true, version: 2 });
    server.front.loseAnswerTo = "findAndModify";
    const failing = store.update(to, NO_CHANGE, { now: SECONDS(), expiresAt: SECONDS() + HOUR });
    await expect(failing).rejects.toMatchObject({ code: "MongoNetworkError", retryable: true });
  });
});

describe("mongodb that is no replica set", () => {
  it("says what to do at the first call, and at each one after it", async () => {
    const front = await startFront({ database: server.database, standalone: true });
    const store = mongodb(await connect("mongodb", { front }));
    const first = store.load({ id: newSessionId() }, { now: SECONDS() });
    await expect(first).rejects.toBeInstanceOf(OptionError);
    await expect(first).rejects.toThrow("it is not a replica set, so it has no transactions. Start mongod with --replSet");
    await expect(store.create({ id: newSessionId() }, record())).rejects.toMatchObject({ code: "ERR_OPTION" });
    const { serve } = application(store, (session) => (session.data.count = 1));
    await expect(serve(new Request("https://app.example.com/"))).rejects.toBeInstanceOf(OptionError);
    await closeClients();
    await front.close();
  });
});

describe("what errors of mongodb say", () => {
  const SECRET_TEXT = "hunter2-of-ada";

  it("is a word, and nothing of what was sent", async () => {
    const client = await connect("mongodb", server);
    const store = mongodb(client, { collection: "told" });
    const key = { id: newSessionId() };
    await store.create(key, record());
    await client.db().collection("told").createIndex({ "data.v": 1 }, { unique: true });
    const data = JSON.stringify({ password: SECRET_TEXT });
    await store.create({ id: newSessionId() }, record({ data }));
    server.front.quotes = true;
    const set = [["password", JSON.stringify(SECRET_TEXT)]] as const;
    const inserting = client
      .db()
      .collection<{ _id: string }>("told")
      .insertOne({ _id: key.id, password: SECRET_TEXT } as never);
    await expect(inserting).rejects.toThrow(SECRET_TEXT);
    const calls = [
      store.create(key, record({ data })),
      store.create({ id: newSessionId() }, record({ data })),
      store.update(key, { set, unset: [] }, { now: SECONDS(), expiresAt: SECONDS() }),
      store.replace(key, { id: newSessionId() }, { set, unset: [] }, record(), NEW_ID),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      const { reason } = outcome as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(Error);
      expect(String(reason.code)).toMatch(/^\w{1,60}$/);
      expect(`${reason.message} ${reason.stack} ${JSON.stringify(reason)} ${String(reason.cause)}`).not.toContain(SECRET_TEXT);
    }
    server.front.quotes = false;
  });
});
