/** What is called while the answer's own commit runs, and what stands when a request fails after save() or update(). */

import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { schema } from "../../src/features/schema.ts";
import { createSessions, type Session, type SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { Browser } from "../support/browser.ts";
import { DAY } from "../support/clock.ts";
import { acceptingOld, NOBODY, old, oldToken, seen, withCookie } from "../support/old-tokens.ts";
import { OLD_SECRET, SECRET } from "../support/secrets.ts";
import { slow } from "../support/slow-store.ts";

const later = () => new Promise((resolve) => setImmediate(resolve));
const codeOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "accepted";
};

describe("while the commit of the answer waits for the store", () => {
  const CALLS: [string, (session: Session) => unknown][] = [
    ["a change", (session) => Object.assign(session.data, { late: 1 })],
    ["a flash", (session) => session.flash("late", 1)],
    ["a login", (session) => session.login("zed")],
    ["a logout", (session) => session.logout()],
    ["a new id", (session) => session.regenerateId()],
  ];

  it.each(CALLS)("%s is refused where it is made", async (_what, call) => {
    const { does, sessions } = makeApp({ store: slow(memory()) });
    await does((session) => session.login("alice"));
    let told = "never called";
    await does((session) => {
      session.data.inTime = 1;
      later().then(() => {
        told = codeOf(() => call(session));
      });
    });
    expect(told).toBe("ERR_SESSION_COMMITTED");
    expect(await does((session) => [session.subject, { ...session.data }])).toEqual(["alice", { inTime: 1 }]);
    expect(await sessions.list("alice")).toHaveLength(1);
  });
});

describe("a request that fails after it saved", () => {
  it("keeps the session that an accepted token became, in handler()", async () => {
    const app = acceptingOld(memory());
    const token = await oldToken({ sid: "session-of-old", sub: "ann", data: {} });
    const failing = app.does(
      async (session) => {
        await session.update((data) => {
          data.kept = 1;
        });
        throw new Error("of the handler");
      },
      withCookie(app, token),
    );
    await expect(failing).rejects.toThrow("of the handler");
    expect(await app.does(seen, withCookie(app, token))).toEqual(["ann", { kept: 1 }]);
  });

  it("ends no session that another answer gave the browser", async () => {
    const { does, browser, sessions } = makeApp({ store: memory() });
    await does((session) => {
      session.data.cart = ["apple"];
    });
    const visitor = browser.copy();
    await does((session) => session.login("alice"));
    const failing = does(async (session) => {
      session.login("alice");
      await session.save();
      throw new Error("of the second click");
    }, visitor);
    await expect(failing).rejects.toThrow("of the second click");
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["alice", ["apple"]]);
    expect(await sessions.list("alice")).toHaveLength(1);
  });

  it.each([
    ["data that is none", (session: Session) => Object.assign(session.data, { bad: () => 1 })],
    [
      "an update() that nobody awaited",
      (session: Session) => void session.update(() => Promise.reject(new Error("of the call"))),
    ],
  ])("at its commit, by %s, sends the cookie of a login that save() wrote, with Hono", async (_what, fail) => {
    const web = honoSession({ secrets: SECRET, store: memory() });
    const app = new Hono();
    app.onError((_error, c) => c.text("sorry", 500));
    app.use(web);
    app.get("/cart", (c) => {
      web.get(c).data.cart = ["apple"];
      return c.text("done");
    });
    app.get("/login", async (c) => {
      web.get(c).login("al");
      await web.get(c).save();
      fail(web.get(c) as Session);
      return c.text("done");
    });
    app.get("/", (c) => c.json([web.get(c).subject, web.get(c).data]));
    const browser = new Browser((request) => app.fetch(request));
    await browser.visit("/cart");
    expect((await browser.visit("/login")).status).toBe(500);
    expect(await (await browser.visit("/")).json()).toEqual(["al", { cart: ["apple"] }]);
  });

  it("at its commit ends a login that save() wrote where nothing can be sent, in handler()", async () => {
    const { does, sessions } = makeApp({ store: memory() });
    const failing = does(async (session) => {
      session.login("al");
      await session.save();
      session.data.bad = () => 1;
    });
    await expect(failing).rejects.toMatchObject({ code: "ERR_DATA_NOT_JSON" });
    expect(await sessions.list("al")).toEqual([]);
  });
});

describe("an error handler of Hono that answers 500", () => {
  async function visitWith(onError: (session: Session) => unknown, options: Partial<SessionOptions>, cookie: string) {
    const web = honoSession({ secrets: SECRET, ...options });
    const app = new Hono();
    app.onError((_error, c) => {
      onError(web.get(c) as Session);
      return c.text("sorry", 500);
    });
    app.use(web);
    app.get("/fails", () => {
      throw new Error("of the handler");
    });
    app.get("/bob", (c) => {
      web.get(c).login("bob");
      web.get(c).data.k = 1;
      return c.text("done");
    });
    app.get("/", (c) => c.json([web.get(c).subject ?? null, web.get(c).takeFlash("f") ?? null, web.get(c).data]));
    const browser = new Browser((request) => app.fetch(request));
    if (cookie === "bob") await browser.visit("/bob");
    else browser.hold(cookie);
    await browser.visit("/fails");
    return (await browser.visit("/")).json();
  }
  const clock = () => 1_800_000_000;

  it.each([
    ["store", { store: memory() }],
    ["visitors in cookies", { store: memory(), anonymous: "cookie" as const }],
    ["cookies alone", {}],
  ])("keeps the user of an accepted token, with its flash: %s", async (_name, options) => {
    const token = await oldToken({ sid: "session-of-old", sub: "ann", data: { a: 1 } });
    const said = await visitWith((session) => session.flash("f", "oops"), { ...options, accept: [old()], now: clock }, token);
    expect(said).toEqual(["ann", "oops", { a: 1 }]);
  });

  it.each([
    ["store", { store: memory() }],
    ["cookies", {}],
  ])("takes a login of its own back with all that it left behind: %s", async (_name, options) => {
    expect(await visitWith((session) => session.login("other"), { ...options, now: clock }, "bob")).toEqual([
      "bob",
      null,
      { k: 1 },
    ]);
  });
});

