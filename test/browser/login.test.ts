/** Logging in and out in Chromium, and logging other browsers out, on the Worker and on Koa. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launch } from "./chromium.ts";
import { Window } from "./window.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const DEVICE = "Chrome on Linux";

describe.each(["worker", "koa"] as const)("the playground on %s", (where) => {
  const { http } = inject("playgrounds")[where];
  /** A browser of its own: no cookie is shared. */
  const open = async (path = "/") => Window.open(await browser.newContext(), http + path);

  it("logs in, and the list of sessions marks this browser", async () => {
    const window = await open();
    expect(await window.user()).toBeUndefined();
    await window.screenshot(`${where}-visitor`);
    await window.logIn("Ada");
    expect(await window.notice()).toBe("Welcome, Ada!");
    await window.reload();
    expect(await window.user()).toBe("Ada");
    expect(await window.devices()).toEqual([`${DEVICE}*`]);
    await window.reload();
    await window.press("Log out");
    await window.reload();
    expect(await window.user()).toBeUndefined();
  });

  it("logs one other browser out, and all others", async () => {
    const windows = [await open(), await open(), await open(), await open()] as [Window, ...Window[]];
    for (const window of windows) await window.logIn("Bob");
    const [here, ...others] = windows;
    expect(await here.devices()).toEqual([`${DEVICE}*`, DEVICE, DEVICE, DEVICE]);
    await here.screenshot(`${where}-sessions`);
    await here.press(/^End Chrome/);
    expect(await here.notice()).toBe(`Ended: \u2068${DEVICE}\u2069`);
    const states = async () => {
      for (const window of others) await window.reload();
      return (await Promise.all(others.map((window) => window.user()))).filter((user) => user !== undefined);
    };
    expect(await states()).toEqual(["Bob", "Bob"]);
    await here.press("End all others");
    expect(await here.notice()).toBe("All other sessions were ended: 2");
    expect(await states()).toEqual([]);
    expect(await here.devices()).toEqual([`${DEVICE}*`]);
    await here.reload();
    expect(await here.user()).toBe("Bob");
  });

  it("tells an open page that it was logged out, without a reload", async () => {
    const [here, there] = [await open(), await open()];
    await here.logIn("Carol");
    await there.logIn("Carol");
    await there.add("a secret wish");
    await here.openSessions();
    await here.press(/^End Chrome/);
    await there.page.getByRole("alert").waitFor({ timeout: 10_000 });
    expect(await there.page.getByRole("alert").innerText()).toBe("You were logged out. Continue");
    expect(await there.page.locator("body").innerText()).not.toMatch(/Carol|secret wish/);
    await there.screenshot(`${where}-live-logout`);
    await there.page.getByRole("link", { name: "Continue" }).click();
    await there.page.getByLabel("Your name").waitFor();
    expect(await there.user()).toBeUndefined();
    expect(await here.page.getByText("was ended from another device").count()).toBe(0);
  });
});

it("goes on after a logout from elsewhere, also where a copy of the session is still good", async () => {
  const address = `${inject("playgrounds").worker.http}/copy/`;
  const open = async () => Window.open(await browser.newContext(), address);
  const [here, there] = [await open(), await open()];
  await here.logIn("Greta");
  await there.logIn("Greta");
  await here.openSessions();
  await here.press("End all others");
  await there.page.getByRole("alert").filter({ hasText: "You were logged out" }).waitFor();
  await there.page.getByRole("link", { name: "Continue" }).click();
  await there.page.waitForURL(address);
  // A socket would tell within two seconds.
  await there.page.waitForTimeout(3000);
  expect(await there.user()).toBeUndefined();
  expect(await there.page.getByRole("alert").count()).toBe(0);
});
