/** A partitioned cookie: Chromium keeps one for each website that shows ours in a frame. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import Koa from "koa";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { session } from "../../src/adapters/koa/index.ts";
import { VISITOR_COOKIE } from "../support/cookie-names.ts";
import { SECRET } from "../support/secrets.ts";
import { launch } from "./chromium.ts";

let browser: Browser;
let server: Server;
let port = 0;

beforeAll(async () => {
  const app = new Koa();
  // Any website shows the counter in a frame.
  app.use(async (ctx, next) => {
    if (ctx.path === "/favicon.ico") return;
    if (ctx.path !== "/shop") return next();
    ctx.type = "html";
    ctx.body = `<!doctype html><iframe title="counter" src="https://counter.localhost:${port}${ctx.query.show}"></iframe>`;
  });
  const both = { secrets: SECRET, absoluteTimeout: 3600 };
  const partitioned = session<{ views: number }>({ ...both, cookie: { partitioned: true, sameSite: "none" } });
  const lax = session<{ views: number }>({ ...both, name: "lax" });
  app.use((ctx, next) => (ctx.path === "/lax" ? lax : partitioned)(ctx as never, next));
  app.use((ctx) => {
    ctx.session.views = (ctx.session.views ?? 0) + 1;
    ctx.body = `${ctx.session.views} views`;
  });
  const { key, cert } = inject("certificate");
  server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, app.callback());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  server?.close().closeAllConnections();
});

/** What a frame in a website shows. */
async function frameIn(context: BrowserContext, site: string, show: string): Promise<string> {
  const page = await context.newPage();
  await page.goto(`https://${site}.localhost:${port}/shop?show=${show}`);
  const text = await page.frameLocator("iframe").locator("body").innerText();
  await page.close();
  return text;
}

it("counts apart in each website, and where it is opened by itself", async () => {
  const context = await browser.newContext();
  const seen: string[] = [];
  for (const site of ["one", "one", "two", "one"]) seen.push(await frameIn(context, site, "/"));
  expect(seen).toEqual(["1 views", "2 views", "1 views", "3 views"]);
  const page = await context.newPage();
  await page.goto(`https://counter.localhost:${port}/`);
  expect(await page.locator("body").innerText()).toBe("1 views");

  const kept = await context.cookies();
  const shared = {
    name: VISITOR_COOKIE,
    domain: "counter.localhost",
    path: "/",
    secure: true,
    httpOnly: true,
    sameSite: "None",
  };
  for (const cookie of kept) expect(cookie).toMatchObject(shared);
  const keys = kept.map(({ partitionKey }) => partitionKey);
  expect(keys.sort()).toEqual(["https://counter.localhost", "https://one.localhost", "https://two.localhost"]);
});

it("is what a frame needs: the cookie of a frame from another website is else neither kept nor sent", async () => {
  const context = await browser.newContext();
  expect([await frameIn(context, "one", "/lax"), await frameIn(context, "one", "/lax")]).toEqual(["1 views", "1 views"]);
  expect(await context.cookies()).toEqual([]);
});
