/** The playground where no script runs: everything works but what is live. */
import type { Browser, FrameLocator } from "playwright-core";
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
    for (const name of ["Send five changes at once", "Let it try"])
      expect(await page.getByRole("button", { name }).isVisible()).toBe(false);
    expect(await page.getByText("The race needs JavaScript").isVisible()).toBe(true);
    await window.press("Log out");
    expect(await window.notice()).toBe("You are logged out.");
    await window.reload();
    expect(await window.user()).toBeUndefined();
    expect(await window.items()).toEqual([]);
  },
);

it.each([worker.http, koa.http])(
  "lets one browser end the session of the other in the two frames, without JavaScript: %s",
  async (origin) => {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await page.goto(`${origin}/`);
    const [left, right] = ["left", "right"].map((side) => page.frameLocator(`[title="The ${side} browser"]`)) as [
      FrameLocator,
      FrameLocator,
    ];
    for (const [frame, side] of [
      [right, "right"],
      [left, "left"],
    ] as const) {
      await frame.getByLabel("Your name").fill("Hugo");
      await frame.getByRole("button", { name: `Log in on the ${side}` }).click();
      await frame.getByRole("heading", { name: "Your sessions" }).waitFor();
    }
    await left.getByRole("button", { name: "End Right browser" }).click();
    expect(await left.getByRole("status").innerText()).toBe("Ended: \u2068Right browser\u2069");
    await right.getByRole("button", { name: "Log out" }).click();
    await right.getByLabel("Your name").waitFor();
  },
);
