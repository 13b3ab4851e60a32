/** login(subject, { keep }): what is named comes along as it is when the session moves, and nothing else does. */

import { describe, expect, it } from "vitest";
import { copy } from "../../src/features/copy.ts";
import type { SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { type App, makeApp } from "../support/app.ts";
import { withMethods } from "../support/changed-store.ts";
import { onItsWay, stop } from "../support/on-its-way.ts";

const before = { cart: ["apple"], theme: "dark", role: "none" };
const shown = (app: App) => app.does((session) => [session.subject, { ...session.data }]);

async function begun(more: Partial<SessionOptions> = {}): Promise<App> {
  const app = makeApp({ store: memory(), ...more });
  await app.does((session) => Object.assign(session.data, before));
  return app;
}

describe("a login that names what it keeps, while other requests", () => {
  it("change that, keeps what they were told is written", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => session.login("alice", { keep: ["cart", "coupon"] }));
    await app.posts((session) => Object.assign(session.data, { cart: ["apple", "pear"], coupon: "ten" }));
    app.browser.receive(await slow.finish());
    expect(await shown(app)).toEqual(["alice", { cart: ["apple", "pear"], coupon: "ten" }]);
  });

  it("remove that, does not bring it back", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => session.login("alice", { keep: ["cart", "theme"] }));
    await app.posts((session) => delete session.data.cart);
    app.browser.receive(await slow.finish());
    expect(await shown(app)).toEqual(["alice", { theme: "dark" }]);
  });

  it("put something else there, leaves it behind, and what it writes itself counts", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => {
      session.login("alice", { keep: ["cart", "theme"] });
      Object.assign(session.data, { theme: "light", role: "user", seen: 1 });
    });
    await app.posts((session) => Object.assign(session.data, { theme: "blue", role: "admin", planted: true, seen: 7 }));
    app.browser.receive(await slow.finish());
    expect(await shown(app)).toEqual(["alice", { cart: ["apple"], theme: "light", role: "user", seen: 1 }]);
  });

  it("give the session a new id with grace, and write there, keeps that", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => session.login("alice", { keep: ["cart"] }));
    await app.posts((session) => {
      session.regenerateId({ graceSeconds: 10 });
      session.data.cart = ["pear"];
      session.data.planted = true;
    });
    app.browser.receive(await slow.finish());
    expect(await shown(app)).toEqual(["alice", { cart: ["pear"] }]);
  });

  it("has its own save(), and another login after it, keep what both named", async () => {
    const app = await begun();
    const slow = await onItsWay(app, async (session) => {
      session.login("alice", { keep: ["cart", "theme"] });
      session.login("alice", { keep: ["cart", "role"] });
      await session.save();
      session.data.cart = [...(session.data.cart as string[]), "plum"];
    });
    await app.posts((session) => Object.assign(session.data, { cart: ["pear"], theme: "blue" }));
    app.browser.receive(await slow.finish());
    expect(await shown(app)).toEqual(["alice", { cart: ["pear", "plum"] }]);
  });

  it("change what it sets itself to what it was, counts as the one that set it", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => {
      session.login("alice", { keep: ["cart"] });
      session.data.role = "none";
    });
    await app.posts((session) => Object.assign(session.data, { role: "admin" }));
    app.browser.receive(await slow.finish());
    expect(await shown(app)).toEqual(["alice", { cart: ["apple"], role: "none" }]);
  });

  it("log in as somebody else, has what it sets itself, also where that is what was there", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => {
      session.login("bob", { keep: [] });
      session.data.theme = "dark";
    });
    await app.posts((session) => session.login("alice"));
    app.browser.receive(await slow.finish());
    expect(await shown(app)).toEqual(["bob", { theme: "dark" }]);
  });

  it("log in as the same user and give it a new id, removes what it sets and removes itself after its own login", async () => {
    const app = await begun();
    const between = stop();
    const slow = await onItsWay(app, async (session) => {
      session.login("alice", { keep: ["cart"] });
      session.data.theme = "light";
      await session.save();
      await between.pause();
      delete session.data.theme;
      session.regenerateId();
    });
    const answer = slow.finish();
    await between.isReached;
    await app.posts((session) => session.login("alice"));
    await app.posts((session) => session.regenerateId());
    between.goOn();
    const late = app.newBrowser();
    late.receive(await answer);
    expect(await app.does((session) => [session.subject, { ...session.data }], late)).toEqual(["alice", { cart: ["apple"] }]);
  });

  it("write without a pause, is not kept from logging in", async () => {
    const inner = memory();
    let writes = 0;
    const store = withMethods(inner, {
      replace: async (from, ...rest) => {
        const expiresAt = rest[2].expiresAt;
        if (writes++ < 12) await inner.update(from, { set: [["x", `${writes}`]], unset: [] }, { now: rest[2].seenAt, expiresAt });
        return inner.replace(from, ...rest);
      },
    });
    const app = await begun({ store });
    await app.posts((session) => session.login("alice", { keep: ["cart"] }));
    expect(await shown(app)).toEqual(["alice", { cart: ["apple"] }]);
  });

  it("knows it from a copy only, keeps what is in the store", async () => {
    const app = await begun({ copy: copy({ maxAge: 60 }) });
    const other = app.browser.copy();
    await app.posts((session) => Object.assign(session.data, { cart: ["pear"] }));
    await app.posts((session) => session.login("alice", { keep: ["cart"] }), other);
    expect(await app.does((session) => [session.subject, { ...session.data }], other)).toEqual(["alice", { cart: ["pear"] }]);
  });
});
