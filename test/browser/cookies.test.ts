/** The session cookies as Chromium keeps them, over http on localhost and over https; and cookies that others try to put beside them. */
import type { Browser, Cookie } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { userCookie, visitorCookie } from "../support/cookie-names.ts";
import { launch } from "./chromium.ts";
import { Window } from "./window.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const DAY = 24 * 60 * 60;
const CASES = (["worker", "koa"] as const).flatMap((where) =>
  (["http", "https"] as const).map((scheme) => ({ where, scheme, origin: inject("playgrounds")[where][scheme] })),
);

describe.each(CASES)("the cookies of the playground on $where over $scheme", ({ where, scheme, origin }) => {
  const name = where === "worker" ? "session" : "koa-sqlite";
  const open = async () => Window.open(await browser.newContext(), `${origin}/`);
  const cookies = async (window: Window) =>
    (await window.page.context().cookies()).filter(({ name }) => name.startsWith("__Host-"));

  /** What RFC 6265bis asks of a __Host- cookie, and a domain without a dot: this host alone. */
  const strict = { domain: "localhost", path: "/", secure: true, httpOnly: true, sameSite: "Lax" };
  const seconds = ({ expires }: Cookie) => expires - Date.now() / 1000;

  it("are host-only, secure, hidden from scripts, and end when the session does", async () => {
    const window = await open();
    const [visitor, ...more] = await cookies(window);
    expect(visitor).toMatchObject({ name: visitorCookie(name), ...strict });
    expect(more).toEqual([]);
    expect(seconds(visitor as Cookie) / DAY).toBeCloseTo(1, 2);
    await window.logIn("Kim");
    const [session, ...others] = await cookies(window);
    // The visitor's cookie went with the login.
    expect(others).toEqual([]);
    expect(session).toMatchObject({ name: userCookie(name), ...strict });
    expect(seconds(session as Cookie) / DAY).toBeCloseTo(30, 2);
    expect(await window.page.evaluate("document.cookie")).toBe("");
    await window.press("Log out");
    expect((await cookies(window)).map(({ name }) => name)).toEqual([visitorCookie(name)]);
  });

  // Nothing in what follows depends on both.
  if ((where === "worker") === (scheme === "https")) return;

  it("go with the browser for who does not want to stay logged in", async () => {
    const window = await open();
    await window.page.getByRole("checkbox").uncheck();
    await window.logIn("Kim");
    const [session] = await cookies(window);
    expect(session).toMatchObject({ name: userCookie(name), ...strict, expires: -1 });
    await window.reload();
    expect(await window.user()).toBe("Kim");
  });

  it("have no second one of their name beside them, whatever a script writes", async () => {
    const [victim, attacker] = [await open(), await open()];
    await victim.logIn("Kim");
    await attacker.logIn("Mallory");
    const [before] = await cookies(victim);
    const [own] = await cookies(attacker);
    for (const more of ["Path=/look", "Path=/", "Path=/; Domain=localhost", "Path=/look; Domain=localhost"]) {
      for (const value of ["nonsense", own?.value])
        await victim.page.evaluate(`document.cookie = "${userCookie(name)}=${value}; Secure; ${more}"`);
    }
    // A script may set cookies at a deeper path, but none with this prefix.
    await victim.page.evaluate('document.cookie = "other=1; Path=/look; Secure"');
    const held = await victim.page.context().cookies();
    expect(held.filter((cookie) => cookie.name.includes(name))).toEqual([before]);
    expect(held.filter(({ path }) => path === "/look")).toHaveLength(1);
    await victim.page.goto(`${origin}/look`);
    expect(await victim.page.locator("main").innerText()).toContain("You are Kim.");
  });
});
