/** d1() on a real D1 database in workerd: the store contract, rows written, requests at the same time, and faults. */
import { env } from "cloudflare:workers";
import type { D1Meta, D1PreparedStatement } from "@cloudflare/workers-types";
import { describe, expect, it } from "vitest";
import { createSessions, type Session, type SessionEvent, StoreError } from "../../src/index.ts";
import type { Move } from "../../src/session/record.ts";
import { type D1Binding, type D1Options, d1, sessionTable } from "../../src/stores/sql/d1.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { storeContract } from "../../src/testing/index.ts";
import { FROZEN_SQL, readsFrozenRows } from "../stores/sql-frozen.ts";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";

const NOW = 1_800_000_000;
const HOUR = 3600;
const record = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + HOUR };
const late = { now: NOW + 60, expiresAt: NOW + 2 * HOUR };
const patch = { set: [["a", '"one"'] as const, ["b", "2"] as const, ["c", "[3]"] as const], unset: ["d", "e"] };

let count = 0;
const newKey = () => ({ id: `session-of-this-test-${count++}` });
const newTable = () => `t${count++}`;

// The real binding fits the few methods that the store asks for.
const binding: D1Binding = env.SESSIONS_DB;

/** The binding, and what its queries cost. */
function metered() {
  const cost = { calls: 0, read: 0, written: 0 };
  const add = ({ rows_read, rows_written }: D1Meta) => {
    cost.read += rows_read;
    cost.written += rows_written;
  };
  const real = env.SESSIONS_DB;
  const unbound = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement) => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      async all() {
        cost.calls++;
        const result = await statement.all();
        add(result.meta);
        return result;
      },
    };
    unbound.set(wrapped, statement);
    return wrapped;
  };
  const database: D1Binding = {
    prepare: (sql) => wrap(real.prepare(sql)),
    async batch(statements) {
      cost.calls++;
      const results = await real.batch(statements.map((one) => unbound.get(one) as D1PreparedStatement));
      for (const { meta } of results) add(meta);
      return results;
    },
  };
  const of = async (act: () => Promise<unknown>) => {
    Object.assign(cost, { calls: 0, read: 0, written: 0 });
    await act();
    return { ...cost };
  };
  return { database, of };
}

describe("d1 keeps the contract", () => {
  for (const { name, run } of storeContract(() => d1(binding))) it(name, () => expect(run()).resolves.toBeUndefined());
});

const LOGIN: Move = { by: "login", graceSeconds: 0 };
const NEW_ID: Move = { by: "regenerateId", graceSeconds: 10 };
const user = { ...record, subject: "ada" };
const slide = { seenAfter: 0, seenBefore: NOW, expiresAt: NOW + 2 * HOUR };

