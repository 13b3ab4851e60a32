/** A form on another website: Chromium sends it without the session's cookie, and csrf() refuses it. */
import Koa from "koa";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { getSession, session } from "../../src/adapters/koa/index.ts";
import { csrf } from "../../src/csrf/koa.ts";
import { USER_COOKIE } from "../support/cookie-names.ts";
import { closeServers, listenOn } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { launch } from "./chromium.ts";
import { Window } from "./window.ts";

/** The forms that arrived: whether with a session's cookie, and who it was. */
const arrived: { cookie?: boolean; user?: string | undefined }[] = [];
let browser: Browser;
let [protectedPort, openPort, evilPort] = [0, 0, 0];

/** An application whose forms arrive in `arrived`. */
function application(more: (app: Koa) => void): Koa {
  const app = new Koa();
  app.use((ctx, next) => {
    if (ctx.method === "POST") arrived.push({ cookie: ctx.get("Cookie").includes(`${USER_COOKIE}=`) });
    return next();
  });
  more(app);
  app.use(session({ secrets: SECRET }));
  app.use((ctx) => {
    const visitor = getSession(ctx);
    if (ctx.path === "/login") visitor.login("ada");
    if (ctx.method === "POST") arrived.push({ user: visitor.subject });
    ctx.type = "html";
    ctx.body = `<p>${visitor.subject ?? "nobody"}</p><form method="post" action="/pay"><button>Pay</button></form>`;
  });
  return app;
}

beforeAll(async () => {
  browser = await launch();
  protectedPort = await listenOn(application((app) => app.use(csrf())).callback());
  openPort = await listenOn(application(() => {}).callback());
  const evil = new Koa();
  evil.use((ctx) => {
    ctx.type = "html";
    ctx.body = `<form method="post" action="${ctx.query.to}"><button>Win a phone</button></form>`;
  });
  evilPort = await listenOn(evil.callback());
});
afterAll(async () => {
  await browser?.close();
  await closeServers();
});

async function loggedIn(port: number): Promise<BrowserContext> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`http://localhost:${port}/login`);
  arrived.length = 0;
  return context;
}

/** Presses the button of an evil page, and gives what the visitor then sees. */
async function fallFor(context: BrowserContext, to: string): Promise<string> {
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${evilPort}/?to=${encodeURIComponent(to)}`);
  await page.getByRole("button").click();
  await page.waitForURL(to);
  return page.locator("body").innerText();
}

it("arrives with the cookie from the website itself", async () => {
  const context = await loggedIn(protectedPort);
  const page = await context.newPage();
  await page.goto(`http://localhost:${protectedPort}/`);
  await page.getByRole("button").click();
  await page.waitForURL("**/pay");
  expect(arrived).toEqual([{ cookie: true }, { user: "ada" }]);
});

it("arrives without it from another one, where it is nobody's", async () => {
  const seen = await fallFor(await loggedIn(openPort), `http://localhost:${openPort}/pay`);
  expect(seen).toContain("nobody");
  expect(arrived).toEqual([{ cookie: false }, { user: undefined }]);
});

it("and is refused by csrf()", async () => {
  const seen = await fallFor(await loggedIn(protectedPort), `http://localhost:${protectedPort}/pay`);
  expect(seen).toBe("Forbidden: this request came from another website");
  expect(arrived).toEqual([{ cookie: false }]);
});

it.each(["worker", "koa"] as const)("logs nobody out at the playground on %s", async (where) => {
  const { http } = inject("playgrounds")[where];
  const context = await browser.newContext();
  const window = await Window.open(context, `${http}/`);
  await window.logIn("Fay");
  expect(await fallFor(context, `${http}/logout`)).toContain("Forbidden");
  await window.reload();
  expect(await window.user()).toBe("Fay");
});
