/** The sessions of a user: listed, ended one by one, and all at once. */
import { describe, expect, it } from "vitest";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { withMethods, without } from "../support/changed-store.ts";
import { failingStore } from "../support/failing-store.ts";

/** A user on a phone and on a laptop, and somebody else. */
async function twoDevices(store = memory()) {
  const app = makeApp({ store });
  const [phone, laptop, other] = [app.newBrowser(), app.newBrowser(), app.newBrowser()];
  const ids: string[] = [];
  for (const [browser, subject, device] of [
    [phone, "alice", "phone"],
    [laptop, "alice", "laptop"],
    [other, "bob", "tablet"],
  ] as const) {
    await app.does((session) => session.login(subject, { meta: { device } }), browser);
    ids.push(await app.does((session) => session.id, browser));
    app.clock.pass(60);
  }
  return { ...app, phone, laptop, other, ids: ids as [string, string, string] };
}

describe("sessions.list()", () => {
  it("gives the user's living sessions, the latest used first, and marks the current one", async () => {
    const { sessions, clock, ids } = await twoDevices();
    const start = clock.now() - 180;
    expect(await sessions.list("alice", { current: ids[0] })).toEqual([
      {
        id: ids[1],
        startedAt: start + 60,
        seenAt: start + 60,
        expiresAt: start + 60 + 86400,
        meta: { device: "laptop" },
        current: false,
      },
      { id: ids[0], startedAt: start, seenAt: start, expiresAt: start + 86400, meta: { device: "phone" }, current: true },
    ]);
    expect(await sessions.list("nobody")).toEqual([]);
  });

  it("gives no session that has expired", async () => {
    const { sessions, clock, does, laptop } = await twoDevices();
    clock.pass(86400 - 180);
    await does((session) => session.data, laptop);
    clock.pass(120);
    expect(await sessions.list("alice")).toHaveLength(1);
  });

  it("shows no control characters and no more than 200 characters of what a client said about itself", async () => {
    const { does, sessions } = makeApp({ store: memory() });
    const device = `Fire\u202efox\u0000\n\u0085<b>${"x".repeat(5000)}🚀`;
    await does((session) => session.login("alice", { meta: { device, cut: `${"y".repeat(199)}🚀` } }));
    const [row] = await sessions.list("alice");
    expect(row?.meta).toEqual({ device: `Firefox<b>${"x".repeat(190)}`, cut: "y".repeat(199) });
  });

  it.each([{ count: 1 }, Object.fromEntries(Array.from({ length: 17 }, (_none, index) => [`key${index}`, ""]))])(
    "login() refuses meta that is not at most 16 strings",
    async (meta) => {
      const { does } = makeApp({ store: memory() });
      await does((session) => expect(() => session.login("alice", { meta: meta as never })).toThrow("at most 16 strings"));
    },
  );

  it("throws what to do when the store cannot list", async () => {
    for (const store of [without(memory(), "list"), plain({ load() {}, save() {}, remove() {} } as never)]) {
      const { sessions } = makeApp({ store });
      await expect(sessions.list("alice")).rejects.toMatchObject({
        code: "ERR_OPTION",
        message: expect.stringContaining("needs a store that can list"),
      });
    }
  });
});

describe("sessions.revoke()", () => {
  it("ends one session of the user at once, and no other", async () => {
    const { sessions, does, phone, laptop, ids, events } = await twoDevices();
    expect(await sessions.revoke("alice", ids[0])).toBe(true);
    expect(await does((session) => session.subject, phone)).toBe(undefined);
    expect(await does((session) => session.subject, laptop)).toBe("alice");
    expect(events).toContainEqual({ type: "destroyed", id: ids[0] });
    expect(await sessions.revoke("alice", ids[0])).toBe(false);
  });

  it("ends no session of somebody else, whatever id a form brings", async () => {
    const { sessions, does, other, ids } = await twoDevices();
    for (const id of [ids[2], "A".repeat(32), "", "x", "../x", "__proto__", "🚀".repeat(20), "a".repeat(5000)]) {
      expect(await sessions.revoke("alice", id)).toBe(false);
    }
    expect(await does((session) => session.subject, other)).toBe("bob");
  });

  it("asks no store for an id that is none", async () => {
    const store = failingStore();
    const { sessions } = makeApp({ store });
    for (const id of ["", "x", "a b", "a".repeat(65), "'; DROP TABLE"]) expect(await sessions.revoke("alice", id)).toBe(false);
    expect(store.calls).toEqual([]);
  });

  it("ends a session that has a new id since the list was shown", async () => {
    const { sessions, does, phone, other, ids } = await twoDevices();
    await does((session) => session.regenerateId(), phone);
    await does((session) => session.regenerateId(), other);
    expect(await sessions.revoke("alice", ids[2])).toBe(false);
    expect(await sessions.revoke("alice", ids[0])).toBe(true);
    expect(await does((session) => session.subject, phone)).toBe(undefined);
    expect(await does((session) => session.subject, other)).toBe("bob");
  });

  it("throws where there is nothing to revoke in", async () => {
    const { sessions } = makeApp({ store: plain({ load() {}, save() {}, remove() {} } as never) });
    await expect(sessions.revoke("alice", "a".repeat(32))).rejects.toMatchObject({ code: "ERR_OPTION" });
  });
});

