/** The playground where no script runs: everything works but what is live. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { launch } from "./chromium.ts";
import { Window } from "./window.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const { worker, koa } = inject("playgrounds");
it.each([`${worker.http}/`, `${worker.http}/cookie/`, `${koa.http}/`])(
  "logs in, fills a cart, says things once and logs out without JavaScript: %s",
  async (address) => {
    const window = await Window.open(await browser.newContext({ javaScriptEnabled: false }), address);
    const { page } = window;
    await window.logIn("Gus");
    expect(await window.notice()).toBe("Welcome, Gus!");
    await window.add("apple");
    await window.add("bread");
    expect(await window.items()).toEqual(["apple", "bread"]);
    // What was said once is not said again.
    expect(await page.getByRole("status").count()).toBe(0);
    await window.press("Remove apple");
    expect(await window.items()).toEqual(["bread"]);
    expect(await page.getByRole("button", { name: "Add five at the same time" }).isVisible()).toBe(false);
    await window.press("Log out");
    expect(await window.notice()).toBe("You are logged out.");
    await window.reload();
    expect(await window.user()).toBeUndefined();
    expect(await window.items()).toEqual([]);
  },
);
