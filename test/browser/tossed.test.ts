/** Cookies without a prefix, beside which a page of the same host can put another one at a deeper path: it is sent first. */
import Koa from "koa";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { getSession, session } from "../../src/adapters/koa/index.ts";
import type { SessionEvent } from "../../src/manager/events.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { closeServers, listenOn } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { launch } from "./chromium.ts";

const events: SessionEvent[] = [];
let [browser, origin]: [Browser | undefined, string] = [undefined, ""];

beforeAll(async () => {
  const app = new Koa();
  const cookie = { secure: false, httpOnly: true };
  app.use(session({ secrets: SECRET, store: memory(), cookie, onEvent: (event) => events.push(event) }));
  app.use((ctx) => {
    const visitor = getSession(ctx);
    if (ctx.path.endsWith("/login")) visitor.login(String(ctx.query.name));
    if (ctx.path === "/logout") visitor.logout();
    const sent = (ctx.get("Cookie").match(/(^|; )session-user=/g) ?? []).length;
    ctx.body = `${visitor.subject ?? "nobody"}, ${sent} cookies`;
  });
  origin = `http://localhost:${await listenOn(app.callback())}`;
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await closeServers();
});

async function loggedIn(name: string): Promise<Page> {
  const page = await (await (browser as Browser).newContext()).newPage();
  expect(await visit(page, `/login?name=${name}`)).toBe(`${name}, 0 cookies`);
  return page;
}

async function visit(page: Page, path: string): Promise<string> {
  await page.goto(origin + path);
  return page.locator("body").innerText();
}

async function cookieOf(page: Page): Promise<string> {
  return (await page.context().cookies()).find(({ name }) => name === "session-user")?.value ?? "";
}

it("finds the own cookie behind one that means nothing", async () => {
  const page = await loggedIn("ada");
  await page.evaluate('document.cookie = "session-user=nonsense; Path=/account"');
  expect(await visit(page, "/account")).toBe("ada, 2 cookies");
  expect(await visit(page, "/")).toBe("ada, 1 cookies");
});

it("finds the own cookie behind one whose session is over", async () => {
  const [page, mallory] = [await loggedIn("ada"), await loggedIn("mallory")];
  const old = await cookieOf(mallory);
  expect(await visit(mallory, "/logout")).toBe("nobody, 1 cookies");
  await page.evaluate(`document.cookie = "session-user=${old}; Path=/account"`);
  expect(await visit(page, "/account")).toBe("ada, 2 cookies");
});

it("cannot tell which of two living sessions is whose, so it uses none, says so, clears nothing, and a login ends both", async () => {
  const [page, mallory] = [await loggedIn("ada"), await loggedIn("mallory")];
  await page.evaluate(`document.cookie = "session-user=${await cookieOf(mallory)}; Path=/account"`);
  events.length = 0;
  expect(await visit(page, "/account")).toBe("nobody, 2 cookies");
  expect(events).toContainEqual(expect.objectContaining({ type: "ambiguous", reason: "several" }));
  // To remove what can be removed would leave the other one, whose path nobody knows, and the next page would be mallory's.
  expect(await visit(page, "/account")).toBe("nobody, 2 cookies");
  expect(await visit(page, "/")).toBe("ada, 1 cookies");
  await visit(page, "/account/login?name=ada");
  expect(await visit(page, "/account")).toBe("ada, 2 cookies");
  expect(await visit(mallory, "/")).toBe("nobody, 1 cookies");
});