describe("data of a visitor whose cookie another host may have set", () => {
  it("is left behind at a login, but not what the same request has just put in", async () => {
    for (const options of [{}, { store: memory() }] as Partial<SessionOptions>[]) {
      const { does } = makeApp({ ...options, cookie: { secure: false }, onEvent: () => {} });
      await does((session) => {
        session.data.planted = 1;
        session.flash("old", 1);
      });
      await does((session) => {
        session.data.name = "Alice";
        session.flash("welcome", "hi");
        session.login("alice");
      });
      expect(await does((session) => [session.data, session.takeFlash("welcome"), session.takeFlash("old")])).toEqual([
        { name: "Alice" },
        "hi",
        undefined,
      ]);
    }
  });
});

describe("two updates at once in one request", () => {
  const STORES: [string, () => Partial<SessionOptions>][] = [
    ["a new session in memory", () => ({ store: memory() })],
    ["a session in its cookie", () => ({})],
  ];
  it.each(STORES)("are exact in %s, and leave alone what the handler changes meanwhile", async (_name, options) => {
    const { does } = makeApp(options());
    const told = await does(async (session) => {
      const use = () =>
        session.update(async (data) => {
          if (data.used) return false;
          await later();
          data.used = true;
          return true;
        });
      const both = Promise.all([use(), use()]);
      session.data.n = 10;
      return both;
    });
    expect(told).toEqual([true, false]);
    expect(await does((session) => ({ ...session.data }))).toEqual({ used: true, n: 10 });
  });
});

describe("accepted tokens", () => {
  it("whose codec counts their end from now stay redeemed", async () => {
    const { joseTokens } = await import("../../src/accept/jose.ts");
    const { OLD_SECRET } = await import("../support/secrets.ts");
    const app = makeApp({ store: memory() });
    const moving = joseTokens({
      cookie: "old",
      algorithms: ["HS256"],
      key: new TextEncoder().encode(OLD_SECRET),
      claims: ({ start, sub, sid }) => ({ sid, sub, start: start as number, exp: app.clock.now() + 60 }),
    });
    const accepting = createSessions({ secrets: SECRET, store: memory(), now: app.clock.now, accept: [moving] });
    const Cookie = await oldToken({ sid: "session-of-old", sub: "ann", exp: undefined });
    const load = () => accepting.load({ method: "POST", headers: new Headers({ Cookie }) });
    const session = await load();
    session.logout();
    await accepting.apply(session, new Response());
    app.clock.pass(DAY);
    expect(seen(await load())).toEqual(NOBODY);
  });

  it("with an empty subject are none", async () => {
    const app = acceptingOld(memory());
    expect(await app.does(seen, withCookie(app, await oldToken({ sid: "session-of-old", sub: "" })))).toEqual(NOBODY);
    expect(app.events).toContainEqual({ type: "invalid", reason: "claims" });
  });
});

describe("an answer that cannot be sent", () => {
  it.each([
    [
      "whose body was read",
      async () => {
        const response = new Response("body");
        await response.text();
        return response;
      },
    ],
    ["that is Response.error()", async () => Response.error()],
  ])("%s writes nothing", async (_what, make) => {
    const { sessions } = makeApp({ store: memory() });
    const serve = sessions.handler(async (_request, session) => {
      session.login("alice");
      return make();
    });
    await expect(serve(new Request("https://app.example.com/"))).rejects.toThrow(TypeError);
    expect(await sessions.list("alice")).toEqual([]);
  });
});

describe("data that was migrated", () => {
  it("is no change of a request that only reads", async () => {
    const store = memory();
    const before = makeApp({ store });
    await before.does((session) => {
      session.login("alice");
      session.data.views = "1";
    });
    const migrate = ({ views }: Record<string, unknown>) => ({ views: Number(views) });
    const migrating = schema(z.object({ views: z.number().optional() }), { migrate });
    const now = createSessions({ secrets: SECRET, store, now: before.clock.now, schema: migrating });
    const headers = new Headers({ Cookie: before.browser.cookieHeader() });
    const reading = await now.load({ method: "POST", headers });
    expect(reading.data.views).toBe(1);
    await before.does((session) => session.regenerateId());
    expect((await now.apply(reading, new Response())).status).toBe(200);
  });
});

it("a login that failed leaves the cookie of an accepted token where it was", async () => {
  const store = memory();
  const first = makeApp({ store });
  await first.does((session) => Object.assign(session.data, { x: 1 }));
  const { now } = first.clock;
  const web = honoSession({ secrets: [OLD_SECRET, SECRET], store, accept: [old()], now });
  const app = new Hono().use(web).post("/", (c) => {
    web.get(c).login("alice");
    throw new Error("x");
  });
  app.onError((_error, c) => c.text("no", 500));
  const Cookie = `${first.browser.cookieHeader()}; ${await oldToken({ sid: "session-of-old", sub: "bob", data: {} })}`;
  const answer = await app.request("https://app.example.com/", { method: "POST", headers: { Cookie } });
  expect([answer.status, answer.headers.getSetCookie().filter((line) => line.startsWith("old="))]).toEqual([500, []]);
});
