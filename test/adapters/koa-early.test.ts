/** Koa answers that leave before the middleware is done, and the manager of the middleware. */
import Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { getSession, type KoaMiddleware, session } from "../../src/adapters/koa/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { Clock } from "../support/clock.ts";
import { failingStore } from "../support/failing-store.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { slow } from "../support/slow-store.ts";

afterAll(closeServers);

type Act = (ctx: Koa.Context) => unknown;

function serving(web: KoaMiddleware<Record<string, unknown>>, routes: Record<string, Act>): Browser {
  const app = new Koa();
  app.keys = [SECRET];
  app.silent = true;
  app.use(web as never);
  app.use((ctx) => routes[ctx.path]?.(ctx));
  return new Browser(serveNode(app.callback()), new Clock());
}

const views = (ctx: Koa.Context) => {
  ctx.body = String(getSession(ctx).data.views ?? "none");
};

const FORMS: [string, () => KoaMiddleware<Record<string, unknown>>][] = [
  ["without options", () => session()],
  ["with secrets", () => session({ secrets: SECRET })],
  ["with secrets and a store", () => session({ secrets: SECRET, store: memory() })],
];

describe.each(FORMS)("getSession(ctx).commit(), %s", (_form, make) => {
  it.each<[string, Act]>([
    [
      "ctx.respond = false",
      async (ctx) => {
        getSession(ctx).data.views = 1;
        await getSession(ctx).commit();
        ctx.respond = false;
        ctx.res.end("early");
      },
    ],
    [
      "ctx.flushHeaders()",
      async (ctx) => {
        getSession(ctx).data.views = 1;
        ctx.status = 200;
        await getSession(ctx).commit();
        ctx.flushHeaders();
        ctx.body = "early";
      },
    ],
  ])("puts the cookie on an answer that leaves by %s", async (_how, early) => {
    const browser = serving(make(), { "/early": early, "/views": views });
    const answer = await browser.visit("/early");
    expect([await answer.text(), answer.headers.getSetCookie().length > 0]).toEqual(["early", true]);
    expect(await (await browser.visit("/views")).text()).toBe("1");
  });

  it("is done once, and the answer that the middleware makes is as it was", async () => {
    const twice: Act = async (ctx) => {
      getSession(ctx).data.views = 1;
      await getSession(ctx).commit();
      await getSession(ctx).commit();
      ctx.body = "done";
    };
    const browser = serving(make(), { "/twice": twice, "/views": views });
    const answer = await browser.visit("/twice");
    const names = answer.headers.getSetCookie().map((line) => line.slice(0, line.indexOf("=")));
    expect(new Set(names).size).toBe(names.length);
    expect(await (await browser.visit("/views")).text()).toBe("1");
  });
});

it("an answer waits for a commit() that nobody awaited, and fails with it", async () => {
  const store = failingStore();
  const web = session({ secrets: SECRET, store: slow(store) });
  const forgetful: Act = (ctx) => {
    getSession(ctx).data.views = 1;
    void getSession(ctx)
      .commit()
      .catch(() => {});
    ctx.body = "done";
  };
  const browser = serving(web, { "/": forgetful, "/views": views });
  expect((await browser.visit("/")).status).toBe(200);
  expect(await (await browser.visit("/views")).text()).toBe("1");
  store.fail("create", "update");
  const other = serving(web, { "/": forgetful });
  expect((await other.visit("/")).status).toBe(503);
});

it("a change after commit() is told where it is made, with secrets", async () => {
  const late: Act = async (ctx) => {
    getSession(ctx).data.views = 1;
    await getSession(ctx).commit();
    try {
      getSession(ctx).data.views = 2;
    } catch (error) {
      ctx.body = (error as { code: string }).code;
    }
  };
  const browser = serving(session({ secrets: SECRET }), { "/late": late, "/views": views });
  expect(await (await browser.visit("/late")).text()).toBe("ERR_SESSION_COMMITTED");
  expect(await (await browser.visit("/views")).text()).toBe("1");
});

it("what commit() fails with is the handler's to answer", async () => {
  const store = failingStore();
  store.fail("create");
  const failing: Act = async (ctx) => {
    getSession(ctx).data.views = 1;
    await getSession(ctx).commit();
    ctx.body = "never";
  };
  const answer = await serving(session({ secrets: SECRET, store }), { "/": failing }).visit("/");
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []]);
});

describe("the middleware's sessions", () => {
  const login: Act = (ctx) => {
    getSession(ctx).login("alice");
    ctx.body = "hello";
  };
  const who: Act = (ctx) => {
    ctx.body = getSession(ctx).subject ?? "nobody";
  };

  it("list and end those of a user", async () => {
    const web = session({ secrets: SECRET, store: memory() });
    const browser = serving(web, { "/login": login, "/who": who });
    await browser.visit("/login");
    expect(await web.sessions.list("alice")).toHaveLength(1);
    expect(await web.sessions.revokeAll("alice")).toEqual({ count: 1, effect: "now" });
    expect(await (await browser.visit("/who")).text()).toBe("nobody");
  });

  it("read a session, without secrets once the application's keys are known", async () => {
    const web = session();
    expect(() => web.sessions).toThrow(/Cannot get the sessions yet: without secrets they are made with app.keys/);
    const browser = serving(web, { "/set": (ctx) => void Object.assign(getSession(ctx).data, { views: 3 }) });
    await browser.visit("/set");
    const read = await web.sessions.read({ headers: new Headers({ Cookie: browser.cookieHeader() }) });
    expect(read?.data).toEqual({ views: 3 });
  });
});
