/** Visitors in a cookie, users in a store: the option `anonymous: "cookie"`. */
import { describe, expect, it } from "vitest";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";

describe('anonymous: "cookie"', () => {
  it("keeps a visitor's data in an encrypted cookie, and asks the store nothing", async () => {
    const store = failingStore();
    const app = makeApp({ store, anonymous: "cookie" });
    for (const views of [1, 2, 3]) {
      expect(await app.does((session) => (session.data.views = Number(session.data.views ?? 0) + 1))).toBe(views);
    }
    await app.does((session) => session.regenerateId());
    await app.does((session) => session.update((data) => Object.assign(data, { views: 4 })));
    expect(await app.does((session) => session.data.views)).toBe(4);
    expect(await app.does((session) => session.isNew)).toBe(false);
    await app.does((session) => session.destroy());
    expect(app.browser.cookies.size).toBe(0);
    expect(store.calls).toEqual([]);
  });

  it("moves a visitor's data into the store at the login, and deletes the cookie", async () => {
    const store = memory();
    const app = makeApp({ store, anonymous: "cookie" });
    await app.does((session) => Object.assign(session.data, { cart: ["apple"] }));
    const before = app.browser.copy();
    await app.does((session) => session.login("alice"));
    expect([...app.browser.cookies.keys()]).toEqual([USER_COOKIE]);
    expect(await app.does((session) => [session.subject, session.data.cart])).toEqual(["alice", ["apple"]]);
    expect(await app.sessions.list("alice")).toHaveLength(1);
    expect(app.events).toContainEqual(expect.objectContaining({ type: "regenerated", reason: "login" }));
    // The old cookie is still the cart, and nobody's login.
    expect(await app.does((session) => [session.subject, session.data.cart], before)).toEqual([undefined, ["apple"]]);
  });

  it("keeps only the named keys at the login when keys are named", async () => {
    const app = makeApp({ store: memory(), anonymous: "cookie" });
    await app.does((session) => Object.assign(session.data, { cart: ["apple"], theme: "dark" }));
    await app.does((session) => session.login("alice", { keep: ["theme"] }));
    expect(await app.does((session) => ({ ...session.data }))).toEqual({ theme: "dark" });
  });

  it("starts a visitor's session in the cookie again after the logout", async () => {
    const app = makeApp({ store: memory(), anonymous: "cookie" });
    await app.does((session) => session.login("alice"));
    const stolen = app.browser.copy();
    await app.does((session) => {
      session.logout();
      session.flash("notice", "bye");
    });
    expect([...app.browser.cookies.keys()]).toEqual([VISITOR_COOKIE]);
    expect(await app.does((session) => session.takeFlash("notice"))).toBe("bye");
    expect(await app.does((session) => session.subject, stolen)).toBe(undefined);
  });

  it("updates what login() and save() put into the store within one request", async () => {
    const app = makeApp({ store: memory(), anonymous: "cookie" });
    await app.does((session) => Object.assign(session.data, { count: 1 }));
    await app.does(async (session) => {
      session.login("alice");
      await session.save();
      await session.update((data) => Object.assign(data, { count: Number(data.count) + 1 }));
      session.data.last = true;
    });
    expect(await app.does((session) => ({ ...session.data }))).toEqual({ count: 2, last: true });
  });

  it("says nothing of a visitor's cookie to the store when the store is down", async () => {
    const store = failingStore();
    const app = makeApp({ store, anonymous: "cookie" });
    await app.does((session) => Object.assign(session.data, { cart: 1 }));
    store.fail("create");
    await expect(app.does((session) => session.login("alice"))).rejects.toMatchObject({ code: "ERR_STORE" });
    expect(await app.does((session) => [session.subject, session.data.cart])).toEqual([undefined, 1]);
  });

  it("takes no visitor's token for a user's, nor a user's for a visitor's", async () => {
    const app = makeApp({ store: memory(), anonymous: "cookie" });
    await app.does((session) => Object.assign(session.data, { admin: true }));
    const visitor = app.browser.cookies.get(VISITOR_COOKIE)?.value;
    await app.does((session) => session.login("alice"));
    const user = app.browser.cookies.get(USER_COOKIE)?.value;
    for (const Cookie of [`${USER_COOKIE}=${visitor}`, `${VISITOR_COOKIE}=${user}`]) {
      await app.answers((session) => expect(session.isNew).toBe(true), { Cookie });
    }
    // A session that was kept in its cookie, by another configuration with the same secret, counts for no user here.
    const cookieOnly = makeApp({ now: app.clock.now });
    await cookieOnly.does((session) => session.login("mallory"));
    const whole = cookieOnly.browser.cookies.get(USER_COOKIE)?.value;
    for (const name of [USER_COOKIE, VISITOR_COOKIE]) {
      await app.answers((session) => expect([session.isNew, session.subject]).toEqual([true, undefined]), {
        Cookie: `${name}=${whole}`,
      });
    }
  });

  it("needs a store", () => {
    expect(() => makeApp({ anonymous: "cookie" })).toThrow("needs a store");
    expect(() => makeApp({ store: memory(), anonymous: "no" as never })).toThrow('it must be "store" or "cookie"');
  });
});
