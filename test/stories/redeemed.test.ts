/** Accepted tokens are redeemed once: what a token brings, to whom, and when it brings nothing any more. */

import { describe, expect, it } from "vitest";
import { defineCodec } from "../../src/accept/define.ts";
import { joseTokens } from "../../src/accept/jose.ts";
import { koaTokens } from "../../src/accept/koa-session-store.ts";
import { ownTokens } from "../../src/accept/own.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { makeApp, type StoredApp } from "../support/app.ts";
import type { Browser } from "../support/browser.ts";
import { DAY, HOUR } from "../support/clock.ts";
import { USER_COOKIE } from "../support/cookie-names.ts";
import { acceptingOld, koaCookie, NOBODY, old, oldToken, START, seen, withCookie } from "../support/old-tokens.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../support/secrets.ts";
import { slow } from "../support/slow-store.ts";

const STORES = [
  ["memory", () => memory()],
  ["SQLite", () => sqlite(":memory:")],
] as const;

describe.each(STORES)("an accepted token, with %s", (_name, makeStore) => {
  it("becomes a session under an id of ours, which whoever brings it shares while that lives", async () => {
    const app = acceptingOld(makeStore());
    const token = await oldToken({ sid: "session-of-old", sub: "alice", data: { cart: ["apple"] } });
    const [one, two] = [withCookie(app, token), withCookie(app, token)];
    const ids = [
      await app.does((session) => session.id, one),
      await app.does((session) => session.id, two),
      await app.does((session) => session.id, one),
    ];
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).not.toBe("session-of-old");
    await app.does((session) => {
      session.data.note = "written";
    }, two);
    expect(await app.does(seen, one)).toEqual(["alice", { cart: ["apple"], note: "written" }]);
    expect(await app.sessions.list("alice")).toHaveLength(1);
  });

  const ENDS: [string, (app: StoredApp, browser: Browser) => unknown][] = [
    ["logout", (app, browser) => app.does((session) => session.logout(), browser)],
    ["login as the same user", (app, browser) => app.does((session) => session.login("alice"), browser)],
    ["login as another user", (app, browser) => app.does((session) => session.login("bob"), browser)],
    ["a new id", (app, browser) => app.does((session) => session.regenerateId(), browser)],
    ["a new id with grace", (app, browser) => app.does((session) => session.regenerateId({ graceSeconds: 10 }), browser)],
    ["revokeAll()", (app) => app.sessions.revokeAll("alice")],
    ["its idle end", (app) => app.clock.pass(DAY + 1)],
  ];
  it.each(ENDS)("brings nobody after %s, at once and for as long as it lives", async (_end, end) => {
    const app = acceptingOld(makeStore());
    const token = await oldToken({ sid: "session-of-old", sub: "alice", data: { cart: ["apple"] } });
    const browser = withCookie(app, token);
    await app.does(seen, browser);
    await end(app, browser);
    expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
    app.clock.pass(61);
    expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
    app.clock.pass(28 * DAY);
    expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
  });

  it.each(ENDS.slice(0, 4))("brings nobody after %s in the very request that brought it", async (_end, end) => {
    const app = acceptingOld(makeStore());
    const token = await oldToken({ sid: "session-of-old", sub: "alice", data: { cart: ["apple"] } });
    await end(app, withCookie(app, token));
    expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
  });

  it("brings nobody after an end in a browser that was not answered by us before", async () => {
    const app = acceptingOld(makeStore());
    const token = await oldToken({ sid: "session-of-old", sub: "alice", data: {} });
    await app.does(seen, withCookie(app, token));
    // The cookie alone, without what we answered.
    await app.does((session) => session.logout(), withCookie(app, token));
    expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
  });

  it("is one session for twenty first requests at once, with nothing counted twice", async () => {
    const app = acceptingOld(slow(makeStore()));
    const token = await oldToken({ sid: "session-of-old", sub: "alice", data: { credits: 1 } });
    const gifts = await Promise.all(
      Array.from({ length: 20 }, () =>
        app.does(
          (session) =>
            session.update((data) => {
              if (Number(data.credits) < 1) return false;
              data.credits = Number(data.credits) - 1;
              return true;
            }),
          withCookie(app, token),
        ),
      ),
    );
    expect(gifts.filter(Boolean)).toHaveLength(1);
    expect(await app.does(seen, withCookie(app, token))).toEqual(["alice", { credits: 0 }]);
    expect(await app.sessions.list("alice")).toHaveLength(1);
  });

  it("keeps what each of several first requests changed", async () => {
    const app = acceptingOld(slow(makeStore()));
    const token = await oldToken({ sid: "session-of-old", sub: "alice", data: {} });
    const keys = ["a", "b", "c", "d"];
    await Promise.all(
      keys.map((key) =>
        app.does(
          (session) => {
            session.data[key] = key;
          },
          withCookie(app, token),
        ),
      ),
    );
    expect(await app.does(seen, withCookie(app, token))).toEqual(["alice", { a: "a", b: "b", c: "c", d: "d" }]);
  });

  it("says nothing of another session, whatever sid it names", async () => {
    const partner = joseTokens({
      cookie: "partner",
      algorithms: ["HS256"],
      key: new TextEncoder().encode(OTHER_SECRET),
      claims: ({ sub, sid }) => (sub?.startsWith("partner:") ? { sid, sub, start: START, exp: START + DAY } : null),
    });
    const app = makeApp({ store: makeStore(), accept: [partner, old()] });
    const admin = app.newBrowser();
    await app.does((session) => {
      session.login("admin");
      session.data.secret = "of the admin";
    }, admin);
    const id = await app.does((session) => session.id, admin);
    const forged = await oldToken({ sid: id, sub: "partner:eve" }, new TextEncoder().encode(OTHER_SECRET));
    const eve = withCookie(app, forged.replace("old=", "partner="));
    expect(await app.does(seen, eve)).toEqual(["partner:eve", {}]);
    expect(await app.does((session) => session.id, eve)).not.toBe(id);
    expect(await app.does(seen, admin)).toEqual(["admin", { secret: "of the admin" }]);
  });

  it("of a visitor, planted, does not show what its victim has after a login in the old software", async () => {
    const app: StoredApp = makeApp({
      store: makeStore(),
      accept: [koaTokens({ keys: [OLD_SECRET], now: () => app.clock.now() })],
    });
    // koa-session-store keeps the id of a session over a login.
    const planted = koaCookie({ _sid: "an-id-of-koa-session-store" });
    const victims = koaCookie({ user: "victim", secret: 42, _sid: "an-id-of-koa-session-store" });
    expect(await app.does(seen, withCookie(app, victims))).toEqual([undefined, { user: "victim", secret: 42 }]);
    expect(await app.does(seen, withCookie(app, planted))).toEqual(NOBODY);
    expect(await app.does(seen, withCookie(app, victims))).toEqual([undefined, { user: "victim", secret: 42 }]);
  });

  it("that says no end stays redeemed: after the session's end it brings nobody", async () => {
    const app: StoredApp = makeApp({
      store: makeStore(),
      accept: [koaTokens({ keys: [OLD_SECRET], now: () => app.clock.now() })],
    });
    const token = koaCookie({ user: "alice", _sid: "an-id-of-koa-session-store" });
    await app.does(seen, withCookie(app, token));
    app.clock.pass(DAY + 1);
    expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
    app.clock.pass(3 * 365 * DAY);
    expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
  });

  it("in another spelling is the same token", async () => {
    const app: StoredApp = makeApp({
      store: makeStore(),
      accept: [koaTokens({ keys: [OLD_SECRET], now: () => app.clock.now() })],
    });
    const token = koaCookie({ user: "alice", _sid: "an-id-of-koa-session-store" });
    await app.does((session) => session.logout(), withCookie(app, token));
    expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
    // 20 bytes are 27 characters of base64, of whose last only four bits count.
    for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
      const respelled = token.slice(0, -1) + last;
      expect(await app.does(seen, withCookie(app, respelled))).toEqual(NOBODY);
    }
  });

  it("that names neither a user nor a session is copied for each who brings it", async () => {
    const app = acceptingOld(makeStore());
    const token = await oldToken({ data: { cart: ["apple"] } });
    const [one, two] = [withCookie(app, token), withCookie(app, token)];
    await app.does((session) => {
      session.data.cart = ["pear"];
    }, one);
    expect(await app.does(seen, two)).toEqual([undefined, { cart: ["apple"] }]);
    expect(await app.does(seen, one)).toEqual([undefined, { cart: ["pear"] }]);
  });

  it("without data names no session, unless it is one of ours", async () => {
    const store = makeStore();
    const before = makeApp({ store, name: "before" });
    await before.does((session) => {
      session.login("alice");
      session.data.cart = ["apple"];
    });
    const id = await before.does((session) => session.id);
    const claims = { sid: id, start: START, iat: START, exp: START + DAY };
    const bare = defineCodec({ open: () => ({ claims }), seal: () => "" });
    const foreign = makeApp({ store, accept: [bare] });
    expect(await foreign.does(seen, withCookie(foreign, `${USER_COOKIE}=anything`))).toEqual(NOBODY);
    expect(foreign.events).toContainEqual({ type: "invalid", reason: "claims" });

    const renamed = makeApp({ store, accept: [ownTokens({ secrets: SECRET, name: "before", kind: "id" })] });
    const browser = withCookie(renamed, before.browser.cookieHeader());
    expect(await renamed.does(seen, browser)).toEqual(["alice", { cart: ["apple"] }]);
    expect(await renamed.does((session) => session.id, browser)).toBe(id);
    await renamed.does((session) => session.logout(), browser);
    expect(await before.does(seen)).toEqual(NOBODY);
  });

  it("of one sid in one browser, but another token: other software keeps an id over a login, so neither is used", async () => {
    const app = acceptingOld(makeStore());
    const planted = await oldToken({ sid: "session-of-old", data: { cart: ["planted"] } });
    const victims = await oldToken({ sid: "session-of-old", sub: "alice", iat: START, data: { cart: ["plum"] } });
    const attacker = withCookie(app, planted);
    await app.does(seen, attacker);
    for (const header of [`${planted}; ${victims}`, `${victims}; ${planted}`]) {
      const session = await app.sessions.load({ headers: new Headers({ Cookie: header }) });
      expect(seen(session)).toEqual(NOBODY);
    }
    expect(app.events).toContainEqual({ type: "ambiguous", reason: "several" });
    // A logout ends what both of them stand for.
    const session = await app.sessions.load({ method: "POST", headers: new Headers({ Cookie: `${planted}; ${victims}` }) });
    session.logout();
    await app.sessions.apply(session, new Response());
    for (const token of [planted, victims]) expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
    expect(await app.does(seen, attacker)).toEqual(NOBODY);
  });

  it("of ours, an older and a newer one of a session in one browser: the newer counts", async () => {
    const before = makeApp({ readable: true, name: "before" });
    await before.does((session) => {
      session.data.cart = ["apple"];
    });
    const older = before.browser.cookieHeader();
    before.clock.pass(HOUR);
    await before.does((session) => {
      session.data.cart = ["plum"];
    });
    const app = makeApp({ store: makeStore(), accept: [ownTokens({ secrets: SECRET, name: "before", kind: "readable" })] });
    app.clock.pass(HOUR);
    const header = `${older}; ${before.browser.cookieHeader()}`;
    const session = await app.sessions.load({ headers: new Headers({ Cookie: header }) });
    expect(seen(session)).toEqual([undefined, { cart: ["plum"] }]);
  });

  it("is redeemed once by whichever of several codecs opens it, and in whatever order they stand", async () => {
    const store = makeStore();
    const moved = joseTokens({ cookie: "new", algorithms: ["HS256"], key: new TextEncoder().encode(OLD_SECRET) });
    const other = joseTokens({ cookie: "old", algorithms: ["HS256"], key: new TextEncoder().encode(OTHER_SECRET) });
    const token = await oldToken({ sid: "session-of-old", sub: "alice" });
    const app = makeApp({ store, accept: [old(), moved] });
    await app.does((session) => session.logout(), withCookie(app, token));
    expect(await app.does(seen, withCookie(app, token.replace("old=", "new=")))).toEqual(NOBODY);
    for (const accept of [[moved, old()], [other, old()], [old()]]) {
      const later = makeApp({ store, accept });
      expect(await later.does(seen, withCookie(later, token))).toEqual(NOBODY);
    }
  });

  it("of one signer is not the token of another, though both say the same", async () => {
    const partner = joseTokens({ cookie: "partner", algorithms: ["HS256"], key: new TextEncoder().encode(OTHER_SECRET) });
    const app = makeApp({ store: makeStore(), accept: [old(), partner] });
    const said = { sid: "session-of-old", data: {} };
    const victim = withCookie(app, await oldToken(said));
    await app.does((session) => {
      session.data.secret = "of the victim";
    }, victim);
    const forged = await oldToken(said, new TextEncoder().encode(OTHER_SECRET));
    expect(await app.does(seen, withCookie(app, forged.replace("old=", "partner=")))).toEqual(NOBODY);
  });

  it("does not log the browser in again after a logout, used or not", async () => {
    const app = acceptingOld(makeStore());
    const [eve, alice] = [
      await oldToken({ sid: "session-of-eve", sub: "eve" }),
      await oldToken({ sid: "session-of-alice", sub: "alice" }),
    ];
    const both = [eve, alice].join("; ");
    const session = await app.sessions.load({ method: "POST", headers: new Headers({ Cookie: both }) });
    session.logout();
    await app.sessions.apply(session, new Response());
    for (const token of [eve, alice]) expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
    // Beside a session of ours, too.
    const tossed = await oldToken({ sid: "another-of-eve", sub: "eve" });
    const browser = withCookie(app, tossed);
    browser.cookies.clear();
    await app.does((own) => own.login("bob"), browser);
    const header = `${browser.cookieHeader()}; ${tossed}`;
    const bobs = await app.sessions.load({ method: "POST", headers: new Headers({ Cookie: header }) });
    expect(bobs.subject).toBe("bob");
    bobs.logout();
    await app.sessions.apply(bobs, new Response());
    expect(await app.does(seen, withCookie(app, tossed))).toEqual(NOBODY);
  });

  it("of two different sessions in one browser, none is used", async () => {
    const app = acceptingOld(makeStore());
    const header = [
      await oldToken({ sid: "session-of-eve", sub: "eve" }),
      await oldToken({ sid: "session-of-alice", sub: "alice" }),
    ].join("; ");
    const session = await app.sessions.load({ headers: new Headers({ Cookie: header }) });
    expect(seen(session)).toEqual(NOBODY);
    expect(app.events).toContainEqual({ type: "ambiguous", reason: "several" });
  });

  it("that has ended does not hide a good one behind it", async () => {
    const app = acceptingOld(makeStore());
    const ended = await oldToken({ sid: "session-of-eve", sub: "eve" });
    await app.does((session) => session.logout(), withCookie(app, ended));
    const header = [ended, await oldToken({ sid: "session-of-alice", sub: "alice" })].join("; ");
    const session = await app.sessions.load({ headers: new Headers({ Cookie: header }) });
    expect(seen(session)).toEqual(["alice", {}]);
  });
});
