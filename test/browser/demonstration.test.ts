/** What the playground demonstrates, in Chromium: the race, the two browsers, the attack of a script, and what the library did. */
import type { Browser, BrowserContextOptions, FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launch } from "./chromium.ts";
import { contrasts } from "./contrast.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const { worker, koa } = inject("playgrounds");
const SHOTS = ".screenshots";
const HOSTILE = `<img src=x onerror=alert(1)>${"W".repeat(30)}`;

interface Opened {
  readonly page: Page;
  /** Errors of scripts, and what the policy refused. */
  readonly faults: string[];
}

async function open(address: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const page = await (await browser.newContext(options)).newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  // A page that asks is told by a 401, which browsers note.
  page.on("console", (message) => message.type() === "error" && !message.text().includes("401") && faults.push(message.text()));
  await page.goto(address);
  return { page, faults };
}

/** Presses Tab until a button has the focus, and then Enter. */
async function pressByKey(page: Page, name: string): Promise<void> {
  const button = page.getByRole("button", { name });
  for (let tabs = 0; tabs < 40; tabs++) {
    if (await button.evaluate((element) => element.matches(":focus-visible"))) return page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${name}`);
}

const sides = (page: Page) =>
  ["left", "right"].map((side) => page.frameLocator(`[title="The ${side} browser"]`)) as [FrameLocator, FrameLocator];

async function logInOn(frame: FrameLocator, side: string, name: string): Promise<void> {
  await frame.getByLabel("Your name").fill(name);
  await frame.getByRole("button", { name: `Log in on the ${side}` }).press("Enter");
  await frame.getByRole("heading", { name: "Your sessions" }).waitFor();
}

describe("the race", () => {
  it.each([
    [`${worker.http}/`, "web-session-store kept 5 of 5; The usual way kept 1 of 5."],
    [`${worker.http}/copy/`, "web-session-store kept 5 of 5; The usual way kept 1 of 5."],
    [`${worker.http}/d1/`, "web-session-store kept 5 of 5; The usual way kept 1 of 5."],
    [`${worker.http}/cookie/`, "web-session-store kept 1 of 5; The usual way kept 1 of 5."],
    [`${koa.http}/`, "web-session-store kept 5 of 5; koa-session kept 1 of 5."],
    [`${koa.http}/memory/`, "web-session-store kept 5 of 5; koa-session kept 1 of 5."],
    [`${koa.http}/cookie/`, "web-session-store kept 1 of 5; koa-session kept 1 of 5."],
  ])("is run with one press of a key, twice, and says what was kept: %s", async (address, outcome) => {
    const { page, faults } = await open(address);
    for (let run = 0; run < 2; run++) {
      await pressByKey(page, "Send five changes at once");
      await page.getByText(outcome).waitFor();
      expect(await page.getByText(/^[15] of 5 kept/).count()).toBe(2);
      expect(await page.getByRole("button", { name: "Send five" }).evaluate((it) => it.matches(":focus"))).toBe(true);
    }
    const report = await page.getByRole("complementary").innerText();
    expect(report).toMatch(address.includes("cookie") ? /No store was asked/ : /The store saved what changed, 5 times/);
    expect(faults).toEqual([]);
  });
});

describe("the two browsers", () => {
  it.each([
    [`${worker.http}/`, 1500],
    [`${worker.http}/copy/`, 1500],
    [`${worker.http}/d1/`, 5000],
    [`${koa.http}/`, 5000],
  ])("log in, see each other, and one closes the other: %s, within %d ms", async (address, patience) => {
    const user = `Two ${address} ${HOSTILE}`.slice(0, 60);
    const { page, faults } = await open(address);
    const [left, right] = sides(page);
    await logInOn(left, "left", user);
    await logInOn(right, "right", user);
    await right.getByText("Left browser").waitFor();
    // The page tells the left one that the list has changed.
    const end = left.getByRole("button", { name: "End Right browser" });
    await end.press("Enter");
    await right.getByText("This session was ended from another device.").waitFor({ timeout: patience });
    await left.getByText("Ended: \u2068Right browser\u2069").waitFor();
    expect(await right.locator("body").innerText()).not.toContain("Left browser");
    await right.getByRole("link", { name: "Log in again" }).press("Enter");
    await right.getByLabel("Your name").waitFor();
    expect(faults).toEqual([]);
  });

  it("are not there without a store, and the page says why", async () => {
    const { page } = await open(`${worker.http}/cookie/`);
    expect(await page.locator("iframe").count()).toBe(0);
    expect(await page.getByText("no browser can log another one out").isVisible()).toBe(true);
  });

  it("of the two playgrounds log nobody out of the other one, though browsers send both the cookies of localhost", async () => {
    const context = await browser.newContext();
    const pages = [];
    for (const origin of [worker.http, koa.http]) {
      const page = await context.newPage();
      await page.goto(`${origin}/`);
      await page.getByRole("region", { name: "You" }).getByLabel("Your name").fill("Ida");
      await page.getByRole("region", { name: "You" }).getByRole("button", { name: "Log in" }).click();
      await page.getByText("Welcome, Ida!").waitFor();
      pages.push(page);
    }
    for (const page of pages) {
      await page.reload();
      expect(await page.getByText("You are Ida.").count()).toBe(1);
    }
  });
});

describe("a stranger's script", () => {
  it.each([`${worker.http}/`, `${worker.https}/copy/`, `${koa.http}/`])("gets and plants no cookie: %s", async (address) => {
    const { page, faults } = await open(address);
    await page.getByRole("region", { name: "You" }).getByLabel("Your name").fill("Jan");
    await page.getByRole("region", { name: "You" }).getByRole("button", { name: "Log in" }).click();
    await page.getByText("Welcome, Jan!").waitFor();
    await pressByKey(page, "Let it try");
    await page.locator(".attempts li").nth(2).waitFor();
    const said = await page.locator(".attempts li").allInnerTexts();
    for (const attempt of said) expect(attempt).toContain("Blocked: ");
    await page.reload();
    expect(await page.getByText("You are Jan.").count()).toBe(1);
    expect(faults).toEqual([]);
  });
});

describe("what the library did", () => {
  it.each([`${worker.http}/`, `${worker.http}/cookie/`, `${koa.http}/`])("is told in words: %s", async (address) => {
    const { page } = await open(address);
    await page.getByRole("region", { name: "You" }).getByLabel("Your name").fill("Kim");
    await page.getByRole("region", { name: "You" }).getByRole("button", { name: "Log in" }).click();
    await page.getByText("Welcome, Kim!").waitFor();
    const text = await page.getByRole("complementary", { name: "What the library did" }).innerText();
    expect(text).toContain("The session got a new id; the old one is dead.");
    expect(text).toMatch(/was set, \d+ bytes, for (30 days|24 hours)\./);
    expect(text).toMatch(/The response took (less than a millisecond|\d+ milliseconds?|\d+ seconds?)\./);
    expect(text).not.toMatch(/\d{4,} seconds|\(load\)|0\.0|undefined|null/);
  });

  it("is beside the page on a wide screen, and one tap away on a phone", async () => {
    const wide = await open(`${worker.http}/`, { viewport: { width: 1280, height: 800 } });
    const panel = wide.page.getByRole("complementary");
    for (const where of ["#race", "#browsers", "#defaults"]) {
      await wide.page.goto(`${worker.http}/${where}`);
      expect(await panel.evaluate(isInSight), where).toBe(true);
    }
    const phone = await open(`${worker.http}/`, { viewport: { width: 375, height: 740 }, hasTouch: true });
    const heading = phone.page.getByRole("heading", { name: "What the library did" });
    expect(await heading.evaluate(isInSight)).toBe(false);
    await phone.page.getByRole("link", { name: "What the library did" }).tap();
    await phone.page.waitForURL("**/#report");
    expect(await heading.evaluate(isInSight)).toBe(true);
  });
});

/** Runs in the page. */
function isInSight(element: unknown): boolean {
  const { top, height } = (element as { getBoundingClientRect(): { top: number; height: number } }).getBoundingClientRect();
  return top >= 0 && top + Math.min(height, 100) <= (globalThis as unknown as { innerHeight: number }).innerHeight;
}

describe("every state", () => {
  const places = ["/", "/copy/", "/kv/", "/d1/", "/cookie/"].map((path) => worker.http + path);
  it.each(
    [...places, `${koa.http}/`, `${koa.http}/memory/`].flatMap((address) =>
      (["light", "dark"] as const).map((colorScheme) => [address, colorScheme] as const),
    ),
  )("fits a narrow phone and can be read: %s, %s", async (address, colorScheme) => {
    const { page, faults } = await open(address, { colorScheme, viewport: { width: 320, height: 640 } });
    const name = `state-${address.replace(/^\w+:\/\/localhost:\d+/, address.startsWith(koa.http) ? "koa" : "worker").replaceAll("/", "-")}${colorScheme}`;
    const check = async (what: string) => {
      await page.screenshot({ path: `${SHOTS}/${name}-${what}.png`, fullPage: true });
      expect(await page.evaluate("document.documentElement.scrollWidth"), what).toBe(320);
      expect(
        (await contrasts(page)).filter(({ ratio }) => ratio < 4.5),
        what,
      ).toEqual([]);
    };
    await check("visitor");
    await page.getByRole("region", { name: "You" }).getByLabel("Your name").fill(HOSTILE);
    await page.getByRole("region", { name: "You" }).getByRole("button", { name: "Log in" }).click();
    await page.getByText("Welcome,").waitFor();
    await page.getByRole("button", { name: "Send five changes at once" }).click();
    await page.getByText("; ").filter({ hasText: "kept" }).waitFor({ timeout: 20_000 });
    await page.getByRole("button", { name: "Let it try" }).click();
    await page.locator(".attempts li").nth(2).waitFor();
    await check("user");
    if (!address.includes("/cookie/")) {
      const [left, right] = sides(page);
      await logInOn(left, "left", HOSTILE);
      await logInOn(right, "right", HOSTILE);
      await left.getByRole("button", { name: "End Right browser" }).click();
      await left.getByRole("status").waitFor();
      for (const frame of page.frames().slice(1)) {
        const scrolls = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
        expect(await frame.evaluate(scrolls)).toBe(false);
      }
      await check("browsers");
      await page.goto(`${address}sessions`);
      await check("sessions");
    }
    expect(faults).toEqual([]);
  });
});
