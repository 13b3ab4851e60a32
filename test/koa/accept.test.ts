/** From either dialect to `secrets`, with nobody logged out: sessions in cookies and in stores, of the packages themselves and of this library. */
import type Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { koaSessionTokens } from "../../src/accept/koa-session.ts";
import { koaTokens } from "../../src/accept/koa-session-store.ts";
import { session as compatible, getSession } from "../../src/adapters/koa/index.ts";
import { session as asKoaSession } from "../../src/adapters/koa-session/index.ts";
import { createSessions, type SessionEvent } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { plainRows } from "../support/plain-rows.ts";
import { OTHER_SECRET, SECRET } from "../support/secrets.ts";
import { packages } from "./packages.ts";
import { rowsOfKoaSession } from "./rows.ts";

afterAll(closeServers);

// biome-ignore lint/suspicious/noExplicitAny: whatever applications on Koa put into a session.
type Any = any;
const Application: new () => Koa = packages("koa3").default ?? packages("koa3");
const theirs = packages("koa-session").createSession;

/** A browser that an application on Koa has given a session. */
async function visited(make: (app: Koa) => Koa.Middleware, act: (ctx: Any) => unknown = put): Promise<Browser> {
  const app = new Application();
  app.keys = [SECRET];
  app.use(make(app));
  app.use(async (ctx) => {
    await act(ctx);
    ctx.body = "done";
  });
  const browser = new Browser(serveNode(app.callback()));
  expect((await browser.visit("/")).status).toBe(200);
  return browser;
}

const put = (ctx: Any) => {
  ctx.session.passport = { user: "Жанна" };
};

/** The application that follows. */
function newApp(accept: Any[], store: Any) {
  const events: SessionEvent[] = [];
  const sessions = createSessions<Any>({ secrets: OTHER_SECRET, accept, store, onEvent: (event) => events.push(event) });
  const serve = sessions.handler(async (request, visitor) => {
    if (request.url.endsWith("/logout")) visitor.logout();
    if (request.url.endsWith("/login")) visitor.login(visitor.data.passport.user);
    return Response.json([visitor.subject ?? null, { ...visitor.data }]);
  });
  const moved = (from: Browser) => {
    const browser = new Browser(serve);
    for (const [name, held] of from.cookies) browser.cookies.set(name, held);
    return browser;
  };
  return { moved, events, sees: async (browser: Browser, path = "/") => (await browser.visit(path)).json() };
}

/** Where a session was, and what reads it. `once`: whether what names it is one session's alone, so that it is redeemed once. */
const BEFORE: [string, once: boolean, () => Promise<{ from: Browser; codec: Any }>][] = [
  [
    "koa-session itself, in the cookie",
    false,
    async () => ({ from: await visited((app) => theirs({}, app)), codec: koaSessionTokens({ keys: [SECRET] }) }),
  ],
  [
    "koa-session itself, in a store",
    true,
    async () => {
      const store = rowsOfKoaSession();
      return {
        from: await visited((app) => theirs({ store, prefix: "a:" }, app)),
        codec: koaSessionTokens({ keys: [SECRET], store }),
      };
    },
  ],
  [
    "its dialect, in the cookie",
    true,
    async () => ({ from: await visited((app) => asKoaSession({}, app)), codec: koaSessionTokens({ keys: [SECRET] }) }),
  ],
  [
    "its dialect, in a store",
    true,
    async () => {
      const store = rowsOfKoaSession();
      return { from: await visited((app) => asKoaSession({ store }, app)), codec: koaSessionTokens({ keys: [SECRET], store }) };
    },
  ],
  [
    "koa-session-store's dialect, in the cookie",
    true,
    async () => ({ from: await visited(() => compatible() as Any), codec: koaTokens({ keys: [SECRET] }) }),
  ],
  [
    "koa-session-store's dialect, in three methods",
    true,
    async () => {
      const store = plainRows(new Map());
      return { from: await visited(() => compatible({ store }) as Any), codec: koaTokens({ keys: [SECRET], store }) };
    },
  ],
  [
    "koa-session-store's dialect, in a store of the library",
    true,
    async () => {
      const store = memory();
      return { from: await visited(() => compatible({ store }) as Any), codec: koaTokens({ keys: [SECRET], store }) };
    },
  ],
];

