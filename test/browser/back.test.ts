/** The back button after a logout: no page of who was logged in comes back from the cache. */
import Koa from "koa";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { getSession, session } from "../../src/adapters/koa/index.ts";
import { closeServers, listenOn } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { launch } from "./chromium.ts";
import { Window } from "./window.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await closeServers();
});

it.each(["worker", "koa"] as const)("shows nothing of who was logged in at the playground on %s", async (where) => {
  const { http } = inject("playgrounds")[where];
  const window = await Window.open(await browser.newContext(), `${http}/`);
  const { page } = window;
  await window.logIn("Erna");
  await page.getByRole("link", { name: "A page that only reads" }).click();
  await page.getByRole("link", { name: "Back" }).click();
  await window.press("Log out");
  for (let steps = 0; steps < 3; steps++) {
    await goBack(page);
    expect(await page.locator("body").innerText()).not.toContain("Erna");
  }
});

/** Playwright's own goBack() fails now and then, when it asks for the history while a page takes the place of another. */
async function goBack(page: Page): Promise<void> {
  await Promise.all([page.waitForEvent("load"), page.evaluate("setTimeout(() => history.back())")]);
}

/** An application that sets no Cache-Control itself. */
async function serve(cacheHeaders: boolean): Promise<string> {
  const app = new Koa();
  app.use(session({ secrets: SECRET, cacheHeaders }));
  app.use((ctx) => {
    const visitor = getSession(ctx);
    if (ctx.path === "/login") visitor.login("ada");
    if (ctx.path === "/logout") visitor.logout();
    ctx.type = "html";
    ctx.body = `<p>${visitor.subject ?? "nobody"}</p><a href="/private">private</a> <a href="/logout">logout</a>`;
  });
  return `http://localhost:${await listenOn(app.callback())}`;
}

/** What stands on the private page when the visitor goes back to it from the logout. */
async function seenAfterLogout(origin: string): Promise<string> {
  const page: Page = await (await browser.newContext()).newPage();
  await page.goto(`${origin}/login`);
  await page.getByRole("link", { name: "private" }).click();
  await page.getByText("ada").waitFor();
  await page.getByRole("link", { name: "logout" }).click();
  await page.getByText("nobody").waitFor();
  await goBack(page);
  return page.locator("p").innerText();
}

it("is the doing of the library's Cache-Control: without it the page comes back", async () => {
  expect(await seenAfterLogout(await serve(true))).toBe("nobody");
  expect(await seenAfterLogout(await serve(false))).toBe("ada");
});
