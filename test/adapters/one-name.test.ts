/** Two session middlewares in one application: one name is one session. */
import { Hono } from "hono";
import Koa from "koa";
import Koa2 from "koa2";
import { afterAll, describe, expect, it } from "vitest";
import { session as honoSession, type SessionVariables } from "../../src/adapters/hono.ts";
import { getSession, session as koaSession } from "../../src/adapters/koa/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);

interface Data {
  outer?: number;
  inner?: number;
}

const twice = (name: string) =>
  `Cannot use two sessions named "${name}" in one request: both would set the same cookie. Use one middleware for both, or give one another name.`;

describe.each([
  ["Koa 3", Koa],
  ["Koa 2", Koa2 as unknown as typeof Koa],
])("%s", (_version, Application) => {
  /** Two middlewares, one within the other; each has a handler that counts. */
  function setUp(outer: ReturnType<typeof koaSession<Data>>, inner: ReturnType<typeof koaSession<Data>>) {
    const app = new Application();
    const errors: Error[] = [];
    app.on("error", (error) => errors.push(error));
    app.keys = [SECRET];
    app.use(outer as never);
    app.use(async (ctx, next) => {
      ctx.session.outer = (ctx.session.outer ?? 0) + 1;
      await next();
      ctx.session.late = (ctx.session.late ?? 0) + 1;
    });
    app.use(inner as never);
    app.use((ctx) => {
      ctx.session.inner = (ctx.session.inner ?? 0) + 1;
      ctx.body = JSON.stringify(ctx.session);
    });
    return { errors, browser: new Browser(serveNode(app.callback())) };
  }

  it.each<[string, () => object]>([
    ["app.keys", () => ({})],
    ["secrets", () => ({ secrets: SECRET })],
    ["secrets and a store", () => ({ secrets: SECRET, store: memory() })],
  ])("shares the session of a middleware that stands in two places, with %s", async (_how, options) => {
    const web = koaSession<Data>(options() as never);
    const { browser } = setUp(web, web);
    for (const count of [1, 2, 3]) {
      const response = await browser.visit("/");
      const lines = response.headers.getSetCookie().map((line) => line.slice(0, line.indexOf("=")));
      expect(new Set(lines).size).toBe(lines.length);
      const late = count === 1 ? {} : { late: count - 1 };
      expect(await response.json()).toEqual({ outer: count, ...late, inner: count });
    }
  });

  it.each([
    ["app.keys", "koa:sess", () => ({})],
    ["secrets", "session", () => ({ secrets: SECRET })],
    ["a name", "shop", () => ({ secrets: SECRET, name: "shop" })],
  ])("refuses two of them of one name, where one's changes would be lost: with %s", async (_how, name, options) => {
    const { browser, errors } = setUp(koaSession(options() as never), koaSession(options() as never));
    expect((await browser.visit("/")).status).toBe(500);
    expect(browser.cookies.size).toBe(0);
    expect(errors).toEqual([expect.objectContaining({ code: "ERR_OPTION", message: twice(name) })]);
  });

  it("keeps two of different names apart", async () => {
    const outer = koaSession<Data>({ secrets: SECRET });
    const { browser } = setUp(outer, koaSession({ secrets: SECRET, name: "admin" }));
    await browser.visit("/");
    expect(await (await browser.visit("/")).json()).toEqual({ inner: 2 });
    expect(browser.cookies.size).toBe(2);
  });

  it("keeps a session of app.keys and one of secrets apart", async () => {
    const { browser } = setUp(koaSession<Data>(), koaSession({ secrets: SECRET }));
    await browser.visit("/");
    expect(await (await browser.visit("/")).json()).toEqual({ inner: 2 });
  });
});

it("Koa's getSession() gives the shared session by its name", async () => {
  const app = new Koa();
  const web = koaSession<Data>({ secrets: SECRET, name: "shop" });
  app.use(web).use(web);
  app.use((ctx) => {
    ctx.body = String(getSession(ctx, "shop") === getSession(ctx));
  });
  expect(await (await new Browser(serveNode(app.callback())).visit("/")).text()).toBe("true");
});

describe("Hono", () => {
  function setUp(outer: ReturnType<typeof honoSession<Data>>, inner: ReturnType<typeof honoSession<Data>>) {
    const errors: Error[] = [];
    const app = new Hono<{ Variables: SessionVariables<Data> }>();
    app.onError((error, c) => {
      errors.push(error);
      return c.text("failed", 500);
    });
    app.use(outer);
    app.use(async (c, next) => {
      const { data } = outer.get(c);
      data.outer = (data.outer ?? 0) + 1;
      await next();
    });
    app.use(inner);
    app.get("/", (c) => {
      const { data } = inner.get(c);
      data.inner = (data.inner ?? 0) + 1;
      return c.json(data);
    });
    return { errors, browser: new Browser((request) => app.fetch(request)) };
  }

  it("shares the session of a middleware that stands in two places", async () => {
    const web = honoSession<Data>({ secrets: SECRET });
    const { browser } = setUp(web, web);
    for (const count of [1, 2]) {
      const response = await browser.visit("/");
      expect(response.headers.getSetCookie()).toHaveLength(1);
      expect(await response.json()).toEqual({ outer: count, inner: count });
    }
  });

  it.each([
    ["session", () => ({ secrets: SECRET })],
    ["shop", () => ({ secrets: SECRET, name: "shop" })],
  ])("refuses two of them of one name, where one's changes would be lost: %s", async (name, options) => {
    const { browser, errors } = setUp(honoSession(options()), honoSession(options()));
    expect((await browser.visit("/")).status).toBe(500);
    expect(errors).toEqual([expect.objectContaining({ code: "ERR_OPTION", message: twice(name) })]);
  });

  it("refuses them, too, where the options are a function of env", async () => {
    const { browser, errors } = setUp(
      honoSession({ secrets: SECRET }),
      honoSession(() => ({ secrets: SECRET })),
    );
    await browser.visit("/");
    expect(errors).toEqual([expect.objectContaining({ message: twice("session") })]);
  });

  it("keeps two of different names apart", async () => {
    const { browser } = setUp(honoSession({ secrets: SECRET }), honoSession({ secrets: SECRET, name: "admin" }));
    await browser.visit("/");
    expect(await (await browser.visit("/")).json()).toEqual({ inner: 2 });
    expect(browser.cookies.size).toBe(2);
  });
});
