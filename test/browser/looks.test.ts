/** The playground's page for everybody: on a phone, in the dark, for those who do not see it. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launch } from "./chromium.ts";
import { contrasts } from "./contrast.ts";
import { Window } from "./window.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const { worker, koa } = inject("playgrounds");
const PAGES = [
  ...["/", "/copy/", "/kv/", "/d1/", "/cookie/", "/look"].map((path) => worker.http + path),
  ...["/", "/memory/", "/cookie/"].map((path) => koa.http + path),
];
const LONG = "W".repeat(60);

async function open(address: string, options: BrowserContextOptions): Promise<Window> {
  return Window.open(await browser.newContext(options), address);
}

/** The inputs that have no label, and the buttons and links that have no name. */
function nameless(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { document } = globalThis as unknown as { document: { querySelectorAll(selector: string): Iterable<never> } };
    type Control = { outerHTML: string; tagName: string; labels?: { length: number }; innerText: string; ariaLabel: string };
    const named = ({ tagName, labels, innerText, ariaLabel }: Control) =>
      tagName === "INPUT" ? (labels?.length ?? 0) > 0 : `${innerText}${ariaLabel ?? ""}`.trim() !== "";
    return [...document.querySelectorAll("input, button:not([hidden]), a")]
      .filter((control) => !named(control))
      .map((control: Control) => control.outerHTML);
  });
}

describe("the page", () => {
  it("has names for all that can be used, and its landmarks, wherever sessions are kept", async () => {
    const page = await (await browser.newContext()).newPage();
    for (const address of PAGES) {
      await page.goto(address);
      expect(await nameless(page), address).toEqual([]);
      for (const landmark of ["main", "navigation", "banner"] as const) expect(await page.getByRole(landmark).count()).toBe(1);
      expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
      expect(await page.locator("html").getAttribute("lang")).toBe("en");
      expect(await page.title()).toContain("web-session-store");
    }
  });

  it("can be used with the keyboard alone", async () => {
    const { page, ...window } = await open(`${worker.http}/`, {});
    const label = page.getByLabel("Your name");
    for (let tabs = 0; tabs < 12 && !(await label.evaluate((input) => input.matches(":focus"))); tabs++)
      await page.keyboard.press("Tab");
    await page.keyboard.type("Hal");
    await page.keyboard.press("Enter");
    await page.getByRole("status").waitFor();
    expect(await page.getByRole("status").innerText()).toBe("Welcome, Hal!");
    expect(window.address).toBe(page.url());
  });

  it.each([`${worker.http}/`, `${koa.http}/`])("fits a phone, whatever stands in it: %s", async (address) => {
    const name = address.startsWith(koa.http) ? "koa" : "worker";
    const window = await open(address, { viewport: { width: 375, height: 740 } });
    const width = () => window.page.evaluate("document.documentElement.scrollWidth");
    expect(await width()).toBe(375);
    await window.logIn(LONG);
    await window.add(LONG.slice(0, 40));
    expect(await window.items()).toEqual([LONG.slice(0, 40)]);
    expect(await width()).toBe(375);
    await window.page.goto(address);
    await window.screenshot(`${name}-phone`);
  });

  it.each(["light", "dark"] as const)("can be read: in the %s scheme every text has enough contrast", async (colorScheme) => {
    const window = await open(`${worker.http}/`, { colorScheme });
    await window.logIn("Ida");
    await window.add("apple");
    const found = await contrasts(window.page);
    expect(found.length).toBeGreaterThan(20);
    expect(found.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
    const paper = await window.page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(paper).toBe(colorScheme === "dark" ? "rgb(22, 24, 29)" : "rgb(255, 255, 255)");
    await window.screenshot(`worker-${colorScheme}`);
  });
});