describe("sessions.revokeAll()", () => {
  it("ends every session of the user at once, says how many, and ends nobody else's", async () => {
    const { sessions, does, phone, laptop, other } = await twoDevices();
    expect(await sessions.revokeAll("alice")).toEqual({ count: 2, effect: "now" });
    for (const browser of [phone, laptop]) expect(await does((session) => session.isNew, browser)).toBe(true);
    expect(await does((session) => session.subject, other)).toBe("bob");
  });

  it("spares the one that asks", async () => {
    const { sessions, does, phone, laptop, ids } = await twoDevices();
    expect(await sessions.revokeAll("alice", { except: ids[0] })).toEqual({ count: 1, effect: "now" });
    expect(await does((session) => session.subject, phone)).toBe("alice");
    expect(await does((session) => session.subject, laptop)).toBe(undefined);
  });

  it("is only requested in a store that is not immediate", async () => {
    const { sessions } = await twoDevices(withMethods(memory(), { guarantees: { atomic: true, immediate: false } }));
    expect(await sessions.revokeAll("alice")).toEqual({ count: 2, effect: "requested" });
  });

  it("throws what to do when the store cannot, and StoreError when it fails", async () => {
    const unable = makeApp({ store: without(memory(), "removeAll") });
    await expect(unable.sessions.revokeAll("alice")).rejects.toMatchObject({ code: "ERR_OPTION" });
    const store = withMethods(memory(), { removeAll: () => Promise.reject(new Error("down")) });
    await expect(makeApp({ store }).sessions.revokeAll("alice")).rejects.toMatchObject({
      code: "ERR_STORE",
      operation: "removeAll",
    });
  });
});

it("sessions without a store have no list(), revoke() and revokeAll(), and those in one have them", () => {
  for (const name of ["list", "revoke", "revokeAll"]) {
    expect(name in makeApp().sessions).toBe(false);
    expect(name in makeApp({ readable: true }).sessions).toBe(false);
    expect(name in makeApp({ store: memory() }).sessions).toBe(true);
  }
});

describe("maxSessions", () => {
  it("ends the session used longest ago at the login beyond it, also when another user logs in over it", async () => {
    const app = makeApp({ store: memory(), maxSessions: 2 });
    const browsers = [app.newBrowser(), app.newBrowser(), app.newBrowser(), app.newBrowser()] as const;
    for (const [index, browser] of browsers.entries()) {
      await app.does((session) => session.login(index === 3 ? "bob" : "alice"), browser);
      app.clock.pass(10);
    }
    const who = () => Promise.all(browsers.map((browser) => app.does((session) => session.subject, browser)));
    expect(await who()).toEqual([undefined, "alice", "alice", "bob"]);
    await app.does((session) => session.login("alice"), browsers[3]);
    expect(await who()).toEqual([undefined, undefined, "alice", "alice"]);
  });

  it("is 100 by default, and a whole number from 1 on", async () => {
    const app = makeApp({ store: memory() });
    for (let count = 0; count < 101; count++) await app.does((session) => session.login("alice"), app.newBrowser());
    expect(await app.sessions.list("alice")).toHaveLength(100);
    for (const maxSessions of [0, 1.5, -1]) expect(() => makeApp({ maxSessions })).toThrow("maxSessions");
  });
});
