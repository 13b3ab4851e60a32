/** The option `schema`, and what it migrates, with schemas of zod and valibot. */

import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { copy } from "../../src/features/copy.ts";
import { type DataSchema, type SchemaOptions, schema } from "../../src/features/schema.ts";
import { createSessions, type Session } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { acceptingOld, oldToken } from "../support/old-tokens.ts";
import { onItsWay } from "../support/on-its-way.ts";
import { SECRET } from "../support/secrets.ts";
import { slow } from "../support/slow-store.ts";

const later: DataSchema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) =>
      typeof (value as { views?: unknown }).views === "number"
        ? { value: value as object }
        : { issues: [{ message: "canary", path: [{ key: "views" }] }] },
  },
};

describe.each<[string, DataSchema]>([
  ["zod", z.object({ views: z.number(), name: z.string().optional() })],
  ["valibot", v.object({ views: v.number(), name: v.optional(v.string()) })],
  ["its own, that answers with a promise", later],
])("schema: of %s", (_library, standard) => {
  describe.each([
    ["in the cookie", () => ({})],
    ["in a store", () => ({ store: memory() })],
  ])("%s", (_where, keptIn) => {
    /** A visitor with data from before the schema. */
    async function visitorWith(data: object, migrate?: SchemaOptions["migrate"]) {
      const kept = keptIn();
      const old = makeApp(kept);
      await old.does((session) => {
        session.login("alice");
        Object.assign(session.data, data);
        session.flash("notice", "hello");
      });
      const app = makeApp({ ...kept, schema: schema(standard, { migrate }) });
      for (const [name, held] of old.browser.cookies) app.browser.cookies.set(name, held);
      return app;
    }

    it("takes data that fits, flash values apart, and an empty session", async () => {
      const app = await visitorWith({ views: 1 });
      expect(await app.does((session) => [session.subject, session.data.views, session.takeFlash("notice")])).toEqual([
        "alice",
        1,
        "hello",
      ]);
      const fresh = makeApp({ ...keptIn(), schema: schema(standard) });
      await fresh.does((session) => session.login("bob"));
      expect(await fresh.does((session) => session.subject)).toBe("bob");
    });

    it("gives no session for data that does not fit, and says so", async () => {
      const app = await visitorWith({ views: "many" });
      expect(await app.does((session) => [session.isNew, session.subject, { ...session.data }])).toEqual([true, undefined, {}]);
      expect(app.events).toContainEqual({ type: "invalid", reason: "schema" });
      await app.does((session) => {
        session.login("alice");
        session.data.views = 1;
      });
      expect(await app.does((session) => [session.subject, session.data.views])).toEqual(["alice", 1]);
    });

    it("takes what migrate makes of it, and keeps it with the next change", async () => {
      const migrate = ({ visits }: Record<string, unknown>) => ({ views: Number(visits) });
      const app = await visitorWith({ visits: "5" }, migrate);
      expect(await app.does((session) => [session.subject, { ...session.data }])).toEqual(["alice", { views: 5 }]);
      await app.does((session) => Object.assign(session.data, { views: 6 }));
      expect(await app.does((session) => ({ ...session.data }))).toEqual({ views: 6 });
      expect(await app.does((session) => session.takeFlash("notice"))).toBe("hello");
    });

    it("does not count what migrate makes as a change of a request that only reads", async () => {
      const migrate = ({ visits }: Record<string, unknown>) => ({ views: Number(visits) });
      const app = await visitorWith({ visits: "5" }, migrate);
      const [twin, cookies] = [app.browser.copy(), app.browser.cookieHeader()];
      app.events.length = 0;
      for (const method of ["GET", "POST"]) {
        const answer = await app.answers((session) => void session.data.views, {}, method);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
      expect(await app.does((session) => session.update((data) => data.views))).toBe(5);
      expect(app.browser.cookieHeader()).toBe(cookies);
      expect(app.events.filter(({ type }) => type === "saved")).toEqual([]);
      // Use that is due is recorded, and nothing else.
      app.clock.pass(12 * 60 * 60);
      await app.does(async (session) => {
        await session.save();
        expect({ ...session.data }).toEqual({ views: 5 });
      }, twin);
      expect(app.events.filter(({ type }) => type === "saved")).toEqual([]);
    });

    it("leaves what migrate made where a request fails", async () => {
      const migrate = ({ visits }: Record<string, unknown>) => ({ views: Number(visits) });
      const app = await visitorWith({ visits: "5" }, migrate);
      app.events.length = 0;
      const failing = app.does((session) => {
        session.data.views = 7;
        throw new Error("failed");
      });
      await expect(failing).rejects.toThrow("failed");
      expect(app.events.filter(({ type }) => type === "saved")).toEqual([]);
      expect(await app.does((session) => ({ ...session.data }))).toEqual({ views: 5 });
    });

    it.each<[string, () => unknown]>([
      ["undefined", () => undefined],
      ["null", () => null],
      ["a list", () => [1]],
      ["a Map", () => new Map([["views", 1]])],
      ["a text", () => "{}"],
      ["a promise", async () => ({ views: 1 })],
      ["a promise that fails", () => Promise.reject(new Error("canary"))],
      ["what JSON cannot carry", () => ({ views: 1n })],
      ["names of the library's own", () => ({ views: 1, "~flash:notice": "planted" })],
    ])("gives no session when migrate makes %s", async (_what, migrate) => {
      const app = await visitorWith({ visits: "5" }, migrate as never);
      expect(await app.does((session) => [session.isNew, session.subject, { ...session.data }])).toEqual([true, undefined, {}]);
      expect(app.events).toContainEqual({ type: "invalid", reason: "schema" });
    });

    it("lets an error of migrate through as it is", async () => {
      const error = new Error("mine");
      const app = await visitorWith({ visits: "5" }, () => {
        throw error;
      });
      await expect(app.does((session) => session.isNew)).rejects.toBe(error);
    });

    it("gives no session when what migrate makes does not fit either", async () => {
      const app = await visitorWith({ views: "many" }, () => ({ views: "few" }));
      expect(await app.does((session) => session.isNew)).toBe(true);
    });

    it("refuses to save what does not fit, by its path and without its value, and ends what was to end", async () => {
      const app = await visitorWith({ views: 1 });
      const twin = app.browser.copy();
      for (const act of ["assign", "update"] as const) {
        const wrong = app.does((session) =>
          act === "update"
            ? session.update((data) => Object.assign(data, { views: "canary" }))
            : void Object.assign(session.data, { views: "canary" }),
        );
        await expect(wrong).rejects.toMatchObject({
          code: "ERR_DATA_SCHEMA",
          message: expect.stringMatching(/^(?!.*canary).*\["views"\]/),
        });
        expect(await app.does((session) => session.data.views)).toBe(1);
      }
      const ending = app.does((session) => {
        session.destroy();
        session.data.views = "canary";
      });
      await expect(ending).rejects.toMatchObject({ code: "ERR_DATA_SCHEMA" });
      if (Object.hasOwn(keptIn(), "store")) expect(await app.does((session) => session.isNew, twin)).toBe(true);
    });
  });
});

describe("a schema, while other requests write", () => {
  const list = z.object({ cart: z.array(z.string()), note: z.string().optional() });

  it("lets no login be saved with what it sets itself alone, if that does not fit", async () => {
    const app = makeApp({ store: memory(), schema: schema(list) });
    await app.does((session) => Object.assign(session.data, { cart: ["a"] }));
    const slow = await onItsWay(app, (session) => {
      session.login("bob");
      session.data.note = "hi";
    });
    await app.posts((session) => session.login("alice"));
    await expect(slow.finish()).rejects.toMatchObject({ code: "ERR_DATA_SCHEMA" });
    expect(await app.does((session) => session.subject)).toBe("alice");
  });

  it("lets no request that joins a login add what does not fit there", async () => {
    const app = makeApp({ store: memory(), schema: schema(list) });
    await app.does((session) => Object.assign(session.data, { cart: ["a"] }));
    const slow = await onItsWay(app, (session) => {
      session.login("alice");
      session.data.note = "hi";
    });
    await app.posts((session) => session.login("alice", { keep: [] }));
    await expect(slow.finish()).rejects.toMatchObject({ code: "ERR_DATA_SCHEMA" });
    expect(await app.does((session) => session.subject)).toBe("alice");
  });

  it("lets no two changes be saved that fit alone, and not together", async () => {
    const app = makeApp({ store: memory(), schema: schema(list) });
    await app.does((session) => {
      session.login("alice");
      session.data.cart = ["a"];
    });
    const slow = await onItsWay(app, (session) => Object.assign(session.data, { note: "hi" }));
    await app.posts((session) => delete session.data.cart);
    await expect(slow.finish()).rejects.toMatchObject({ code: "ERR_DATA_SCHEMA" });
    expect(await app.does((session) => [session.subject, { ...session.data }])).toEqual(["alice", {}]);
  });

  it("keeps the changes of many requests at once", async () => {
    const app = makeApp({ store: slow(memory()), schema: schema(z.record(z.string(), z.number())) });
    await app.does((session) => session.login("alice"));
    const keys = Array.from({ length: 12 }, (_, index) => `key${index}`);
    await Promise.all(keys.map((key) => app.posts((session) => Object.assign(session.data, { [key]: 1 }))));
    expect(await app.does((session) => Object.keys(session.data).sort())).toEqual(keys.sort());
  });
});

describe("migrate, while another request writes", () => {
  const standard = z.object({ cart: z.array(z.object({ id: z.string() })).optional(), seen: z.number().optional() });
  const migrate = ({ cart, ...rest }: Record<string, unknown>) => ({
    ...rest,
    cart: ((cart ?? []) as unknown[]).map((one) => (typeof one === "string" ? { id: one } : one)),
  });
  const migrating = { schema: schema(standard, { migrate }) };

  /** A visitor with a cart from before the schema. */
  async function moved() {
    const store = memory();
    const before = makeApp({ store });
    await before.does((session) => Object.assign(session.data, { cart: ["apple"] }));
    const app = makeApp({ store, ...migrating });
    for (const [name, held] of before.browser.cookies) app.browser.cookies.set(name, held);
    return { ...app, store };
  }

  it.each<[string, (session: Session) => unknown, Record<string, unknown>]>([
    ["nothing", () => {}, {}],
    ["something else", (session) => Object.assign(session.data, { seen: 1 }), { seen: 1 }],
    ["a login that keeps it", (session) => session.login("alice", { keep: ["cart"] }), {}],
  ])("loses nothing of it, when a request that does %s comes after", async (_what, act, more) => {
    const app = await moved();
    const slow = await onItsWay(app, act);
    await app.posts((session) => session.update((data) => void (data.cart as unknown[]).push({ id: "pear" })));
    app.browser.receive(await slow.finish());
    expect(await app.does((session) => ({ ...session.data }))).toEqual({ cart: [{ id: "apple" }, { id: "pear" }], ...more });
  });

  it("migrates what an earlier build of the application writes meanwhile, too", async () => {
    const app = await moved();
    const earlier = makeApp({ store: app.store });
    for (const [name, held] of app.browser.cookies) earlier.browser.cookies.set(name, held);
    const slow = await onItsWay(app, (session) => Object.assign(session.data, { seen: 1 }));
    await earlier.posts((session) => Object.assign(session.data, { cart: ["pear"] }));
    expect((await slow.finish()).status).toBe(200);
    expect(await app.does((session) => ({ ...session.data }))).toEqual({ cart: [{ id: "pear" }], seen: 1 });
  });

  it("makes no planted data the request's own at a login", async () => {
    const store = memory();
    const common = { store, cookie: { domain: "example.com" } };
    const before = makeApp(common);
    await before.does((session) => Object.assign(session.data, { basket: ["planted"] }));
    const renames = ({ basket, ...rest }: Record<string, unknown>) => (basket === undefined ? rest : { ...rest, cart: [] });
    const strict = z.strictObject({ cart: z.array(z.unknown()).optional() });
    const app = makeApp({ ...common, schema: schema(strict, { migrate: renames }) });
    app.browser.hold(before.browser.cookieHeader());
    await app.does((session) => session.login("alice"));
    expect(await app.does((session) => [session.subject, { ...session.data }])).toEqual(["alice", {}]);
  });

  it("shows what it makes also after ready({ fresh: true }), and to a late update()", async () => {
    const store = memory();
    const before = makeApp({ store, copy: copy({ maxAge: 60 }) });
    await before.does((session) => {
      session.login("alice");
      session.data.cart = ["apple"];
    });
    const app = makeApp({ store, copy: copy({ maxAge: 60 }), ...migrating });
    app.browser.hold(before.browser.cookieHeader());
    await app.does(async (session) => {
      expect({ ...session.data }).toEqual({ cart: [{ id: "apple" }] });
      await session.ready({ fresh: true });
      expect({ ...session.data }).toEqual({ cart: [{ id: "apple" }] });
    });
    const late = makeApp({ store, ...migrating });
    await before.does((session) => Object.assign(session.data, { cart: ["pear"] }));
    late.browser.hold(before.browser.cookieHeader());
    const held: Session[] = [];
    await late.does((session) => held.push(session));
    const was = await held[0]?.update((data) => ({ ...data }));
    expect(was).toEqual({ cart: [{ id: "pear" }] });
  });

  it("asks for no cookie where there can be none, of a request that only reads an accepted session", async () => {
    const app = acceptingOld(memory(), migrating);
    const Cookie = await oldToken({ sid: "session-of-old", sub: "alice", data: { cart: ["apple"] } });
    const session = await app.sessions.load(new Request("https://app.example.com/", { headers: { Cookie } }));
    expect({ ...session.data }).toEqual({ cart: [{ id: "apple" }] });
    const upgrade = Object.defineProperty(new Response(null), "status", { value: 101 });
    expect(await app.sessions.apply(session, upgrade)).toBe(upgrade);
  });
});

describe("schema", () => {
  it("gives the data its type", async () => {
    const sessions = createSessions({ secrets: SECRET, schema: schema(z.object({ views: z.number() })) });
    const session = await sessions.load(new Request("https://app.example.com"));
    const views: number | undefined = session.data.views;
    expect(views).toBe(undefined);
    // @ts-expect-error the schema knows no such key
    expect(session.data.visits).toBe(undefined);
  });

  it("must be a Standard Schema, and migrate a function", () => {
    for (const given of [{ parse() {} }, z.object, undefined, null, "z.object({})"])
      expect(() => schema(given as never)).toThrow(
        expect.objectContaining({ code: "ERR_OPTION", message: expect.stringContaining("Standard Schema") }),
      );
    for (const migrate of ["no", {}, null])
      expect(() => schema(z.object({}), { migrate: migrate as never })).toThrow(
        "Cannot use option migrate: it must be a function",
      );
  });

  it("is refused as it was written before, with what to write", () => {
    const said = "Cannot use option schema: write schema: schema(z.object({ ... })), with schema of web-session-store/schema";
    for (const given of [z.object({}), v.object({}), { parse() {} }, schema, "schema", null, false])
      expect(() => makeApp({ schema: given as never })).toThrow(said);
    const migrate = { migrate: () => ({}) };
    expect(() => makeApp({ schema: schema(z.object({})), ...migrate })).toThrow("migrate");
  });
});
