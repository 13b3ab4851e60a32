/** The program of koa-passport's README, with passport-local: everything that a visitor sees of logging in and out. */
import { setTimeout } from "node:timers/promises";
import type Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import type { Browser } from "../support/browser.ts";
import { closeServers } from "../support/koa.ts";
import { EVERYWHERE, type Form } from "./forms.ts";
import { packages } from "./packages.ts";
import { dataOf, follow, locationOf, makeApp, post, read, visitorsOf } from "./visitors.ts";

const bodyParser = packages("koa-bodyparser");
const Router = packages("@koa/router").Router;
const passportOfAll = packages("koa-passport");
const { KoaPassport } = passportOfAll;
const { Strategy } = packages("passport-local");

afterAll(closeServers);

const ADA = { username: "ada", password: "lovelace" };
const GRACE = { username: "grace", password: "hopper" };
const NOBODY = { authenticated: false, unauthenticated: true, user: null };
const SLOW_MS = 80;

type Done = (error: unknown, result?: unknown, info?: object) => void;

interface Account {
  readonly id: number;
  readonly username: string;
}

/** Makes passport know the users by name and password, and by id. */
function prepare(passport: typeof passportOfAll, accounts: Account[] = [account(1, ADA), account(2, GRACE)]) {
  passport.serializeUser((user: Account, done: Done) => done(null, user.id));
  passport.deserializeUser((id: number, done: Done) => done(null, accounts.find((one) => one.id === id) ?? false));
  const passwords = new Map([ADA, GRACE].map(({ username, password }) => [username, password]));
  const verify = (username: string, password: string, done: Done) => {
    const found = passwords.get(username) === password && accounts.find((one) => one.username === username);
    return found ? done(null, found) : done(null, false, { message: "Wrong name or password." });
  };
  passport.use(new Strategy(verify));
  return { passport, accounts };
}

function account(id: number, { username }: { username: string }): Account {
  return { id, username };
}

const me = (ctx: Koa.Context) => ({
  authenticated: ctx.isAuthenticated(),
  unauthenticated: ctx.isUnauthenticated(),
  user: ctx.state.user?.username ?? null,
});
const known = ({ username }: { username: string }) => ({ authenticated: true, unauthenticated: false, user: username });

/** Resolves when so many have asked for it. */
function gathering(count: number): () => Promise<void> {
  let open = () => {};
  let waiting = count;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return () => {
    if (--waiting === 0) open();
    return opened;
  };
}

function makeShop(
  Application: typeof Koa,
  form: Form,
  { wait = undefined as (() => Promise<void>) | undefined, singleton = false } = {},
) {
  const { passport, accounts } = prepare(singleton ? passportOfAll : new KoaPassport());
  const app = makeApp(Application);
  app.use(bodyParser());
  app.use(form.make(app, wait));
  app.use(passport.initialize());
  app.use(passport.session());
  const router = new Router();
  const after = { successRedirect: "/me", failureRedirect: "/login", failureMessage: true };
  router.post("/login", passport.authenticate("local", after));
  router.post("/login/keeping", passport.authenticate("local", { ...after, keepSessionInfo: true }));
  router.post(
    "/login/returning",
    passport.authenticate("local", { ...after, keepSessionInfo: true, successReturnToOrRedirect: "/me" }),
  );
  router.post("/login/plain", passport.authenticate("local"), (ctx: Koa.Context) => (ctx.body = me(ctx)));
  router.get("/login", (ctx: Koa.Context) => (ctx.body = ctx.session.messages ?? []));
  router.post("/logout", async (ctx: Koa.Context) => {
    await ctx.logout();
    ctx.body = me(ctx);
  });
  router.post("/logout/keeping", async (ctx: Koa.Context) => {
    await ctx.logout({ keepSessionInfo: true });
    ctx.redirect("/me");
  });
  router.get("/me", (ctx: Koa.Context) => (ctx.body = me(ctx)));
  router.get("/data", (ctx: Koa.Context) => (ctx.body = dataOf(ctx)));
  router.post("/put/:key", (ctx: Koa.Context) => {
    ctx.session[ctx.params.key] = true;
    ctx.body = "put";
  });
  router.get("/members", (ctx: Koa.Context) => {
    ctx.body = "for members";
    if (ctx.isAuthenticated()) return;
    ctx.session.returnTo = "/members";
    ctx.redirect("/login");
  });
  const together = gathering(2);
  router.post("/together/:key", async (ctx: Koa.Context) => {
    void ctx.session.anything;
    await together();
    ctx.session[ctx.params.key] = true;
    ctx.body = "put";
  });
  const hold = { begun: () => {}, goOn: Promise.resolve() };
  const heldBack = async (ctx: Koa.Context, next: Koa.Next) => {
    void ctx.session.anything;
    hold.begun();
    await hold.goOn;
    await next();
  };
  router.post("/held/put", heldBack, (ctx: Koa.Context) => {
    ctx.session.late = true;
    ctx.body = me(ctx);
  });
  router.post("/held/login", heldBack, passport.authenticate("local", { ...after, keepSessionInfo: true }));
  router.post("/held/logout", heldBack, async (ctx: Koa.Context) => {
    await ctx.logout();
    ctx.redirect("/me");
  });
  /** Sends a form whose handler waits after it read the session, does something meanwhile, and takes the answer. */
  const during = async (browser: Browser, path: string, fields: Record<string, string>, act: () => Promise<unknown>) => {
    let goOn = () => {};
    hold.goOn = new Promise((resolve) => {
      goOn = resolve;
    });
    const begun = new Promise<void>((resolve) => {
      hold.begun = resolve;
    });
    const answering = browser.ask(path, { method: "POST", body: new URLSearchParams(fields) });
    await begun;
    await act();
    goOn();
    const answer = await answering;
    browser.receive(answer);
    return answer.status;
  };
  app.use(router.routes());
  const newBrowser = visitorsOf(app);
  return { newBrowser, accounts, during };
}