describe.each(BEFORE)("from %s", (_where, once, before) => {
  it.each([
    ["a store", () => memory()],
    ["three methods", () => plain(plainRows(new Map()))],
    ["cookies", () => undefined],
  ])("to %s: nobody is logged out", async (_to, storeOf) => {
    const { from, codec } = await before();
    const { moved, sees } = newApp([codec], storeOf());
    const browser = moved(from);
    for (let at = 0; at < 2; at++) expect(await sees(browser)).toEqual([null, { passport: { user: "Жанна" } }]);
    // The old cookies are gone.
    expect([...browser.cookies.keys()].filter((name) => name.startsWith("koa"))).toEqual([]);
  });

  it("to a store: after a logout the old cookie brings nobody, where it is one session's alone", async () => {
    const { from, codec } = await before();
    const { moved, sees } = newApp([codec], memory());
    const [browser, thief] = [moved(from), moved(from)];
    await sees(browser, "/login");
    // Anybody on another host of the domain could have planted that cookie, so a login takes nothing of it along.
    expect(await sees(browser)).toEqual(["Жанна", {}]);
    await sees(browser, "/logout");
    expect(await sees(thief)).toEqual([null, once ? {} : { passport: { user: "Жанна" } }]);
  });

  it("to three methods: somebody is told that two at once may become two sessions", async () => {
    const { codec } = await before();
    const { events } = newApp([codec], plain(plainRows(new Map())));
    expect(events).toEqual([{ type: "insecure", reason: "accept-not-atomic" }]);
  });

  it("with another key nobody comes", async () => {
    const { from } = await before();
    const { moved, sees } = newApp([koaSessionTokens({ keys: [OTHER_SECRET] }), koaTokens({ keys: [OTHER_SECRET] })], memory());
    expect(await sees(moved(from))).toEqual([null, {}]);
  });
});

describe("a user that login() made known to either dialect", () => {
  it.each<[string, (app: Koa) => Koa.Middleware, Any]>([
    ["koa-session's", (app) => asKoaSession({}, app), koaSessionTokens({ keys: [SECRET] })],
    ["koa-session-store's", () => compatible() as Any, koaTokens({ keys: [SECRET] })],
  ])("is known afterwards: %s", async (_dialect, make, codec) => {
    const from = await visited(make, (ctx) => getSession(ctx).login("ada"));
    const { moved, sees } = newApp([codec], memory());
    expect(await sees(moved(from))).toEqual(["ada", {}]);
  });
});

describe("the old store", () => {
  it("that has lost a session brings nobody", async () => {
    const store = rowsOfKoaSession();
    const from = await visited((app) => theirs({ store }, app));
    store.rows.clear();
    const { moved, sees, events } = newApp([koaSessionTokens({ keys: [SECRET], store })], memory());
    expect(await sees(moved(from))).toEqual([null, {}]);
    expect(events).toContainEqual({ type: "invalid", reason: "claims" });
  });

  it("that is not given leaves the cookie alone, so that its session is not used up", async () => {
    const store = plainRows(new Map());
    const from = await visited(() => compatible({ store }) as Any);
    const to = memory();
    const without = newApp([koaTokens({ keys: [SECRET] })], to);
    const browser = without.moved(from);
    expect(await without.sees(browser)).toEqual([null, {}]);
    const browsers = newApp([koaTokens({ keys: [SECRET], store })], to);
    expect(await browsers.sees(browsers.moved(browser))).toEqual([null, { passport: { user: "Жанна" } }]);
  });

  it("that fails is an error, whose text nobody sees", async () => {
    const from = await visited((app) => theirs({ store: rowsOfKoaSession() }, app));
    const store = { get: () => Promise.reject(new Error("secret text")) };
    const { moved, sees } = newApp([koaSessionTokens({ keys: [SECRET], store })], memory());
    await expect(sees(moved(from))).rejects.toMatchObject({ code: "ERR_STORE", message: expect.not.stringContaining("secret") });
  });

  it("with more data than can be kept here brings nobody, and makes no error", async () => {
    const store = rowsOfKoaSession();
    const from = await visited(
      (app) => theirs({ store }, app),
      (ctx) => {
        ctx.session.big = "x".repeat(70_000);
      },
    );
    const { moved, sees } = newApp([koaSessionTokens({ keys: [SECRET], store })], memory());
    expect(await sees(moved(from))).toEqual([null, {}]);
  });

  it("with a session that is over brings nobody", async () => {
    const from = await visited((app) => theirs({ maxAge: 1 }, app));
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const { moved, sees, events } = newApp([koaSessionTokens({ keys: [SECRET] })], memory());
    expect(await sees(moved(from))).toEqual([null, {}]);
    expect(events.map(({ type }) => type)).toContain("expired");
  });
});

describe("what cannot be used is refused in words", () => {
  it.each([
    [{ keys: [] }, "keys"],
    [{ keys: [SECRET], store: {} }, "method get"],
    [{ keys: [SECRET], decode: 1 }, "decode"],
    [{ keys: [SECRET], name: "x" }, "name"],
  ])("%j", (options, says) => {
    expect(() => koaSessionTokens(options as never)).toThrow(says);
  });
});
