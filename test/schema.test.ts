/** The options `schema` and `migrate`, with schemas of zod and valibot. */
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createSessions, type DataSchema } from "../src/index.ts";
import { memory } from "../src/stores/memory/index.ts";
import { makeApp } from "./support/app.ts";
import { SECRET } from "./support/secrets.ts";

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
])("schema: of %s", (_library, schema) => {
  describe.each([
    ["in the cookie", () => ({})],
    ["in a store", () => ({ store: memory() })],
  ])("%s", (_where, keptIn) => {
    /** A visitor with data of before the schema. */
    async function visitorWith(data: object, more = {}) {
      const kept = keptIn();
      const old = makeApp(kept);
      await old.does((session) => {
        session.login("alice");
        Object.assign(session.data, data);
        session.flash("notice", "hello");
      });
      const app = makeApp({ ...kept, schema, ...more });
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
      const fresh = makeApp({ ...keptIn(), schema });
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
      const app = await visitorWith({ visits: "5" }, { migrate });
      expect(await app.does((session) => [session.subject, { ...session.data }])).toEqual(["alice", { views: 5 }]);
      await app.does((session) => Object.assign(session.data, { views: 6 }));
      expect(await app.does((session) => ({ ...session.data }))).toEqual({ views: 6 });
      expect(await app.does((session) => session.takeFlash("notice"))).toBe("hello");
    });

    it("gives no session when what migrate makes does not fit either", async () => {
      const app = await visitorWith({ views: "many" }, { migrate: () => ({ views: "few" }) });
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

describe("schema", () => {
  it("gives the data its type", async () => {
    const sessions = createSessions({ secrets: SECRET, schema: z.object({ views: z.number() }) });
    const session = await sessions.load(new Request("https://app.example.com"));
    const views: number | undefined = session.data.views;
    expect(views).toBe(undefined);
    // @ts-expect-error the schema knows no such key
    expect(session.data.visits).toBe(undefined);
  });

  it("must be a Standard Schema, and migrate a function", () => {
    expect(() => makeApp({ schema: { parse() {} } as never })).toThrow("Standard Schema");
    expect(() => makeApp({ migrate: "no" as never })).toThrow("migrate");
  });
});