const isKnownAs = async (browser: Browser, user: { username: string }) => expect(await read(browser, "/me")).toEqual(known(user));
const isNobody = async (browser: Browser) => expect(await read(browser, "/me")).toEqual(NOBODY);

describe.each(EVERYWHERE)("%s, %s", (_koa, _name, form, Application) => {
  it("the README's program, with the passport that everybody shares", async () => {
    const browser = makeShop(Application, form, { singleton: true }).newBrowser();
    await isNobody(browser);
    await follow(browser, await post(browser, "/login", ADA));
    await isKnownAs(browser, ADA);
    await post(browser, "/logout");
    await isNobody(browser);
  });

  it("a wrong password logs nobody in, and what is said of it is there in the next request", async () => {
    const browser = makeShop(Application, form).newBrowser();
    const answer = await post(browser, "/login", { ...ADA, password: "byron" });
    expect([answer.status, locationOf(answer).pathname]).toEqual([302, "/login"]);
    await post(browser, "/login", { ...ADA, password: "babbage" });
    expect(await read(browser, "/login")).toEqual(Array(2).fill("Wrong name or password."));
    await isNobody(browser);
    expect((await post(browser, "/login/plain", { ...ADA, password: "byron" })).status).toBe(401);
    expect((await browser.visit("/members")).status).toBe(302);
  });

  it("a login redirects, and the next request is logged in at once, however slow the store is", async () => {
    const browser = makeShop(Application, form, { wait: () => setTimeout(SLOW_MS) }).newBrowser();
    await post(browser, "/put/cart");
    const answer = await post(browser, "/login", ADA);
    expect([answer.status, locationOf(answer).pathname]).toEqual([302, "/me"]);
    await isKnownAs(browser, ADA);
    await post(browser, "/logout");
    await isNobody(browser);
  });

  it("the request that logs in is logged in, and the one that logs out is not any more", async () => {
    const browser = makeShop(Application, form).newBrowser();
    expect(await (await post(browser, "/login/plain", ADA)).json()).toEqual(known(ADA));
    await isKnownAs(browser, ADA);
    expect(await (await post(browser, "/logout")).json()).toEqual(NOBODY);
    await isNobody(browser);
  });

  it("a login has another cookie, and the visitor's old one brings nobody", async () => {
    const browser = makeShop(Application, form).newBrowser();
    await post(browser, "/put/cart");
    const planted = browser.copy();
    await post(browser, "/login/keeping", ADA);
    expect(browser.cookieHeader()).not.toBe(planted.cookieHeader());
    await isNobody(planted);
    if (form.stored) expect(await read(planted, "/data")).toEqual({});
    await isKnownAs(browser, ADA);
  });

  it("a login ends what the visitor had, and with keepSessionInfo takes it along", async () => {
    const { newBrowser } = makeShop(Application, form);
    for (const [path, stays] of [
      ["/login", form.asKoaSession],
      ["/login/keeping", true],
    ] as const) {
      const browser = newBrowser();
      await post(browser, "/put/cart");
      await post(browser, path, ADA);
      await isKnownAs(browser, ADA);
      expect(await read(browser, "/data")).toEqual({ ...(stays && { cart: true }), passport: { user: 1 } });
    }
  });

  it("with keepSessionInfo goes back to the page that asked for a login, once", async () => {
    const browser = makeShop(Application, form).newBrowser();
    await browser.visit("/members");
    const answer = await post(browser, "/login/returning", ADA);
    expect(locationOf(answer).pathname).toBe("/members");
    expect(await (await follow(browser, answer)).text()).toBe("for members");
    expect(await read(browser, "/data")).toEqual({ passport: { user: 1 } });
    await isKnownAs(browser, ADA);
  });

  it("a login takes the place of another user's", async () => {
    const browser = makeShop(Application, form).newBrowser();
    await post(browser, "/login", ADA);
    const before = browser.copy();
    await post(browser, "/login", GRACE);
    await isKnownAs(browser, GRACE);
    if (form.stored) await isNobody(before);
  });

  it("a logout ends the session, and its old cookie", async () => {
    const browser = makeShop(Application, form).newBrowser();
    await post(browser, "/login", ADA);
    await post(browser, "/put/cart");
    const stolen = browser.copy();
    await post(browser, "/logout");
    await isNobody(browser);
    expect(await read(browser, "/data")).toEqual(form.asKoaSession ? { cart: true, passport: {} } : {});
    if (form.stored) {
      await isNobody(stolen);
      expect(await read(stolen, "/data")).toEqual({});
    }
    await post(browser, "/login", GRACE);
    await isKnownAs(browser, GRACE);
  });

  it("a logout with keepSessionInfo keeps what is there, but for the user", async () => {
    const browser = makeShop(Application, form).newBrowser();
    await post(browser, "/login", ADA);
    await post(browser, "/put/cart");
    const stolen = browser.copy();
    await follow(browser, await post(browser, "/logout/keeping"));
    await isNobody(browser);
    expect(await read(browser, "/data")).toEqual({ cart: true, passport: {} });
    if (form.stored) await isNobody(stolen);
  });

  it("a user that is no more is nobody, and the session forgets the id", async () => {
    const { newBrowser, accounts } = makeShop(Application, form);
    const browser = newBrowser();
    await post(browser, "/login", ADA);
    const [gone] = accounts.splice(0, 1);
    await isNobody(browser);
    accounts.push(gone as Account);
    await isNobody(browser);
  });

  it("two requests at once of a user who is logged in keep the login, and both keys", async () => {
    const browser = makeShop(Application, form).newBrowser();
    await post(browser, "/login", ADA);
    const answers = await Promise.all(["left", "right"].map((key) => browser.ask(`/together/${key}`, { method: "POST" })));
    for (const answer of answers) browser.receive(answer);
    await isKnownAs(browser, ADA);
    const { passport, ...keys } = await read(browser, "/data");
    expect(passport).toEqual({ user: 1 });
    if (form.merges) expect(keys).toEqual({ left: true, right: true });
    else expect(Object.keys(keys).length).toBeGreaterThan(0);
  });

  it("a form sent twice at once logs in, and a logout sent twice logs out", async () => {
    const browser = makeShop(Application, form, { wait: () => setTimeout(5) }).newBrowser();
    await post(browser, "/put/cart");
    const twice = async (path: string, fields: Record<string, string>) => {
      const init = () => ({ method: "POST", body: new URLSearchParams(fields) });
      const answers = await Promise.all([browser.ask(path, init()), browser.ask(path, init())]);
      for (const answer of answers) browser.receive(answer);
      return answers.map(({ status }) => status);
    };
    expect(await twice("/login/keeping", ADA)).toEqual([302, 302]);
    await isKnownAs(browser, ADA);
    expect(await twice("/logout/keeping", {})).toEqual([302, 302]);
    await isNobody(browser);
  });

  // koa-session, and a store of three methods, write the whole session back.
  if (form.merges)
    it("a request that is answered after a logout brings nobody back", async () => {
      const { newBrowser, during } = makeShop(Application, form);
      const browser = newBrowser();
      await post(browser, "/login", ADA);
      const stolen = browser.copy();
      await during(browser, "/held/put", {}, () => post(browser, "/logout"));
      await isNobody(browser);
      await isNobody(stolen);
    });

  it("a logout, and a login, of a session that ended meanwhile is none that fails", async () => {
    const { newBrowser, during } = makeShop(Application, form);
    const browser = newBrowser();
    await post(browser, "/login", ADA);
    expect(await during(browser, "/held/logout", {}, () => post(browser, "/logout"))).toBe(302);
    await isNobody(browser);
    await post(browser, "/login", ADA);
    expect(await during(browser, "/held/login", GRACE, () => post(browser, "/logout"))).toBe(302);
    await isKnownAs(browser, GRACE);
  });
});
