/** An end is carried out whatever stands in the store: what cannot be read, or has ended, is removed by a logout all the same. */

import { describe, expect, it } from "vitest";
import { schema } from "../../src/features/schema.ts";
import type { SessionOptions, SessionRecord } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp, typesOf } from "../support/app.ts";
import { withMethods } from "../support/changed-store.ts";
import { DAY, HOUR } from "../support/clock.ts";
import { plainRows } from "../support/plain-rows.ts";
import { OLD_SECRET } from "../support/secrets.ts";

/** A store whose records are changed on the way out, and what is in it. */
function altering(alter: (record: SessionRecord) => SessionRecord) {
  const inner = memory();
  const ids = new Set<string>();
  const store = withMethods(inner, {
    load: async (...asked) => {
      const found = await inner.load(...asked);
      return found === null || "movedAt" in found ? found : alter(found);
    },
    create: async (...made) => {
      ids.add(made[0].id);
      await inner.create(...made);
    },
    remove: async (...named) => {
      ids.delete(named[0].id);
      await inner.remove(...named);
    },
  });
  return { store, ids };
}

const UNREADABLE: [string, Partial<SessionRecord>][] = [
  ["the JSON of a text", { data: '"test"' }],
  ["a list", { data: "[1]" }],
  ["no JSON", { data: "test" }],
  ["no data at all", { data: undefined as never }],
  ["data that nests too deep", { data: `{"a":${"[".repeat(200)}${"]".repeat(200)}}` }],
  ["no time of its end", { expiresAt: Number.NaN }],
  ["a subject that is none", { subject: 5 as never }],
  ["an end that is over", { expiresAt: 1 }],
];

describe("logout() removes a record", () => {
  it.each(UNREADABLE)("that has %s", async (_what, patch) => {
    let altered: Partial<SessionRecord> = {};
    const { store, ids } = altering((record) => ({ ...record, ...altered }));
    const { does, browser, events } = makeApp({ store });
    await does((session) => Object.assign(session.data, { cart: ["apple"] }));
    expect(ids.size).toBe(1);
    altered = patch;
    await does((session) => {
      expect([session.isNew, { ...session.data }]).toEqual([true, {}]);
      session.logout();
      // Twice is once.
      session.logout();
    });
    expect([ids.size, browser.cookies.size]).toEqual([0, 0]);
    expect(typesOf(events).filter((type) => type === "destroyed")).toHaveLength(1);
  });

  it("of a user, beside visitors in cookies", async () => {
    let altered: Partial<SessionRecord> = {};
    const { store, ids } = altering((record) => ({ ...record, ...altered }));
    const { does, browser } = makeApp({ store, anonymous: "cookie" });
    await does((session) => session.login("alice"));
    altered = { data: '"test"' };
    await does((session) => session.logout());
    expect([ids.size, browser.cookies.size]).toEqual([0, 0]);
  });

  it("whose data does not fit the schema", async () => {
    const store = memory();
    const rejecting = schema({ "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "no" }] }) } });
    const before = makeApp({ store });
    const after = makeApp({ store, schema: rejecting });
    await before.does((session) => {
      session.login("alice");
      session.data.cart = "apple";
    });
    await after.does((session) => session.logout(), Object.assign(after.browser, { cookies: before.browser.cookies }));
    expect(await before.sessions.list("alice")).toEqual([]);
  });

  it("that a lowered timeout has ended, so that a raised one does not bring it back", async () => {
    const store = memory();
    const make = (more: Partial<SessionOptions>) => makeApp({ store, ...more });
    const long = make({});
    const short = make({ idleTimeout: HOUR, now: long.clock.now });
    await long.does((session) => session.login("alice"));
    const stolen = long.browser.copy();
    long.clock.pass(2 * HOUR);
    await short.does((session) => session.logout(), Object.assign(short.browser, { cookies: long.browser.cookies }));
    expect(await long.does((session) => session.subject, stolen)).toBe(undefined);
  });

  it("in a store of three methods, which knows no end itself, also when the token has ended", async () => {
    const rows = new Map<string, string>();
    const store = plain(plainRows(rows));
    const { does, answers, browser, clock } = makeApp({ store, idleTimeout: DAY });
    await does((session) => Object.assign(session.data, { cart: ["apple"] }));
    // A browser that keeps its cookie for longer than it was told.
    const Cookie = browser.cookieHeader();
    clock.pass(2 * DAY);
    await answers((session) => session.isNew, { Cookie });
    expect(rows.size).toBe(1);
    await answers((session) => session.logout(), { Cookie });
    expect(rows.size).toBe(0);
  });
});

it("only a token of ours has anything removed, and only an end does", async () => {
  let altered: Partial<SessionRecord> = {};
  const { store, ids } = altering((record) => ({ ...record, ...altered }));
  const { does, browser } = makeApp({ store });
  await does((session) => Object.assign(session.data, { cart: ["apple"] }));
  altered = { data: '"test"' };
  const others = makeApp({ store, secrets: OLD_SECRET });
  await others.does((session) => session.logout(), Object.assign(others.browser, { cookies: new Map(browser.cookies) }));
  await does((session) => session.data.cart, browser.copy());
  await does((session) => session.login("alice"), browser.copy());
  expect(ids.size).toBe(2);
});