describe("d1 costs, in round trips and rows", () => {
  const { database, of } = metered();
  const options = { table: newTable() };
  const store = d1(database, options);
  const [visitor, member, moved, other] = [newKey(), newKey(), newKey(), newKey()];
  const redeemed = { id: `redeemed-${"x".repeat(43)}` };

  // In order: each goes on from the one before.
  it.each([
    ["the first session of all, which makes the table", 3, 4, () => store.create(newKey(), record)],
    ["a new session of nobody", 1, 1, () => store.create(visitor, record)],
    ["a new session of a user", 1, 2, () => store.create(other, user, { maxSessions: 9 })],
    ["load", 1, 0, () => store.load(visitor, { now: NOW })],
    ["load when a touch is due", 2, 1, () => store.load(visitor, { now: NOW, touch: slide })],
    ["load when no touch is due", 1, 0, () => store.load(other, { now: NOW, touch: { ...slide, seenBefore: 0 } })],
    ["update of five keys", 1, 1, () => store.update(visitor, patch, late)],
    ["update of a user's session", 1, 1, () => store.update(other, patch, { ...late, ifVersion: 1 })],
    ["update that conflicts", 2, 0, () => store.update(other, patch, { ...late, ifVersion: 1 })],
    ["update of what is gone", 2, 0, () => store.update(newKey(), patch, late)],
    ["touch", 1, 1, () => store.touch(visitor, late)],
    ["a login", 1, 3, () => store.replace(visitor, member, patch, user, { ...LOGIN, maxSessions: 9 })],
    ["a new id for a user's session", 1, 3, () => store.replace(member, moved, patch, user, NEW_ID)],
    ["list", 1, 0, () => store.list("ada")],
    ["remove", 1, 1, () => store.remove(other)],
    ["a record that is no session", 1, 1, () => store.create(redeemed, record)],
    ["take", 1, 1, () => store.take(redeemed)],
    ["take of what is gone", 1, 0, () => store.take(redeemed)],
    ["removeAll of one session", 1, 1, () => store.removeAll("ada")],
    ["a sweep of a session and two marks", 3, 3, () => store.sweep(NOW + HOUR)],
    ["a sweep where nothing has expired", 1, 0, () => store.sweep(NOW + HOUR)],
  ] as [string, number, number, () => Promise<unknown>][])(
    "%s: %i calls, %i rows written",
    async (_what, calls, written, act) => {
      expect(await of(act)).toMatchObject({ calls, written });
    },
  );

  it("a load reads one row, and a list those of the subject, whatever else is in the table", async () => {
    for (let index = 0; index < 30; index++) await store.create(newKey(), { ...record, subject: `user ${index}` });
    const key = newKey();
    await store.create(key, user);
    expect(await of(() => store.load(key, { now: NOW }))).toMatchObject({ read: 1 });
    expect((await of(() => store.list("ada"))).read).toBeLessThanOrEqual(2);
    expect((await of(() => store.removeAll("ada"))).read).toBeLessThanOrEqual(4);
  });

  it("a sweep deletes what has expired, in steps, and nothing else", async () => {
    const mine = d1(binding, { table: newTable() });
    const [living, over] = [newKey(), newKey()];
    await mine.create(living, { ...record, expiresAt: NOW + HOUR + 1 });
    await mine.create(over, user);
    expect(await mine.sweep(NOW + HOUR)).toBe(1);
    expect(await mine.load(over, { now: NOW })).toBe(null);
    expect(await mine.load(living, { now: NOW })).not.toBe(null);
    expect(await mine.sweep(NOW + HOUR)).toBe(0);
  });
});

/** An application on D1 that counts, in its session, what its requests say. */
function app(database: D1Binding, options: D1Options = {}) {
  const events: SessionEvent[] = [];
  const store = d1(database, { table: newTable(), ...options });
  const sessions = createSessions<Record<string, number>>({ secrets: SECRET, store, onEvent: (event) => events.push(event) });
  const act = async (path: string, session: Session<Record<string, number>>) => {
    if (path === "/count") await session.update((data) => (data.count = (data.count ?? 0) + 1));
    else if (path !== "/") session.data[path] = 1;
  };
  const browser = new Browser(
    sessions.handler(async (request, session) => {
      await act(new URL(request.url).pathname, session);
      return Response.json(session.data);
    }),
  );
  return { browser, events, data: async () => (await browser.visit("/")).json() };
}

describe("requests at the same time on d1", () => {
  it("50 requests that each set a key lose none", async () => {
    const { browser, data } = app(binding);
    await browser.visit("/first");
    const paths = Array.from({ length: 50 }, (_none, index) => `/key${index}`);
    await Promise.all(paths.map((path) => browser.ask(path)));
    expect(await data()).toEqual(Object.fromEntries(["/first", ...paths].map((path) => [path, 1])));
  });
});

it("a session that could not be written ends no others on d1, whatever maxSessions says", async () => {
  const store = d1(binding, { table: newTable() });
  const keys = [newKey(), newKey()];
  for (const key of keys) await store.create(key, user);
  const [first, second] = keys as [{ id: string }, { id: string }];
  const options = { ...LOGIN, maxSessions: 1 };
  await expect(store.create(first, user, options)).rejects.toMatchObject({ code: "D1_ERROR", retryable: false });
  await expect(store.replace(first, second, patch, user, options)).rejects.toMatchObject({ code: "D1_ERROR" });
  expect(await store.replace(newKey(), newKey(), patch, user, options)).toEqual({ ok: false, why: "gone" });
  for (const key of keys) expect(await store.load(key, { now: NOW })).toEqual(user);
});

