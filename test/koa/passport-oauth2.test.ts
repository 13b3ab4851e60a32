/** OAuth 2 with state and PKCE, which passport-oauth2 keeps in the session: with a provider on this machine. */
import type Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import type { Browser } from "../support/browser.ts";
import { closeServers } from "../support/koa.ts";
import { EVERYWHERE, type Form } from "./forms.ts";
import { packages } from "./packages.ts";
import { CLIENT, type Provider, startProvider } from "./provider.ts";
import { dataOf, follow, locationOf, makeApp, ORIGIN, post, read, step, visitorsOf } from "./visitors.ts";

const Router = packages("@koa/router").Router;
const { KoaPassport } = packages("koa-passport");
const OAuth2Strategy = packages("passport-oauth2").Strategy;

afterAll(closeServers);

type Done = (error: unknown, result?: unknown) => void;

async function makeShop(Application: typeof Koa, form: Form) {
  const provider = await startProvider();
  const passport = new KoaPassport();
  passport.serializeUser((user: { name: string }, done: Done) => done(null, user.name));
  passport.deserializeUser((name: string, done: Done) => done(null, { name }));
  passport.use(strategyFor(provider));
  const app = makeApp(Application);
  app.use(form.make(app));
  app.use(passport.initialize());
  app.use(passport.session());
  const router = new Router();
  router.get("/auth", passport.authenticate("oauth2"));
  router.get("/auth/callback", passport.authenticate("oauth2", { successRedirect: "/me", keepSessionInfo: true }));
  router.get("/me", (ctx: Koa.Context) => (ctx.body = { user: ctx.state.user?.name ?? null }));
  router.get("/data", (ctx: Koa.Context) => (ctx.body = dataOf(ctx)));
  router.post("/put/:key", (ctx: Koa.Context) => {
    ctx.session[ctx.params.key] = true;
    ctx.body = "put";
  });
  router.post("/logout", async (ctx: Koa.Context) => {
    await ctx.logout();
    ctx.redirect("/me");
  });
  app.use(router.routes());
  return { newBrowser: visitorsOf(app), provider };
}

function strategyFor({ authorizeUrl, tokenUrl }: Provider) {
  const options = {
    authorizationURL: authorizeUrl,
    tokenURL: tokenUrl,
    clientID: CLIENT.id,
    clientSecret: CLIENT.secret,
    callbackURL: "/auth/callback",
    state: true,
    pkce: true,
  };
  const verify = (_access: string, _refresh: string, params: { user: string }, _profile: object, done: Done) =>
    done(null, { name: params.user });
  return new OAuth2Strategy(options, verify);
}

/** Goes to the provider and comes back as far as the door: gives where the provider sends the browser. */
async function comeBack(browser: Browser): Promise<URL> {
  const back = locationOf(await step(browser, await browser.visit("/auth")));
  expect(back.origin + back.pathname).toBe(`${ORIGIN}/auth/callback`);
  return back;
}

const arrive = (browser: Browser, { pathname, search }: URL) => browser.visit(pathname + search);
const isNobody = async (browser: Browser) => expect(await read(browser, "/me")).toEqual({ user: null });

describe.each(EVERYWHERE)("%s, %s", (_koa, _name, form, Application) => {
  it("logs in, under another id, and leaves nothing of the dance in the session", async () => {
    const { newBrowser, provider } = await makeShop(Application, form);
    const browser = newBrowser();
    await post(browser, "/put/cart");
    const planted = browser.copy();
    const toProvider = await browser.visit("/auth");
    const asked = locationOf(toProvider).searchParams;
    expect([asked.get("code_challenge_method"), asked.get("redirect_uri")]).toEqual(["S256", `${ORIGIN}/auth/callback`]);
    const during = browser.copy();
    expect(await (await follow(browser, toProvider)).json()).toEqual({ user: "ada" });
    expect(provider.log).toEqual({ given: 1, refused: [] });
    expect(await read(browser, "/data")).toEqual({ cart: true, passport: { user: "ada" } });
    for (const old of [planted, during]) await isNobody(old);
    if (form.stored) for (const old of [planted, during]) expect(await read(old, "/data")).toEqual({});
    await follow(browser, await post(browser, "/logout"));
    await isNobody(browser);
  });

  it("refuses a state that was tampered with, and after that the right one, too", async () => {
    const { newBrowser, provider } = await makeShop(Application, form);
    const browser = newBrowser();
    const back = await comeBack(browser);
    const tampered = new URL(back);
    tampered.searchParams.set("state", `${back.searchParams.get("state")}x`);
    expect((await arrive(browser, tampered)).status).toBe(403);
    expect((await arrive(browser, back)).status).toBe(403);
    await isNobody(browser);
    expect(provider.log).toEqual({ given: 0, refused: [] });
    await follow(browser, await browser.visit("/auth"));
    expect(await read(browser, "/me")).toEqual({ user: "ada" });
  });

  it("refuses a callback in another browser, be it a new one or on its own way in", async () => {
    const { newBrowser, provider } = await makeShop(Application, form);
    const [attacker, victim, other] = [newBrowser(), newBrowser(), newBrowser()];
    provider.become("mallory");
    const back = await comeBack(attacker);
    provider.become("ada");
    await comeBack(victim);
    for (const browser of [victim, other]) {
      expect((await arrive(browser, back)).status).toBe(403);
      await isNobody(browser);
    }
    expect(provider.log).toEqual({ given: 0, refused: [] });
  });

  it("refuses a code of another browser's with a state of its own: the provider asks for the verifier", async () => {
    const { newBrowser, provider } = await makeShop(Application, form);
    const [attacker, victim] = [newBrowser(), newBrowser()];
    provider.become("mallory");
    const theirs = await comeBack(attacker);
    const own = await comeBack(victim);
    own.searchParams.set("code", theirs.searchParams.get("code") ?? "");
    expect((await arrive(victim, own)).status).toBe(500);
    await isNobody(victim);
    expect(provider.log).toEqual({ given: 0, refused: ["code_verifier"] });
  });

  it("refuses the same callback a second time, and stays logged in", async () => {
    const { newBrowser, provider } = await makeShop(Application, form);
    const browser = newBrowser();
    const back = await comeBack(browser);
    expect(await (await follow(browser, await arrive(browser, back))).json()).toEqual({ user: "ada" });
    expect((await arrive(browser, back)).status).toBe(403);
    expect(await read(browser, "/me")).toEqual({ user: "ada" });
    expect(provider.log).toEqual({ given: 1, refused: [] });
  });
});
