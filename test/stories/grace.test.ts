/** regenerateId({ graceSeconds }): where it is refused, and what it means where it is not. */
import { describe, expect, it } from "vitest";
import type { DefinedStore } from "../../src/stored/define.ts";
import { connect } from "../../src/stores/bridges/connect.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { unstorage } from "../../src/stores/bridges/unstorage.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp, typesOf } from "../support/app.ts";

const items = new Map<string, string>();
const bare = { load: () => null, save: () => {}, remove: () => {} };
const REFUSING: [string, DefinedStore | undefined, RegExp][] = [
  ["no store", undefined, /the session is in its cookie; leave graceSeconds out/],
  ["plain()", plain(bare), /the store keeps no mark of where a session went; leave graceSeconds out/],
  [
    "unstorage()",
    unstorage({
      getItem: async (key: string) => items.get(key) ?? null,
      setItem: async (key: string, value: unknown) => void items.set(key, String(value)),
      removeItem: async (key: string) => void items.delete(key),
    } as never),
    /keeps no mark/,
  ],
  [
    "connect()",
    connect({
      get: (_id: string, done: (error: unknown) => void) => done(null),
      set: (_id: string, _session: unknown, done: (error: unknown) => void) => done(null),
      destroy: (_id: string, done: (error: unknown) => void) => done(null),
    } as never),
    /keeps no mark/,
  ],
];

describe("a grace", () => {
  it.each(REFUSING)("is refused with %s, where a new id without one works", async (_name, store, why) => {
    const { does } = makeApp(store === undefined ? {} : { store });
    const refused = await does((session) => {
      session.regenerateId();
      try {
        session.regenerateId({ graceSeconds: 10 });
      } catch (error) {
        return error;
      }
      return "accepted";
    });
    expect(refused).toMatchObject({ code: "ERR_OPTION", message: expect.stringMatching(why) });
  });

  it("of a visitor in a cookie is refused, and of the user in the store it is not", async () => {
    const { does } = makeApp({ store: memory(), anonymous: "cookie" });
    await expect(does((session) => session.regenerateId({ graceSeconds: 10 }))).rejects.toMatchObject({ code: "ERR_OPTION" });
    await does((session) => session.login("alice"));
    await does((session) => session.regenerateId({ graceSeconds: 10 }));
    expect(await does((session) => session.subject)).toBe("alice");
  });

  it.each([-1, 61, 0.5, Number.NaN, "10", null])("of %s seconds is refused", async (graceSeconds) => {
    const { does } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    await expect(does((session) => session.regenerateId({ graceSeconds: graceSeconds as number }))).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: expect.stringContaining("graceSeconds"),
    });
    expect(await does((session) => session.subject)).toBe("alice");
  });

  it("asked for by a request whose session has moved is the request's to hear of, where visitors are in cookies, too", async () => {
    const { does, browser, answers } = makeApp({ store: memory(), anonymous: "cookie" });
    await does((session) => session.login("alice"));
    const old = browser.copy();
    await does((session) => session.regenerateId());
    for (const [name, held] of old.cookies) browser.cookies.set(name, held);
    const answer = await answers((session) => session.regenerateId({ graceSeconds: 10 }));
    expect(answer.status).toBe(409);
  });

  it("is the shortest of those that one request asked for", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const old = browser.copy();
    await does((session) => {
      session.regenerateId({ graceSeconds: 10 });
      session.regenerateId();
    });
    expect(await does((session) => [session.subject, session.gone], old)).toEqual([undefined, "moved"]);
  });

  it("carries use, logout and a login, as the session itself does", async () => {
    const { does, browser, sessions, events } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const old = browser.copy();
    const id = await does((session) => {
      session.regenerateId({ graceSeconds: 10 });
      return session.id;
    });
    expect(await does((session) => [session.id, session.subject, session.gone], old)).toEqual([id, "alice", undefined]);
    events.length = 0;
    await does((session) => session.logout(), old);
    expect(typesOf(events)).toEqual(["loaded", "destroyed"]);
    expect(await sessions.list("alice")).toEqual([]);
    expect(await does((session) => session.subject)).toBe(undefined);
  });
});
