/** koa-redis, and koa-generic-session: the stores that Koa's applications have, and the middleware they came from. */
import type Koa from "koa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { session } from "../../src/adapters/koa/index.ts";
import { closeServers } from "../support/koa.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { SECRET } from "../support/secrets.ts";
import { EVERYWHERE, KOA_SESSIONS, KOAS } from "./forms.ts";
import { packages } from "./packages.ts";
import { dataOf, makeApp, post, read, visitorsOf } from "./visitors.ts";

const bodyParser = packages("koa-bodyparser");
const genericSession = packages("koa-generic-session");
const mount = packages("koa-mount");
const Router = packages("@koa/router").Router;
const { KoaPassport } = packages("koa-passport");
const { Strategy } = packages("passport-local");
const koaRedis = packages("koa-redis");

type Done = (error: unknown, result?: unknown) => void;
type Make = (app: Koa) => Koa.Middleware;

let server: RedisServer;
const clients: { quit(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await closeServers();
  await Promise.all(clients.map((client) => client.quit()));
  await server?.stop();
});

/** koa-redis, as its README makes it. */
function redis(options: object = {}) {
  const store = koaRedis({ host: "127.0.0.1", port: server.port, ...options });
  clients.push(store);
  return store;
}

/** koa-redis as a store of three methods, which keep a text. */
function threeMethods() {
  const store = redis({ serialize: String, unserialize: String });
  return {
    load: (id: string) => store.get(id),
    save: (id: string, data: string, expiry?: { maxAge: number }) =>
      store.set(id, data, expiry === undefined ? undefined : expiry.maxAge * 1000),
    remove: (id: string) => store.destroy(id),
  };
}

const MAKES: [string, Make][] = [
  ["app.keys", () => session({ store: threeMethods() }) as unknown as Koa.Middleware],
  ["secrets", () => session({ secrets: SECRET, store: threeMethods() }) as unknown as Koa.Middleware],
  ...KOA_SESSIONS.flatMap(([name, make]): [string, Make][] => [
    [name, (app) => make({ store: redis() }, app)],
    [`${name}, with koa-generic-session's MemoryStore`, (app) => make({ store: new genericSession.MemoryStore() }, app)],
  ]),
];

function makeShop(Application: typeof Koa, make: Make) {
  const passport = new KoaPassport();
  passport.serializeUser((user: { name: string }, done: Done) => done(null, user.name));
  passport.deserializeUser((name: string, done: Done) => done(null, { name }));
  passport.use(new Strategy((name: string, _password: string, done: Done) => done(null, { name })));
  const app = makeApp(Application);
  app.use(bodyParser()).use(make(app)).use(passport.initialize()).use(passport.session());
  const router = new Router();
  router.post("/login", passport.authenticate("local", { successRedirect: "/me", keepSessionInfo: true }));
  router.post("/logout", async (ctx: Koa.Context) => {
    await ctx.logout();
    ctx.redirect("/me");
  });
  router.post("/put/:key", (ctx: Koa.Context) => {
    ctx.session[ctx.params.key] = { deep: ["ä", 1.5, null] };
    ctx.body = "put";
  });
  router.get("/me", (ctx: Koa.Context) => {
    ctx.body = { user: ctx.state.user?.name ?? null };
  });
  router.get("/data", (ctx: Koa.Context) => {
    ctx.body = dataOf(ctx);
  });
  app.use(router.routes());
  return visitorsOf(app);
}

describe.each(KOAS.flatMap(([koa, Application]) => MAKES.map(([name, make]) => [koa, name, make, Application] as const)))(
  "%s, %s",
  (_koa, _name, make, Application) => {
    it("sessions in the store log in and out, and old cookies are good for nothing", async () => {
      const newBrowser = makeShop(Application, make);
      const browser = newBrowser();
      await post(browser, "/put/cart");
      const cart = { deep: ["ä", 1.5, null] };
      expect(await read(browser, "/data")).toEqual({ cart });
      const planted = browser.copy();
      await post(browser, "/login", { username: "ada", password: "-" });
      expect(await read(browser, "/me")).toEqual({ user: "ada" });
      expect(await read(browser, "/data")).toEqual({ cart, passport: { user: "ada" } });
      expect(await read(planted, "/data")).toEqual({});
      const stolen = browser.copy();
      await post(browser, "/logout");
      for (const one of [browser, stolen]) expect(await read(one, "/me")).toEqual({ user: null });
      expect(await read(newBrowser(), "/data")).toEqual({});
    });
  },
);

describe.each(EVERYWHERE)("%s, %s", (_koa, _name, form, Application) => {
  // koa-session puts ctx.session on all contexts of the application, so that koa-generic-session takes it for one that is there.
  if (!form.asKoaSession)
    it("koa-generic-session goes on beside it, under a path of its own", async () => {
      const app = makeApp(Application);
      const show = (ctx: Koa.Context) => {
        ctx.session.views = (ctx.session.views ?? 0) + 1;
        ctx.body = { views: ctx.session.views };
      };
      const [before, now] = [makeApp(Application), makeApp(Application)];
      before.use(genericSession()).use(show);
      now.use(form.make(app)).use(show);
      app.use(mount("/before", before)).use(mount("/now", now));
      const browser = visitorsOf(app)();
      for (const views of [1, 2]) for (const path of ["/before", "/now"]) expect(await read(browser, path)).toEqual({ views });
    });

  it("koa-generic-session leaves a session alone that is there", async () => {
    const app = makeApp(Application);
    app.use(form.make(app)).use(genericSession());
    app.use((ctx: Koa.Context) => {
      ctx.session.views = (ctx.session.views ?? 0) + 1;
      ctx.body = { views: ctx.session.views };
    });
    const browser = visitorsOf(app)();
    for (const views of [1, 2]) expect(await read(browser, "/")).toEqual({ views });
    expect([...browser.cookies.keys()].some((name) => name.startsWith("koa.sid"))).toBe(false);
  });
});
