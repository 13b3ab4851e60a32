/** `session.patch()`: keys are written without reading the session first. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { copy } from "../../src/features/copy.ts";
import { schema } from "../../src/features/schema.ts";
import type { Session, SessionOptions } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { failingStore } from "../support/failing-store.ts";
import { plainRows } from "../support/plain-rows.ts";
import { SECRET } from "../support/secrets.ts";

const fits = z.object({ theme: z.string().optional(), cart: z.array(z.string()).optional() });
const PLACES: [string, () => Partial<SessionOptions>][] = [
  ["in its cookie", () => ({})],
  ["in its cookie, lazily", () => ({ lazy: true })],
  ["in a store", () => ({ store: memory() })],
  ["in a store, lazily", () => ({ store: memory(), lazy: true })],
  ["in a store, with a copy", () => ({ store: memory(), copy: copy({ maxAge: 60 }) })],
  ["in a store, with a copy, lazily", () => ({ store: memory(), copy: copy({ maxAge: 60 }), lazy: true })],
  ["in a store, with a schema", () => ({ store: memory(), schema: schema(fits) })],
  ["in a store of three methods", () => ({ store: plain(plainRows(new Map())) })],
  ["with visitors in a cookie", () => ({ store: memory(), anonymous: "cookie" })],
];

const seen = async (session: Session) => {
  await session.ready();
  return { ...session.data };
};

describe.each(PLACES)("patch() of a session %s", (_place, options) => {
  it("sets and removes keys, and leaves the others", async () => {
    const app = makeApp(options());
    await app.does(async (session) => {
      await session.ready();
      session.login("alice");
      session.data.cart = ["apple"];
    });
    await app.does((session) => session.patch({ theme: "dark" }));
    expect(await app.does(seen)).toEqual({ cart: ["apple"], theme: "dark" });
    await app.does((session) => session.patch({ theme: undefined, cart: ["pear"] }));
    expect(await app.does(seen)).toEqual({ cart: ["pear"] });
  });

  it("begins one where there is none", async () => {
    const app = makeApp(options());
    await app.does((session) => session.patch({ theme: "dark" }));
    expect(await app.does(seen)).toEqual({ theme: "dark" });
  });

  it("is seen by the rest of the request, and stays beside what is changed before and after", async () => {
    const app = makeApp(options());
    await app.does((session) => session.patch({ cart: [] }));
    await app.does(async (session) => {
      await session.ready();
      session.data.theme = "light";
      await session.patch({ theme: "dark" });
      expect(session.data.theme).toBe("dark");
      session.data.cart = ["apple"];
    });
    expect(await app.does(seen)).toEqual({ theme: "dark", cart: ["apple"] });
  });

  it("refuses what JSON cannot carry, and names of the library's own, and keeps nothing of it", async () => {
    const app = makeApp(options());
    await app.does((session) => session.patch({ theme: "dark" }));
    for (const [changes, code] of [
      [{ theme: new Date() }, "ERR_DATA_NOT_JSON"],
      [{ "~flash:x": 1 }, "ERR_DATA_NOT_JSON"],
      [{ "~flash:x": undefined }, "ERR_DATA_NOT_JSON"],
      [{ "~accepted": undefined }, "ERR_DATA_NOT_JSON"],
      [{ theme: "x".repeat(70_000) }, "ERR_DATA_TOO_LARGE"],
    ] as const) {
      const failed = await app.does((session) => session.patch(changes).catch((error) => error.code));
      expect(failed).toBe(code);
    }
    expect(await app.does(seen)).toEqual({ theme: "dark" });
  });

  it("is written after the answer where there is a store, and refused where there is none", async () => {
    const app = makeApp(options());
    await app.does((session) => session.patch({ theme: "dark" }));
    let late: Session | undefined;
    await app.does((session) => {
      late = session;
    });
    const told = await late?.patch({ theme: "light" }).catch((error) => error.code);
    const { store, anonymous } = options();
    const isInStore = store !== undefined && anonymous !== "cookie";
    expect(told).toBe(isInStore ? undefined : "ERR_SESSION_COMMITTED");
    app.clock.pass(61);
    expect(await app.does(seen)).toEqual({ theme: isInStore ? "light" : "dark" });
  });
});

describe("patch() in a store", () => {
  it.each([
    ["a text", "theme"],
    ["a list", ["a"]],
    ["a function", () => {}],
    ["null", null],
    ["a Map", new Map([["theme", "dark"]])],
    ["a Date", new Date()],
    [
      "an object of a class",
      new (class {
        theme = "dark";
      })(),
    ],
    ["a symbol as a key", { [Symbol("theme")]: "dark" }],
  ])("refuses %s", async (_what, changes) => {
    const app = makeApp({ store: memory() });
    expect(await app.does((session) => session.patch(changes as never).catch((error) => error.code))).toBe("ERR_OPTION");
    expect(await app.does(seen)).toEqual({});
  });

  async function lazyApp(more: Partial<SessionOptions> = {}) {
    const store = failingStore();
    const app = makeApp({ store, lazy: true, ...more });
    await app.does(async (session) => {
      await session.ready();
      session.login("alice");
      session.data.cart = ["apple"];
    });
    store.calls.length = 0;
    return { ...app, store };
  }

  it("is one round trip where the session is not loaded, and the answer is private", async () => {
    const app = await lazyApp();
    const answer = await app.answers((session) => session.patch({ theme: "dark" }));
    expect(app.store.calls).toEqual(["update"]);
    expect(answer.headers.get("Cache-Control")).toBe("private, no-store");
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(app.events.at(-1)?.type).toBe("saved");
  });

  it("lets a visitor's browser keep its answer, unless one cookie is for visitors and users", async () => {
    for (const single of [false, true]) {
      const app = makeApp({ store: memory(), lazy: true, cookie: { single } });
      await app.does((session) => session.patch({ theme: "dark" }));
      const answer = await app.answers((session) => session.patch({ theme: "light" }));
      expect(answer.headers.get("Cache-Control")).toBe(single ? "private, no-store" : "private");
    }
  });

  it("makes a token of an older secret again, as a read does", async () => {
    const [older, newer] = [SECRET, `newer-${SECRET}`];
    const store = memory();
    const before = makeApp({ store, secrets: [older] });
    await before.does((session) => session.login("alice"));
    const after = makeApp({ store, secrets: [newer, older], lazy: true });
    after.browser.hold(before.browser.cookieHeader());
    await after.does((session) => session.patch({ theme: "dark" }));
    expect(after.events.map(({ type }) => type)).toContain("key-used");
    after.events.length = 0;
    expect(await after.does(seen)).toEqual({ theme: "dark" });
    expect(after.events.map(({ type }) => type)).toEqual(["loaded"]);
  });

  it("begins another session where what is there cannot be read, loaded or not", async () => {
    for (const lazy of [false, true]) {
      const store = memory();
      const app = makeApp({ store, lazy });
      await app.does(async (session) => {
        await session.ready();
        session.login("alice");
      });
      const [{ id = "" } = {}] = await app.sessions.list("alice");
      const record = await store.take({ id });
      if (record !== null) await store.create({ id }, { ...record, data: "no JSON" });
      await app.does((session) => session.patch({ theme: "dark" }));
      expect(await app.does(async (session) => [await seen(session), session.subject])).toEqual([{ theme: "dark" }, undefined]);
    }
  });

  it("counts as use: the session lives on", async () => {
    const app = await lazyApp({ idleTimeout: 1000 });
    for (let count = 0; count < 5; count++) {
      app.clock.pass(900);
      await app.does((session) => session.patch({ count }));
    }
    expect(await app.does(seen)).toEqual({ cart: ["apple"], count: 4 });
    app.clock.pass(1001);
    await app.does((session) => session.patch({ count: 9 }));
    expect(await app.does(seen)).toEqual({ count: 9 });
    expect(await app.does((session) => session.ready()?.then(() => session.subject))).toBeUndefined();
  });

  it("weighs what is in the store already, loaded or not", async () => {
    const app = await lazyApp();
    await app.does((session) => session.patch({ a: "x".repeat(40_000) }));
    for (const isLoaded of [false, true]) {
      const told = await app.does(async (session) => {
        if (isLoaded) await session.ready();
        return session.patch({ b: "x".repeat(30_000) }).catch((error) => error.code);
      });
      expect(told).toBe("ERR_DATA_TOO_LARGE");
    }
    await app.does((session) => session.patch({ b: "x".repeat(30_000), a: undefined }));
    expect(Object.keys(await app.does(seen))).toEqual(["cart", "b"]);
  });

  it("finds no session that is over by an idle timeout that was lowered since, also one of a login", async () => {
    for (const own of [undefined, 500]) {
      const store = memory();
      const before = makeApp({ store, idleTimeout: 1000 });
      await before.does((session) => session.login("alice", own === undefined ? {} : { idleTimeout: own }));
      const after = makeApp({ store, idleTimeout: 100, lazy: true });
      after.clock.pass(200);
      const brings = { Cookie: before.browser.cookieHeader() };
      await after.answers((session) => session.patch({ theme: "dark" }), brings);
      const answer = await after.answers(async (session) => {
        await session.ready();
        return Response.json([session.subject, session.data]);
      }, brings);
      expect(await answer.json()).toEqual(own === undefined ? [null, {}] : ["alice", { theme: "dark" }]);
    }
  });

  it("keeps what many write at the same time", async () => {
    const app = await lazyApp();
    await Promise.all(Array.from({ length: 30 }, (_, at) => app.does((session) => session.patch({ [`key${at}`]: at }))));
    expect(Object.keys(await app.does(seen))).toHaveLength(31);
  });

  it("loads where two sessions came, and uses neither", async () => {
    const app = await lazyApp();
    const other = app.newBrowser();
    await app.does(async (session) => {
      await session.ready();
      session.login("bob");
    }, other);
    const both = { Cookie: `${app.browser.cookieHeader()}; ${other.cookieHeader()}` };
    app.store.calls.length = 0;
    await app.answers((session) => session.patch({ theme: "dark" }), both);
    expect(app.store.calls.filter((call) => call === "update")).toEqual([]);
    expect(await app.does(seen)).toEqual({ cart: ["apple"] });
    expect(await app.does(seen, other)).toEqual({});
  });

  it("is refused for a session that ended meanwhile, and begins another for one that ended before", async () => {
    const store = memory();
    const app = makeApp({ store });
    await app.does((session) => session.login("alice"));
    const [cookie] = [app.browser.copy()];
    const told = await app.does(async (session) => {
      await app.does((same) => same.destroy(), cookie);
      return session.patch({ theme: "dark" }).catch((error) => [error.code, error.why]);
    });
    expect(told).toEqual(["ERR_SESSION_GONE", "ended"]);
    expect(await app.does(seen)).toEqual({});
  });

  it("follows a new id while its grace lasts, loaded or not", async () => {
    for (const lazy of [false, true]) {
      const app = makeApp({ store: memory(), lazy });
      await app.does(async (session) => {
        await session.ready();
        session.login("alice");
      });
      const old = app.browser.copy();
      await app.does(async (session) => {
        await session.ready();
        session.regenerateId({ graceSeconds: 10 });
      });
      await app.does((session) => session.patch({ theme: "dark" }), old);
      expect(await app.does(seen)).toEqual({ theme: "dark" });
    }
  });

  it("is told about a new id without a grace", async () => {
    const app = makeApp({ store: memory() });
    await app.does((session) => session.login("alice"));
    const old = app.browser.copy();
    const told = await app.does(async (session) => {
      await app.does((same) => same.regenerateId(), old);
      return session.patch({ theme: "dark" }).catch((error) => [error.code, error.why]);
    });
    expect(told).toEqual(["ERR_SESSION_GONE", "moved"]);
  });

  it("goes with a login of the same request", async () => {
    const app = makeApp({ store: memory() });
    await app.does(async (session) => {
      session.login("alice");
      await session.patch({ theme: "dark" });
      expect(session.subject).toBe("alice");
    });
    expect(await app.does(async (session) => [session.subject, { ...session.data }])).toEqual(["alice", { theme: "dark" }]);
  });

  it("is checked by a schema", async () => {
    const app = makeApp({ store: memory(), schema: schema(fits) });
    await app.does((session) => session.patch({ theme: "dark" }));
    const failed = await app.does((session) => session.patch({ theme: 1 }).catch((error) => error.code));
    expect(failed).toBe("ERR_DATA_SCHEMA");
    expect(await app.does(seen)).toEqual({ theme: "dark" });
  });

  it("fails with the store, and the answer says so where nobody awaited it", async () => {
    const app = await lazyApp();
    app.store.fail("update");
    expect(await app.does((session) => session.patch({ theme: "dark" }).catch((error) => error.code))).toBe("ERR_STORE");
    await expect(app.answers((session) => void session.patch({ theme: "dark" }))).rejects.toMatchObject({ code: "ERR_STORE" });
    app.store.recover();
    expect(await app.does(seen)).toEqual({ cart: ["apple"] });
  });
});
