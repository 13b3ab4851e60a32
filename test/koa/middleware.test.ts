/** Sessions beside the middleware that Koa's applications are made of, each package as it is published. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { closeServers } from "../support/koa.ts";
import { EVERYWHERE } from "./forms.ts";
import { packages } from "./packages.ts";
import { dataOf, makeApp, ORIGIN, post, read, visitorsOf } from "./visitors.ts";

const Router = packages("@koa/router").Router;
const mount = packages("koa-mount");
const serveFiles = packages("koa-static");
const compress = packages("koa-compress");
const cors = packages("@koa/cors");
const bodyParser = packages("koa-bodyparser");

const files = mkdtempSync(join(tmpdir(), "koa-static-"));
writeFileSync(join(files, "page.txt"), "a page");

afterAll(async () => {
  await closeServers();
  rmSync(files, { recursive: true });
});

const count = (ctx: Koa.Context) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1;
  ctx.body = { views: ctx.session.views };
};
const show = (ctx: Koa.Context) => {
  ctx.body = dataOf(ctx);
};
const countThenNext: Koa.Middleware = async (ctx, next) => {
  count(ctx);
  await next();
};

describe.each(EVERYWHERE)("%s, %s", (_koa, _name, form, Application) => {
  it("@koa/router: routes share the session, and a router may have it for itself", async () => {
    const app = makeApp(Application);
    const [router, members] = [new Router(), new Router()];
    members.use(form.make(app));
    members.put("/cart/:item", (ctx: Koa.Context) => {
      ctx.session.cart = [...(ctx.session.cart ?? []), ctx.params.item];
      ctx.status = 204;
    });
    members.get("/cart", show);
    router.get("/free", (ctx: Koa.Context) => {
      ctx.body = "free";
    });
    router.use("/members", members.routes(), members.allowedMethods());
    app.use(router.routes()).use(router.allowedMethods());
    const browser = visitorsOf(app)();
    expect((await browser.visit("/free")).headers.getSetCookie()).toEqual([]);
    for (const item of ["apple", "pear"])
      expect((await browser.visit(`/members/cart/${item}`, { method: "PUT" })).status).toBe(204);
    expect(await read(browser, "/members/cart")).toEqual({ cart: ["apple", "pear"] });
    expect((await browser.visit("/members/cart", { method: "DELETE" })).status).toBe(405);
    expect(await read(browser, "/members/cart")).toEqual({ cart: ["apple", "pear"] });
  });

  it("koa-bodyparser: what a form and JSON bring is kept", async () => {
    const app = makeApp(Application);
    app.use(form.make(app)).use(bodyParser());
    app.use((ctx: Koa.Context) => {
      if (ctx.method === "POST") ctx.session.sent = (ctx.request as { body?: unknown }).body;
      show(ctx);
    });
    const browser = visitorsOf(app)();
    await post(browser, "/", { name: "ada", note: "ä" });
    expect(await read(browser, "/")).toEqual({ sent: { name: "ada", note: "ä" } });
    const sent = { lists: [[1], { deep: null }] };
    await browser.visit("/", { method: "POST", body: JSON.stringify(sent), headers: { "Content-Type": "application/json" } });
    expect(await read(browser, "/")).toEqual({ sent });
  });

  it("koa-mount: mounted under a path, there is a session there and none outside", async () => {
    const app = makeApp(Application);
    const inner = makeApp(Application);
    inner.use(form.make(app)).use(count);
    app.use(mount("/members", inner));
    app.use((ctx: Koa.Context) => {
      ctx.body = { session: form.asKoaSession ? {} : (ctx.session ?? null) };
    });
    const browser = visitorsOf(app)();
    const outside = await browser.visit("/free");
    expect(outside.headers.getSetCookie()).toEqual([]);
    if (!form.asKoaSession) expect(await outside.json()).toEqual({ session: null });
    expect(await read(browser, "/members")).toEqual({ views: 1 });
    expect(await read(browser, "/members/deep/down")).toEqual({ views: 2 });
    await browser.visit("/free");
    expect(await read(browser, "/members/")).toEqual({ views: 3 });
  });

  it("koa-mount: an application of its own under a path has the session of the one outside", async () => {
    const app = makeApp(Application);
    const middleware = form.make(app);
    const [inner, twice] = [makeApp(Application), makeApp(Application)];
    inner.use(count);
    // koa-session does not take that it runs a second time.
    if (!form.asKoaSession) twice.use(middleware);
    twice.use(count);
    app.use(middleware).use(mount("/shop", inner)).use(mount("/again", twice)).use(count);
    const browser = visitorsOf(app)();
    for (const [index, path] of ["/", "/shop/cart", "/again", "/shop", "/other"].entries())
      expect(await read(browser, path)).toEqual({ views: index + 1 });
  });

  it("koa-static: files bring no cookie, and none where the session is read before them", async () => {
    const app = makeApp(Application);
    app.use(form.make(app));
    app.use((ctx: Koa.Context, next: Koa.Next) => (ctx.path === "/count" ? count(ctx) : next()));
    app.use((ctx: Koa.Context, next: Koa.Next) => {
      if (ctx.path.startsWith("/members/") && !ctx.session.views) return ctx.throw(401);
      return next();
    });
    app.use(mount("/members", serveFiles(files, { maxage: 600_000 })));
    app.use(serveFiles(files, { maxage: 600_000 }));
    const browser = visitorsOf(app)();
    const file = async (path: string, init: RequestInit = {}) => {
      const answer = await browser.visit(path, init);
      return [answer.status, await answer.text(), answer.headers.getSetCookie()];
    };
    expect(await file("/page.txt")).toEqual([200, "a page", []]);
    expect((await browser.visit("/members/page.txt")).status).toBe(401);
    await browser.visit("/count");
    expect(await file("/members/page.txt")).toEqual([200, "a page", []]);
    expect(await file("/members/page.txt", { method: "HEAD" })).toEqual([200, "", []]);
    expect(await read(browser, "/count")).toEqual({ views: 2 });
  });

  it("koa-static: a file that is sent after the session changed brings the cookie, whole", async () => {
    const app = makeApp(Application);
    app.use(form.make(app));
    app.use((ctx: Koa.Context, next: Koa.Next) => {
      if (ctx.path === "/seen") return show(ctx);
      ctx.session.seen = ctx.path;
      return next();
    });
    app.use(serveFiles(files));
    const browser = visitorsOf(app)();
    expect(await (await browser.visit("/page.txt")).text()).toBe("a page");
    expect(await read(browser, "/seen")).toEqual({ seen: "/page.txt" });
  });

  it.each(["outside", "inside"])(
    "koa-compress, %s of the session: the body is compressed, and the cookie comes with it",
    async (where) => {
      const app = makeApp(Application);
      const text = "session ".repeat(1000);
      const parts = [compress({ br: false, zstd: false }), form.make(app)];
      for (const part of where === "outside" ? parts : parts.toReversed()) app.use(part);
      app.use((ctx: Koa.Context) => {
        if (ctx.path === "/seen") return show(ctx);
        ctx.session.seen = ctx.path;
        ctx.body = text;
      });
      const browser = visitorsOf(app)();
      const answer = await browser.visit("/long", { headers: { "Accept-Encoding": "gzip" } });
      expect(answer.headers.get("Content-Encoding")).toBe("gzip");
      expect(answer.headers.get("Vary")?.toLowerCase()).toContain("accept-encoding");
      expect(answer.headers.getSetCookie().length).toBeGreaterThan(0);
      expect(await answer.text()).toBe(text);
      expect(await read(browser, "/seen")).toEqual({ seen: "/long" });
    },
  );

  describe("@koa/cors", () => {
    const [allowed, origin] = ["https://shop.example.com", { Origin: "https://shop.example.com" }];

    it.each(["outside", "inside"])("%s of the session: its headers are there, on errors, too", async (where) => {
      const app = makeApp(Application);
      const parts = [cors({ origin: allowed, credentials: true }), form.make(app)];
      for (const part of where === "outside" ? parts : parts.toReversed()) app.use(part);
      app.use(countThenNext);
      app.use((ctx: Koa.Context) => {
        if (ctx.path === "/forbidden") ctx.throw(403, "forbidden");
        if (ctx.path === "/broken") throw new Error("broken");
      });
      const browser = visitorsOf(app)();
      await browser.visit("/", { headers: origin });
      for (const [path, status] of [
        ["/", 200],
        ["/forbidden", 403],
        ["/broken", 500],
      ] as const) {
        const answer = await browser.visit(path, { headers: origin });
        expect(answer.status).toBe(status);
        expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(allowed);
        expect(answer.headers.get("Access-Control-Allow-Credentials")).toBe("true");
        expect(answer.headers.get("Vary")).toContain("Origin");
      }
    });

    it("a new visitor's session is there after an answer of an error", async () => {
      const app = makeApp(Application);
      app
        .use(cors({ origin: allowed, credentials: true }))
        .use(form.make(app))
        .use(countThenNext);
      app.use((ctx: Koa.Context) => {
        if (ctx.path === "/forbidden") ctx.throw(403, "forbidden");
      });
      const browser = visitorsOf(app)();
      const { status } = await browser.visit("/forbidden", { headers: origin });
      expect(status).toBe(403);
      // Koa drops the cookie that koa-session has set.
      if (!form.control) expect(await read(browser, "/")).toEqual({ views: 2 });
    });

    it("a preflight has no session", async () => {
      const app = makeApp(Application);
      app
        .use(form.make(app))
        .use(cors({ origin: allowed, credentials: true }))
        .use(count);
      const headers = { ...origin, "Access-Control-Request-Method": "PUT" };
      const browser = visitorsOf(app)();
      const answer = await browser.visit("/", { method: "OPTIONS", headers });
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([204, []]);
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(allowed);
      expect(new URL(ORIGIN).origin).not.toBe(allowed);
      expect(await read(browser, "/")).toEqual({ views: 1 });
    });
  });
});
