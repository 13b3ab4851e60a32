/** grant keeps its dance of OAuth 2 in the session: with a provider on this machine. */
import type Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { closeServers } from "../support/koa.ts";
import { EVERYWHERE, type Form } from "./forms.ts";
import { packages } from "./packages.ts";
import { CLIENT, startProvider } from "./provider.ts";
import { dataOf, follow, locationOf, makeApp, ORIGIN, post, read, step, visitorsOf } from "./visitors.ts";

const grant = packages("grant").koa();
const bodyParser = packages("koa-bodyparser");

afterAll(closeServers);

async function makeShop(Application: typeof Koa, form: Form) {
  const provider = await startProvider();
  const app = makeApp(Application);
  app.use(form.make(app));
  app.use(bodyParser());
  const shop = {
    key: CLIENT.id,
    secret: CLIENT.secret,
    authorize_url: provider.authorizeUrl,
    access_url: provider.tokenUrl,
    oauth: 2,
    scope: ["profile"],
    callback: "/hello",
    pkce: true,
    response: ["tokens", "raw"],
  };
  app.use(grant({ defaults: { origin: ORIGIN, transport: "session", state: true }, shop }));
  app.use((ctx: Koa.Context) => {
    if (ctx.path === "/put") ctx.session.cart = ["apple"];
    ctx.body = dataOf(ctx);
  });
  return { browser: visitorsOf(app)(), provider };
}

describe.each(EVERYWHERE)("%s, %s", (_koa, _name, form, Application) => {
  it("logs in, and the answer is in the session, beside what was there", async () => {
    const { browser, provider } = await makeShop(Application, form);
    await browser.visit("/put");
    const data = await (await follow(browser, await browser.visit("/connect/shop"))).json();
    expect(provider.log).toEqual({ given: 1, refused: [] });
    expect(data).toMatchObject({ cart: ["apple"], grant: { provider: "shop", response: { raw: { user: "ada" } } } });
    expect(await read(browser, "/hello")).toEqual(data);
    expect(await read(browser, "/hello")).toEqual(data);
  });

  it("takes what a form says of the provider", async () => {
    const { browser, provider } = await makeShop(Application, form);
    const data = await (await follow(browser, await post(browser, "/connect/shop", { scope: "email" }))).json();
    expect(data).toMatchObject({ grant: { dynamic: { scope: "email" }, response: { raw: { user: "ada" } } } });
    expect(provider.log).toEqual({ given: 1, refused: [] });
  });

  it("refuses a state that was tampered with", async () => {
    const { browser, provider } = await makeShop(Application, form);
    const back = locationOf(await step(browser, await browser.visit("/connect/shop")));
    expect(back.pathname).toBe("/connect/shop/callback");
    back.searchParams.set("state", "other");
    const data = await (await follow(browser, await browser.visit(back.pathname + back.search))).json();
    expect(data.grant.response).toEqual({ error: "Grant: OAuth2 state mismatch" });
    expect(provider.log).toEqual({ given: 0, refused: [] });
  });
});
