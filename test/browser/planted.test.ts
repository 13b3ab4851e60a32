/** A script of the page, and a host below the website's, try to plant the cookies, to read them and to remove them: of visitors and of users. */
import Koa from "koa";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getSession, session } from "../../src/adapters/koa/index.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { closeServers, listenOn } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { launch } from "./chromium.ts";

/** The first Chromium that knows the prefix. To older ones it is `__Host-`, and a script can plant the cookie. */
const KNOWS_PREFIX = 140;
/** Like the cookies but for their prefix: what browsers let others do shows that the prefix is what keeps them from it. */
const CONTROL = "__Host-control";

let browser: Browser;
let [shop, evil] = ["", ""];
let setCookie: readonly string[] = [];

beforeAll(async () => {
  const app = new Koa();
  app.use(async (ctx, next) => {
    if (!ctx.hostname.startsWith("evil.")) return await next();
    ctx.set("Set-Cookie", [...setCookie]);
    ctx.body = "evil";
  });
  app.use(session({ secrets: SECRET }));
  app.use((ctx) => {
    const visitor = getSession<{ cart?: string }>(ctx);
    if (ctx.query.item) visitor.data.cart = String(ctx.query.item);
    if (ctx.query.name) visitor.login(String(ctx.query.name));
    ctx.body = `${visitor.subject ?? "nobody"} with ${visitor.data.cart ?? "nothing"}`;
  });
  const port = await listenOn(app.callback());
  shop = `http://shop.localhost:${port}/`;
  evil = `http://evil.shop.localhost:${port}/`;
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await closeServers();
});

async function open(address: string, context?: BrowserContext): Promise<Page> {
  const page = await (context ?? (await browser.newContext())).newPage();
  await page.goto(address);
  return page;
}

async function seen(page: Page): Promise<string> {
  await page.goto(shop);
  return page.locator("body").innerText();
}

/** The cookies that come to the shop, name and value. */
async function kept(page: Page): Promise<Record<string, string>> {
  const cookies = await page.context().cookies(shop);
  return Object.fromEntries(cookies.map(({ name, value }) => [name, value]));
}

/** Writes a cookie in both ways that a script has. Gives what the second one says of why it was refused; "" if it was not. */
async function write(page: Page, name: string, value: string, attributes = ""): Promise<string> {
  await page.evaluate(`document.cookie = ${JSON.stringify(`${name}=${value}; Secure; Path=/${attributes}`)}`);
  const cookie = JSON.stringify({ name, value, path: "/" });
  return (await page.evaluate(`cookieStore.set(${cookie}).then(() => "", (error) => error.message)`)) as string;
}

/** Mallory's own cookie, which opens. */
const CASES = [
  ["a visitor's", VISITOR_COOKIE, "?item=poison", "nobody with poison"],
  ["a user's", USER_COOKIE, "?name=mallory", "mallory with nothing"],
] as const;

it("is tried in a Chromium that knows the prefix", () => {
  expect(Number.parseInt(browser.version(), 10)).toBeGreaterThanOrEqual(KNOWS_PREFIX);
});

describe.each(CASES)("B2 %s cookie", (_whose, name, query, mallorys) => {
  async function ofMallory(): Promise<string> {
    const mallory = await open(shop + query);
    expect(await seen(mallory)).toBe(mallorys);
    return (await kept(mallory))[name] as string;
  }

  it("is planted by no script", async () => {
    const token = await ofMallory();
    const page = await open(shop);
    expect(await write(page, CONTROL, token)).toBe("");
    for (const attributes of ["", "; SameSite=Lax", "; HttpOnly", "; Domain=shop.localhost", "; Max-Age=3600"])
      expect(await write(page, name, token, attributes)).toContain("__Host-Http-");
    expect(await kept(page)).toEqual({ [CONTROL]: token });
    expect(await seen(page)).toBe("nobody with nothing");
  });

  it("is read, replaced and removed by no script", async () => {
    const token = await ofMallory();
    const page = await open(shop + query.replace("mallory", "ada").replace("poison", "apple"));
    const before = await kept(page);
    expect(Object.keys(before)).toEqual([name]);
    await write(page, CONTROL, "1");
    expect(await page.evaluate("document.cookie")).toBe(`${CONTROL}=1`);
    expect(await page.evaluate("cookieStore.getAll().then((all) => all.map(({ name }) => name))")).toEqual([CONTROL]);
    await write(page, name, token);
    await write(page, name, "", "; Max-Age=0");
    for (const one of [name, CONTROL]) await page.evaluate(`cookieStore.delete("${one}").catch(() => {})`);
    expect(await kept(page)).toEqual(before);
    expect(await seen(page)).toBe(mallorys.replace("mallory", "ada").replace("poison", "apple"));
  });

  it("is planted by no host below the website's", async () => {
    const token = await ofMallory();
    const page = await open(shop);
    const everywhere = "; Domain=shop.localhost; Path=/; Secure; HttpOnly";
    setCookie = [
      `${name}=${token}${everywhere}`,
      `__Secure-control=1${everywhere}`,
      `${name}=${token}; Path=/; Secure; HttpOnly`,
    ];
    const below = await open(evil, page.context());
    await write(below, name, token, "; Domain=shop.localhost");
    expect(await kept(page)).toEqual({ "__Secure-control": "1" });
    expect(await seen(page)).toBe("nobody with nothing");
  });
});