it("rows that version 0.1.0 wrote are read on by d1", async () => {
  for (const sql of FROZEN_SQL) await env.SESSIONS_DB.prepare(sql).run();
  await readsFrozenRows(d1(binding, { table: "frozen" }));
});

it("10 requests that each count up with update() count to 10 on d1", async () => {
  const { browser, data } = app(binding);
  await browser.visit("/first");
  await Promise.all(Array.from({ length: 10 }, () => browser.ask("/count")));
  expect(await data()).toEqual({ "/first": 1, count: 10 });
});

describe("faults of d1", () => {
  it("a binding that is missing says what to write into wrangler.toml", () => {
    for (const wrong of [undefined, null, {}, "SESSIONS_DB"]) {
      expect(() => d1(wrong as unknown as D1Binding)).toThrow(/\[\[d1_databases\]\].*binding = "SESSIONS_DB"/);
    }
  });

  it("a table name that is none, and an option that there is not, are refused", () => {
    for (const table of ["", "a b", 'a"b', "1a", "sqlite_x", "a".repeat(64)])
      expect(() => d1(binding, { table })).toThrow("Cannot use option table");
    expect(() => d1(binding, { tabel: "x" } as D1Options)).toThrow('Cannot use option "tabel"');
  });

  it("without createTable, a missing table fails until a migration makes it", async () => {
    const table = newTable();
    const store = d1(binding, { table, createTable: false });
    const key = newKey();
    await expect(store.create(key, record)).rejects.toMatchObject({ code: "D1_ERROR", retryable: false });
    for (const sql of sessionTable(table)) await env.SESSIONS_DB.prepare(sql).run();
    await store.create(key, record);
    expect(await store.load(key, { now: NOW })).toEqual(record);
  });

  it("a database that fails is a StoreError, clears no cookie, and is fine again afterwards", async () => {
    let message: string | undefined;
    const failing: D1Binding = {
      prepare: (sql) => binding.prepare(sql),
      // What the network does cannot be had from a database on this machine.
      withSession: () => {
        if (message !== undefined) throw new Error(message);
        return binding;
      },
      batch: (statements) => binding.batch(statements),
    };
    const { browser, data } = app(failing);
    await browser.visit("/first");
    const cookies = new Map(browser.cookies);
    for (const [text, retryable] of [
      ["D1_ERROR: Network connection lost.", true],
      ["D1_ERROR: D1 DB reset because its code was updated.", true],
      ["D1_ERROR: Internal error in D1 DB storage caused object to be reset.", true],
      ["D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.", true],
      ["D1_ERROR: D1 DB is overloaded. Too many requests queued.", false],
      ["D1_ERROR: SECRET", false],
    ] as const) {
      message = text;
      const error = await browser.visit("/second").catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ status: 503, retryable, message: expect.not.stringContaining("SECRET") });
      expect(browser.cookies).toEqual(cookies);
    }
    message = undefined;
    expect(await data()).toEqual({ "/first": 1 });
  });

  it("a row that somebody broke is no session, and an event", async () => {
    const table = newTable();
    const { browser, events, data } = app(binding, { table });
    for (const broken of ["{", "[]", '{"a":1}', '{"a":"{"}', ""]) {
      await browser.visit("/first");
      await env.SESSIONS_DB.prepare(`UPDATE ${table} SET data = ?`).bind(broken).run();
      events.length = 0;
      expect(await data()).toEqual({});
      expect(events).toContainEqual({ type: "invalid", reason: "record" });
    }
  });

  it("reads ask the primary where the binding can say so", async () => {
    const asked: string[] = [];
    const seen: D1Binding = {
      prepare: () => expect.unreachable(),
      batch: () => expect.unreachable(),
      withSession(constraint) {
        asked.push(constraint);
        return env.SESSIONS_DB.withSession(constraint);
      },
    };
    const store = d1(seen, { table: newTable() });
    const key = newKey();
    await store.create(key, record);
    asked.length = 0;
    await store.load(key, { now: NOW });
    expect(asked).toEqual(["first-primary"]);
  });
});

it("stores/sqlite can be loaded in a Worker, and says what it needs", () => {
  expect(() => sqlite("sessions.db")).toThrow(/^Cannot open the session database.* the runtime must support files$/);
});
