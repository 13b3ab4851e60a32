/** Passport's login and the library's own together: passport says who it is, and the library knows all sessions of that user. */
import type Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { getSession, session } from "../../src/adapters/koa/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { closeServers } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { KOAS } from "./forms.ts";
import { packages } from "./packages.ts";
import { makeApp, post, read, visitorsOf } from "./visitors.ts";

const bodyParser = packages("koa-bodyparser");
const Router = packages("@koa/router").Router;
const { KoaPassport } = packages("koa-passport");
const { Strategy } = packages("passport-local");

afterAll(closeServers);

type Done = (error: unknown, result?: unknown) => void;

interface User {
  readonly id: number;
  readonly name: string;
}

const USERS: User[] = [
  { id: 1, name: "ada" },
  { id: 2, name: "grace" },
];

function makeShop(Application: typeof Koa) {
  const passport = new KoaPassport();
  passport.serializeUser((user: User, done: Done) => done(null, user.id));
  passport.deserializeUser((id: number, done: Done) => done(null, USERS.find((user) => user.id === id) ?? false));
  passport.use(
    new Strategy((name: string, _password: string, done: Done) =>
      done(
        null,
        USERS.find((user) => user.name === name),
      ),
    ),
  );
  const middleware = session({ secrets: SECRET, store: memory() });
  const app = makeApp(Application);
  app.use(bodyParser());
  app.use(middleware as unknown as Koa.Middleware);
  app.use(passport.initialize());
  app.use(passport.session());
  const router = new Router();
  router.post("/login", (ctx: Koa.Context, next: Koa.Next) =>
    passport.authenticate("local", async (error: unknown, user: User | undefined) => {
      if (error || !user) return ctx.throw(401);
      await ctx.login(user);
      getSession(ctx).login(String(user.id));
      ctx.redirect("/me");
    })(ctx, next),
  );
  router.post("/logout", async (ctx: Koa.Context) => {
    await ctx.logout();
    ctx.redirect("/me");
  });
  router.get("/me", (ctx: Koa.Context) => {
    ctx.body = { user: ctx.state.user?.name ?? null, subject: getSession(ctx).subject ?? null };
  });
  router.post("/put/:key", (ctx: Koa.Context) => {
    ctx.session[ctx.params.key] = true;
    ctx.body = "put";
  });
  app.use(router.routes());
  return { newBrowser: visitorsOf(app), sessions: middleware.sessions };
}

const ADA = { username: "ada", password: "-" };
const GRACE = { username: "grace", password: "-" };
const NOBODY = { user: null, subject: null };

describe.each(KOAS)("%s", (_koa, Application) => {
  it("a login is of the user, in both, in the next request", async () => {
    const { newBrowser, sessions } = makeShop(Application);
    const browser = newBrowser();
    await post(browser, "/put/cart");
    const planted = browser.copy();
    expect((await post(browser, "/login", ADA)).status).toBe(302);
    expect(await read(browser, "/me")).toEqual({ user: "ada", subject: "1" });
    expect(await read(planted, "/me")).toEqual(NOBODY);
    expect(await sessions.list("1")).toHaveLength(1);
  });

  it("lists a user's sessions, and ends all of them and no other's", async () => {
    const { newBrowser, sessions } = makeShop(Application);
    const [phone, laptop, other] = [newBrowser(), newBrowser(), newBrowser()];
    for (const browser of [phone, laptop]) await post(browser, "/login", ADA);
    await post(other, "/login", GRACE);
    expect([(await sessions.list("1")).length, (await sessions.list("2")).length]).toEqual([2, 1]);
    await sessions.revokeAll("1");
    for (const browser of [phone, laptop]) expect(await read(browser, "/me")).toEqual(NOBODY);
    expect(await read(other, "/me")).toEqual({ user: "grace", subject: "2" });
    expect(await sessions.list("1")).toEqual([]);
  });

  it("passport's logout ends the session of the user, and that one alone", async () => {
    const { newBrowser, sessions } = makeShop(Application);
    const [phone, laptop] = [newBrowser(), newBrowser()];
    for (const browser of [phone, laptop]) await post(browser, "/login", ADA);
    const stolen = phone.copy();
    await post(phone, "/logout");
    for (const browser of [phone, stolen]) expect(await read(browser, "/me")).toEqual(NOBODY);
    expect(await read(laptop, "/me")).toEqual({ user: "ada", subject: "1" });
    expect(await sessions.list("1")).toHaveLength(1);
  });

  it("a login again takes the place of the session that was there", async () => {
    const { newBrowser, sessions } = makeShop(Application);
    const browser = newBrowser();
    await post(browser, "/login", ADA);
    await post(browser, "/login", ADA);
    expect(await sessions.list("1")).toHaveLength(1);
    await post(browser, "/login", GRACE);
    expect(await read(browser, "/me")).toEqual({ user: "grace", subject: "2" });
    expect([(await sessions.list("1")).length, (await sessions.list("2")).length]).toEqual([0, 1]);
  });
});
