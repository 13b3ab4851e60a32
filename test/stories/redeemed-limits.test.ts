/** What a login makes of an accepted session, and where a token cannot be redeemed once. */
import { describe, expect, it } from "vitest";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { typesOf } from "../support/app.ts";
import { around, withMethods } from "../support/changed-store.ts";
import { HOUR } from "../support/clock.ts";
import { acceptingOld, NOBODY, oldToken, seen, withCookie } from "../support/old-tokens.ts";
import { plainRows } from "../support/plain-rows.ts";

it("the sessions of accepted tokens count for the limit of their user, and the one used longest ago ends", async () => {
  const app = acceptingOld(memory(), { maxSessions: 2 });
  const browsers = [];
  for (const sid of ["first-of-old-software", "second-of-old-software", "third-of-old-software"]) {
    const browser = withCookie(app, await oldToken({ sid, sub: "alice", data: {} }));
    await app.does(seen, browser);
    app.clock.pass(10);
    browsers.push(browser);
  }
  expect(await Promise.all(browsers.map((browser) => app.does((session) => session.subject, browser)))).toEqual([
    undefined,
    "alice",
    "alice",
  ]);
});

it("a token that is redeemed although the store says that it failed becomes the session that its request was told about", async () => {
  const inner = memory();
  const store = withMethods(inner, {
    create: async (key, ...rest) => {
      await inner.create(key, ...rest);
      if (key.id.startsWith("redeemed-")) throw new Error("timeout");
    },
  });
  const app = acceptingOld(store);
  const browser = withCookie(app, await oldToken({ sid: "session-of-old", sub: "alice", data: {} }));
  await app.posts((session) => Object.assign(session.data, { x: 1 }), browser);
  expect(await app.does(seen, browser)).toEqual(["alice", { x: 1 }]);
  expect(typesOf(app.events)).not.toContain("lost");
});

it("a login of an accepted user counts, though the store cannot say how many sessions they have", async () => {
  const inner = memory();
  let lists = 0;
  const store = around(inner, async (name, call) => {
    if (name === "list" && lists++ === 0) throw new Error("down");
    return call();
  });
  const app = acceptingOld(store, { maxSessions: 3 });
  const browser = withCookie(app, await oldToken({ sid: "session-of-old", sub: "alice" }));
  await app.does((session) => session.login("alice"), browser);
  expect(await app.does((session) => session.subject, browser)).toBe("alice");
  expect(typesOf(app.events)).toContain("store-error");
});

describe("a login of a session that came by an accepted token", () => {
  it("leaves the visitor's data behind, in this request and in later ones, unless the application names it", async () => {
    const app = acceptingOld(memory());
    for (const later of [false, true]) {
      for (const keep of [undefined, ["cart"]]) {
        const browser = withCookie(app, await oldToken({ sid: `visitor-of-old-${later}-${keep}`, data: { cart: ["planted"] } }));
        if (later) await app.does(seen, browser);
        await app.does((session) => session.login("alice", keep === undefined ? {} : { keep }), browser);
        expect(await app.does(seen, browser)).toEqual(["alice", keep === undefined ? {} : { cart: ["planted"] }]);
      }
    }
  });

  it("is what loginAge counts from: the token's own login is not one of ours", async () => {
    const app = acceptingOld(memory());
    const browser = withCookie(app, await oldToken({ sid: "session-of-old", sub: "alice", data: { cart: ["apple"] } }));
    expect(await app.does((session) => session.loginAge, browser)).toBe(Number.POSITIVE_INFINITY);
    app.clock.pass(HOUR);
    expect(await app.does((session) => session.loginAge, browser)).toBe(Number.POSITIVE_INFINITY);
    await app.does((session) => session.login("alice"), browser);
    app.clock.pass(30);
    expect(await app.does((session) => [session.loginAge, { ...session.data }], browser)).toEqual([30, { cart: ["apple"] }]);
  });
});

describe("where a token cannot be redeemed once", () => {
  it("a store that is not atomic says so, and an end is final all the same", async () => {
    const app = acceptingOld(plain(plainRows(new Map())));
    expect(app.events).toContainEqual({ type: "insecure", reason: "accept-not-atomic" });
    const token = await oldToken({ sid: "session-of-old", sub: "alice", data: { cart: ["apple"] } });
    const browser = withCookie(app, token);
    expect(await app.does(seen, browser)).toEqual(["alice", { cart: ["apple"] }]);
    await app.does((session) => session.logout(), browser);
    expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
  });

  it("visitors in cookies are copied, users are redeemed", async () => {
    const app = acceptingOld(memory(), { anonymous: "cookie" });
    const visitor = await oldToken({ sid: "visitor-of-old", data: { cart: ["apple"] } });
    const user = await oldToken({ sid: "session-of-old", sub: "alice", data: {} });
    for (const token of [visitor, user]) {
      const browser = withCookie(app, token);
      await app.does(seen, browser);
      await app.does((session) => session.logout(), browser);
    }
    expect(await app.does(seen, withCookie(app, visitor))).toEqual([undefined, { cart: ["apple"] }]);
    expect(await app.does(seen, withCookie(app, user))).toEqual(NOBODY);
  });

  it("a store that fails at the entry leaves the token good", async () => {
    const inner = memory();
    let isDown = false;
    const store = withMethods(inner, {
      create: async (key, record, limit) => {
        if (isDown && key.id.startsWith("redeemed-")) throw new Error("down");
        return inner.create(key, record, limit);
      },
    });
    const app = acceptingOld(store);
    const token = await oldToken({ sid: "session-of-old", sub: "alice", data: { cart: ["apple"] } });
    isDown = true;
    await expect(app.does(seen, withCookie(app, token))).rejects.toMatchObject({ code: "ERR_STORE" });
    expect(await app.sessions.list("alice")).toEqual([]);
    isDown = false;
    expect(await app.does(seen, withCookie(app, token))).toEqual(["alice", { cart: ["apple"] }]);
  });
});
