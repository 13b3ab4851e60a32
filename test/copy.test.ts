/** The option `copy`: most requests ask no store, and what changes elsewhere is seen after at most `maxAge`. */
import { describe, expect, it } from "vitest";
import type { SessionOptions } from "../src/index.ts";
import { memory } from "../src/stores/memory.ts";
import { plain } from "../src/stores/plain.ts";
import { type App, makeApp } from "./support/app.ts";
import { FailingStore } from "./support/failing-store.ts";

const COPY = "__Host-session-copy";
const MAX_AGE = 60;

interface Counted extends App {
  readonly store: FailingStore;
  /** What the store was asked since the last time. */
  asked(): string[];
}

/** An application with copies, in which alice is logged in with a cart. */
async function loggedIn(more: Partial<SessionOptions> = {}): Promise<Counted> {
  const store = new FailingStore();
  const app = makeApp({ store, copy: { maxAge: MAX_AGE }, ...more });
  await app.does((session) => {
    session.login("alice", { meta: { device: "phone" } });
    session.data.cart = ["apple"];
  });
  store.calls.length = 0;
  return { ...app, store, asked: () => store.calls.splice(0) };
}

describe("copy", () => {
  it("answers requests without the store until it is too old, then with it, and again without", async () => {
    const { does, clock, asked } = await loggedIn();
    const read = () => does((session) => [session.subject, session.data.cart, session.startedAt]);
    const start = clock.now();
    for (const seconds of [0, 30, 29]) {
      clock.pass(seconds);
      expect(await read()).toEqual(["alice", ["apple"], start]);
    }
    expect(asked()).toEqual([]);
    clock.pass(1);
    expect(await read()).toEqual(["alice", ["apple"], start]);
    expect(asked()).toEqual(["load"]);
    clock.pass(59);
    expect(await read()).toEqual(["alice", ["apple"], start]);
    expect(asked()).toEqual([]);
  });

  it("is never made again by a response that asked no store", async () => {
    const { answers, clock } = await loggedIn();
    clock.pass(30);
    const response = await answers((session) => session.data.cart);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("is not made by a request that left its session alone, nor on a response for everybody", async () => {
    const { answers, does, clock } = await loggedIn();
    clock.pass(MAX_AGE);
    expect((await answers(() => "page")).headers.getSetCookie()).toEqual([]);
    const shared = () => new Response("page", { headers: { "Cache-Control": "public, max-age=60" } });
    const response = await answers((session) => (session.data.cart ? shared() : undefined));
    expect(response.headers.getSetCookie()).toEqual([]);
    await does((session) => session.data.cart);
    const written = await answers((session) => {
      session.data.cart = [];
      return shared();
    });
    expect(written.headers.getSetCookie()).toEqual([expect.stringMatching(`^${COPY}=e`)]);
  });

  it("shows this browser its own writes at once, and those of others after at most maxAge", async () => {
    const { does, browser, clock, asked } = await loggedIn();
    const other = browser.copy();
    await does((session) => Object.assign(session.data, { cart: ["apple", "pear"] }));
    expect(await does((session) => session.data.cart)).toEqual(["apple", "pear"]);
    expect(asked()).toEqual(["update"]);
    clock.pass(MAX_AGE - 1);
    expect(await does((session) => session.data.cart, other)).toEqual(["apple"]);
    clock.pass(1);
    expect(await does((session) => session.data.cart, other)).toEqual(["apple", "pear"]);
  });

  it("loses no write made from an old copy, and shows the whole afterwards", async () => {
    const { does, browser } = await loggedIn();
    const other = browser.copy();
    await does((session) => Object.assign(session.data, { one: 1 }));
    await does((session) => Object.assign(session.data, { two: 2 }), other);
    expect(other.cookies.has(COPY)).toBe(false);
    expect(await does((session) => ({ ...session.data }), other)).toEqual({ cart: ["apple"], one: 1, two: 2 });
    expect(other.cookies.has(COPY)).toBe(true);
  });

  it("passes a revoked session for at most maxAge, and not in the browser that logs out", async () => {
    const { does, browser, clock, sessions } = await loggedIn();
    const [other, thief] = [browser.copy(), browser.copy()];
    clock.pass(10);
    await does((session) => session.logout());
    expect([...browser.cookies.keys()]).toEqual([]);
    expect(await does((session) => session.subject)).toBe(undefined);
    clock.pass(MAX_AGE - 11);
    expect(await does((session) => session.subject, other)).toBe("alice");
    expect(await sessions.read({ headers: new Headers({ Cookie: thief.cookieHeader() }) })).toMatchObject({ subject: "alice" });
    clock.pass(1);
    expect(await does((session) => session.subject, other)).toBe(undefined);
    expect(await does((session) => session.subject, thief)).toBe(undefined);
  });

  it("does not outlive its time in a client that ignores Max-Age", async () => {
    const { answers, browser, clock, does } = await loggedIn();
    const Cookie = browser.cookieHeader();
    await does((session) => session.logout());
    clock.pass(MAX_AGE);
    await answers((session) => expect(session.subject).toBe(undefined), { Cookie });
  });

  it("is not asked by what must be sure: ready({ fresh }), load({ fresh }), requireFresh, update, login and regenerateId", async () => {
    const acts: [string, (app: Counted) => Promise<unknown>][] = [
      ["ready", ({ does }) => does(async (session) => [await session.ready({ fresh: true }), session.subject].at(1))],
      ["requireFresh", ({ does }) => does((session) => session.requireFresh(300))],
      ["update", ({ does }) => does(async (session) => [await session.update(() => {}), session.data.late].at(1))],
      ["regenerateId", ({ does }) => does((session) => session.regenerateId())],
    ];
    for (const [what, act] of acts) {
      const app = await loggedIn();
      const twin = app.browser.copy();
      await app.does((session) => session.logout(), twin);
      const found = await act(app);
      expect([what, Boolean(found)]).toEqual([what, false]);
      expect([what, await app.does((session) => session.subject)]).toEqual([what, undefined]);
    }
    const app = await loggedIn();
    const Cookie = app.browser.cookieHeader();
    await app.does((session) => session.logout());
    const request = { headers: new Headers({ Cookie }) };
    expect((await app.sessions.load(request)).subject).toBe("alice");
    expect((await app.sessions.load(request, { fresh: true })).subject).toBe(undefined);
  });

  it("ready({ fresh: true }) keeps what the request changed before, and shows what others did", async () => {
    const { does, browser } = await loggedIn();
    const other = browser.copy();
    await does((session) => Object.assign(session.data, { one: 1 }));
    const data = await does(async (session) => {
      session.data.two = 2;
      await session.ready({ fresh: true });
      return { ...session.data };
    }, other);
    expect(data).toEqual({ cart: ["apple"], one: 1, two: 2 });
    expect(await does((session) => ({ ...session.data }))).toEqual({ cart: ["apple"], one: 1 });
    expect(await does((session) => ({ ...session.data }), other)).toEqual({ cart: ["apple"], one: 1, two: 2 });
  });

  it("counts exactly with update()", async () => {
    const { does, browser } = await loggedIn();
    const other = browser.copy();
    const add = () => does((session) => session.update((data) => Object.assign(data, { count: Number(data.count ?? 0) + 1 })));
    await add();
    await does((session) => session.update((data) => Object.assign(data, { count: Number(data.count ?? 0) + 1 })), other);
    await add();
    expect(await does((session) => session.data.count)).toBe(3);
  });

  it("keeps what a login said when the session gets a new id from a copy", async () => {
    const { does, sessions, asked } = await loggedIn();
    await does((session) => session.regenerateId());
    expect(asked()).toEqual(["replace"]);
    expect(await sessions.list("alice")).toMatchObject([{ meta: { device: "phone" } }]);
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["alice", ["apple"]]);
  });

  it("slides the session although most requests ask no store", async () => {
    const { does, clock, asked } = await loggedIn({ idleTimeout: 3600 });
    for (let minutes = 0; minutes < 180; minutes += 1) {
      clock.pass(60 - (minutes % 2));
      expect(await does((session) => session.subject)).toBe("alice");
    }
    expect(asked().filter((call) => call === "touch").length).toBeGreaterThan(8);
  });

  it("of one session says nothing about another", async () => {
    const { does, browser, newBrowser } = await loggedIn();
    const mallory = newBrowser();
    await does((session) => session.login("mallory"), mallory);
    const own = mallory.cookies.get(COPY);
    const stolen = browser.cookies.get(COPY);
    mallory.cookies.set(COPY, stolen as never);
    expect(await does((session) => session.subject, mallory)).toBe("mallory");
    browser.cookies.set(COPY, own as never);
    expect(await does((session) => session.subject)).toBe("alice");
    browser.cookies.delete("__Host-session");
    expect(await does((session) => session.subject)).toBe(undefined);
  });

  it("that is broken, foreign, or given many times is no copy", async () => {
    const { does, browser, asked } = await loggedIn();
    const good = browser.cookies.get(COPY)?.value ?? "";
    const session = `__Host-session=${browser.cookies.get("__Host-session")?.value}`;
    for (const value of [
      "",
      "x",
      good.slice(0, -1),
      `${good}A`,
      good.replace(".", ""),
      browser.cookies.get("__Host-session")?.value,
    ]) {
      const Cookie = `${session}; ${COPY}=${value}`;
      expect(await does((visitor) => visitor.subject, Object.assign(browser.copy(), { cookieHeader: () => Cookie }))).toBe(
        "alice",
      );
      expect(asked()).toEqual(["load"]);
    }
  });

  it("is left out when it does not fit a cookie, and an older one is cleared", async () => {
    const { does, browser, asked } = await loggedIn();
    await does((session) => Object.assign(session.data, { text: "x".repeat(5000) }));
    expect(browser.cookies.has(COPY)).toBe(false);
    expect(await does((session) => String(session.data.text).length)).toBe(5000);
    expect(asked()).toEqual(["update", "load"]);
  });

  it("goes for visitors too, unless they are kept in their own cookie", async () => {
    const store = new FailingStore();
    const app = makeApp({ store, copy: { maxAge: MAX_AGE } });
    await app.does((session) => Object.assign(session.data, { views: 1 }));
    await app.does((session) => session.data.views);
    expect(store.calls).toEqual(["create"]);
    const apart = makeApp({ store: memory(), anonymous: "cookie", copy: { maxAge: MAX_AGE } });
    await apart.does((session) => Object.assign(session.data, { views: 1 }));
    expect([...apart.browser.cookies.keys()]).toEqual(["__Host-session-visitor"]);
  });

  it("does not help a store that is down to a login, and reads go on while it lasts", async () => {
    const { does, store, clock } = await loggedIn();
    store.fail("load", "update", "replace", "create");
    expect(await does((session) => session.subject)).toBe("alice");
    await expect(does((session) => Object.assign(session.data, { a: 1 }))).rejects.toMatchObject({ code: "ERR_STORE" });
    clock.pass(MAX_AGE);
    await expect(does((session) => session.subject)).rejects.toMatchObject({ code: "ERR_STORE" });
  });

  it("needs a strong store, 1 to 300 seconds, and an idle timeout more than twice as long", () => {
    const store = memory();
    expect(() => makeApp({ copy: { maxAge: 60 } })).toThrow("needs a store");
    expect(() => makeApp({ copy: { maxAge: 60 }, store: plain({ load() {}, save() {}, remove() {} } as never) })).toThrow(
      "atomic",
    );
    for (const maxAge of [0, 301, 1.5, Number.NaN]) expect(() => makeApp({ copy: { maxAge }, store })).toThrow("copy.maxAge");
    expect(() => makeApp({ copy: { maxAge: 60 }, store, idleTimeout: 120 })).toThrow("idleTimeout");
  });
});
