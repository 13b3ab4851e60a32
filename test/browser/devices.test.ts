/** The page of a user's sessions in Chromium: in its own plain layout, with the keyboard, on a phone, in the dark, and without JavaScript. */
import { mkdirSync } from "node:fs";
import Koa from "koa";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getSession, session } from "../../src/adapters/koa/index.ts";
import { devices } from "../../src/devices/koa.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { closeServers, listenOn } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { launch } from "./chromium.ts";
import { contrasts } from "./contrast.ts";

const ADDRESS = "/account/sessions";
let browser: Browser;
let origin = "";

beforeAll(async () => {
  mkdirSync(".screenshots", { recursive: true });
  browser = await launch();
  const web = session({ secrets: SECRET, store: memory() });
  const page = devices(web as never, { askEvery: 1, login: "/login" });
  const app = new Koa();
  app.use(web);
  app.use(async (ctx) => {
    if (ctx.path === ADDRESS) return page(ctx);
    const { user, device } = ctx.query as Record<string, string>;
    if (user !== undefined) getSession(ctx).login(user, { meta: { device: device ?? "" } });
    ctx.body = ctx.path;
  });
  origin = `http://localhost:${await listenOn(app.callback())}`;
});
afterAll(async () => {
  await browser?.close();
  await closeServers();
});

interface Window {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser reported: errors of scripts, and what the policy refused. */
  readonly faults: string[];
}

async function loggedIn(user: string, device: string, options: BrowserContextOptions = {}): Promise<Window> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(`${origin}/login?${new URLSearchParams({ user, device })}`);
  await page.goto(origin + ADDRESS);
  return { context, page, faults };
}

const HOSTILE = `<img src=x onerror="document.title='owned'">${"W".repeat(120)} \u05D0\u05D1\u05D2`;

describe("the page of a user's sessions", () => {
  it("ends another session by the keyboard alone, says so, and the other page shows nothing any more", async () => {
    const [here, there] = [await loggedIn("ada", "Firefox on Linux"), await loggedIn("ada", "Chrome on Android")];
    await here.page.reload();
    expect(await here.page.getByRole("listitem").count()).toBe(2);
    const button = here.page.getByRole("button", { name: "End Chrome on Android" });
    for (let tabs = 0; tabs < 5 && !(await button.evaluate((it) => it.matches(":focus"))); tabs++)
      await here.page.keyboard.press("Tab");
    await here.page.keyboard.press("Enter");
    const status = here.page.getByRole("status");
    await status.waitFor();
    expect(await status.innerText()).toBe("Ended: \u2068Chrome on Android\u2069");
    expect(await status.evaluate((it) => it.matches(":focus"))).toBe(true);
    // The page leads back to itself, wherever it is mounted.
    expect(here.page.url()).toBe(`${origin}${ADDRESS}?`);
    await here.page.screenshot({ path: ".screenshots/devices-ended.png" });
    const alert = there.page.getByRole("alert").filter({ hasText: "ended" });
    await alert.waitFor();
    expect(await there.page.locator("body").innerText()).toBe(
      "Your sessions\n\nThis session was ended from another device. Log in again",
    );
    expect(await alert.evaluate((it) => it.matches(":focus"))).toBe(true);
    await there.page.screenshot({ path: ".screenshots/devices-over.png" });
    await there.page.getByRole("link", { name: "Log in again" }).click();
    await there.page.waitForURL("**/login");
    expect([...here.faults, ...there.faults.filter((text) => !text.includes("401"))]).toEqual([]);
  });

  it("works without JavaScript", async () => {
    const { page } = await loggedIn("bob", "A", { javaScriptEnabled: false });
    await loggedIn("bob", "B");
    await loggedIn("bob", "C");
    await page.reload();
    await page.getByRole("button", { name: "End B" }).click();
    expect(await page.getByRole("status").innerText()).toBe("Ended: \u2068B\u2069");
    await page.getByRole("button", { name: "End all others" }).click();
    expect(await page.getByRole("status").innerText()).toBe("All other sessions were ended: 1");
    expect(await page.getByRole("listitem").count()).toBe(1);
    await page.reload();
    expect(await page.getByRole("status").count()).toBe(0);
  });

  it.each(["light", "dark"] as const)(
    "fits a phone, whatever a device is called, and can be read in the %s scheme",
    async (colorScheme) => {
      const user = `carol-${colorScheme}`;
      const { page, faults } = await loggedIn(user, "Safari on iOS", { colorScheme, viewport: { width: 320, height: 640 } });
      await loggedIn(user, HOSTILE);
      await loggedIn(user, "Firefox on Linux");
      await page.reload();
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
      expect(await page.title()).toBe("Your sessions");
      // Pages that say nothing of it have the browser's own paper, which no element shows.
      await page.evaluate("document.documentElement.style.background = 'Canvas'");
      expect((await contrasts(page)).filter(({ ratio }) => ratio < 4.5)).toEqual([]);
      const low = "[...document.querySelectorAll('button')].filter((one) => one.getBoundingClientRect().height < 44).length";
      expect(await page.evaluate(low)).toBe(0);
      await page.screenshot({ path: `.screenshots/devices-phone-${colorScheme}.png`, fullPage: true });
      expect(faults).toEqual([]);
    },
  );

  it("writes times as the reader's own clock shows them, and has its landmarks and headings", async () => {
    const { page } = await loggedIn("dora", "A", { timezoneId: "Asia/Tokyo", locale: "en-GB" });
    const time = page.locator("time").first();
    const shown = await time.innerText();
    expect(shown).not.toContain("UTC");
    const there = new Date((await time.getAttribute("datetime")) as string);
    expect(shown).toBe(there.toLocaleString("en", { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tokyo" }));
    for (const landmark of ["main", "region"] as const) expect(await page.getByRole(landmark).count()).toBe(1);
    expect(await page.getByRole("heading", { level: 1, name: "Your sessions" }).count()).toBe(1);
    await page.screenshot({ path: ".screenshots/devices-alone.png" });
  });

  it("cannot be read by a page of another website, nor made to end anything by its forms", async () => {
    const { context, page } = await loggedIn("erna", "A");
    const other = await loggedIn("erna", "B");
    await page.reload();
    const action = await page
      .locator("form")
      .first()
      .evaluate((form) => (form as unknown as { action: string }).action);
    const evil = await context.newPage();
    await evil.route("http://evil.localhost/**", (route) =>
      route.fulfill({ contentType: "text/html", body: `<form method="post" action="${action}"><button>win</button></form>` }),
    );
    await evil.goto("http://evil.localhost/");
    await evil.getByRole("button").click();
    await evil.getByText("Forbidden").waitFor();
    await other.page.reload();
    expect(await other.page.getByRole("listitem").count()).toBe(2);
  });
});
