/** A cart that two windows of one browser fill at the same moment. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { launch } from "./chromium.ts";
import { Window } from "./window.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const THINGS = ["apple", "bread", "cheese", "dates", "eggs", "figs"];

it.each(["worker", "koa"] as const)("loses nothing that two windows add at the same moment, on %s", async (where) => {
  const address = `${inject("playgrounds")[where].http}/`;
  const context = await browser.newContext();
  const [one, other] = [await Window.open(context, address), await Window.open(context, address)];
  await one.logIn("Dora");
  await other.reload();
  // Each window sends three forms, and waits for none.
  const add = (items: string[]) =>
    Promise.all(
      items.map((item) => fetch("/cart-add", { method: "POST", body: new URLSearchParams({ item }), redirect: "manual" })),
    );
  const send = (window: Window, items: string[]) => window.page.evaluate(add as never, items);
  await Promise.all([send(one, THINGS.slice(0, 3)), send(other, THINGS.slice(3))]);
  await one.reload();
  await other.reload();
  expect((await one.items()).sort()).toEqual(THINGS);
  expect((await other.items()).sort()).toEqual(THINGS);
  await one.screenshot(`${where}-cart`);
});
