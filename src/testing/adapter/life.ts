/**
 * The life of a session over several requests, wherever it is stored.
 *
 * @module
 */
import { Browser } from "./browser.ts";
import { DAY, HOUR } from "./clock.ts";
import { expect } from "./expect.ts";
import { type AdapterStory, story, text } from "./story.ts";

/** The stories. Each holds for every kind of session. */
export const lifeStories: readonly AdapterStory[] = [
  story("remembers a visitor from request to request", async (setUp) => {
    const { browser } = await setUp();
    expect(await text(browser.visit("/count")), "the views in the session").toBe("1");
    expect(await text(browser.visit("/count")), "the views in the session").toBe("2");
    expect(await text(browser.visit("/views")), "the views in the session").toBe("2");
  }),

  story("keeps visitors apart", async (setUp) => {
    const { browser, serve, clock } = await setUp();
    await browser.visit("/count");
    expect(await text(new Browser(serve, clock).visit("/views")), "the views in the session").toBe("none");
  }),

  story("does nothing for a visitor whose session is untouched", async (setUp) => {
    const { browser } = await setUp();
    const response = await browser.visit("/");
    expect(
      [...response.headers.keys()].filter((header) => /cookie|cache|vary/.test(header)),
      "headers on a response that did not use the session",
    ).toEqual([]);
  }),

  story("sets no cookie when a session is only read", async (setUp) => {
    const { browser } = await setUp();
    await browser.visit("/count");
    const response = await browser.visit("/views");
    expect(response.headers.getSetCookie(), "cookies on a response that only read an empty session").toEqual([]);
    expect(response.headers.get("Vary"), "Vary of a response that read the session").toBe("Cookie");
  }),

  story("finds the login after a redirect", async (setUp) => {
    const { browser } = await setUp();
    const response = await browser.visit("/login");
    expect(response.status, "the status of the redirect").toBe(303);
    expect(response.headers.get("Location"), "where the redirect leads").toBe("https://app.example.com/who");
    expect(await text(browser.visit("/who")), "who is logged in").toBe("alice");
  }),

  story("keeps an anonymous visitor's data at the login, under a new id", async (setUp) => {
    const { browser } = await setUp();
    await browser.visit("/set?cart=apple");
    const before = await text(browser.visit("/id"));
    await browser.visit("/login");
    expect(await text(browser.visit("/get?key=cart")), "the cart in the session").toBe("apple");
    expect(await text(browser.visit("/id")), "the session's id").not.toBe(before);
  }),

  story("keeps no data when another user logs in", async (setUp) => {
    const { browser } = await setUp();
    await browser.visit("/login?as=alice");
    await browser.visit("/set?secret=hers");
    await browser.visit("/login?as=bob");
    expect(await text(browser.visit("/who")), "who is logged in").toBe("bob");
    expect(await text(browser.visit("/get?key=secret")), "the secret in the session").toBe("none");
  }),

  story("forgets everything at the logout, and starts again", async (setUp) => {
    const { browser } = await setUp();
    await browser.visit("/count");
    await browser.visit("/login");
    await browser.visit("/logout");
    expect(browser.cookieHeader(), "the cookies that are left after the end").toBe("");
    expect(await text(browser.visit("/who")), "who is logged in").toBe("nobody");
    expect(await text(browser.visit("/count")), "the views in the session").toBe("1");
  }),

  story("changes the id and keeps the rest", async (setUp) => {
    const { browser } = await setUp();
    await browser.visit("/login");
    await browser.visit("/count");
    const before = await text(browser.visit("/id"));
    await browser.visit("/regenerate");
    expect(await text(browser.visit("/id")), "the session's id").not.toBe(before);
    expect(await text(browser.visit("/who")), "who is logged in").toBe("alice");
    expect(await text(browser.visit("/views")), "the views in the session").toBe("1");
  }),

  story("hands a flash value over once, and hides it from the data", async (setUp) => {
    const { browser } = await setUp();
    await browser.visit("/flash");
    expect(await text(browser.visit("/notice")), "the notice for the next page").toBe("saved");
    expect(await text(browser.visit("/notice")), "the notice for the next page").toBe("none");
  }),

  story("ends an unused session, and keeps one in use", async (setUp) => {
    const { browser, clock } = await setUp();
    await browser.visit("/count");
    for (let days = 0; days < 5; days++) {
      clock.pass(20 * HOUR);
      expect(await text(browser.visit("/views")), "the views in the session").toBe("1");
    }
    const thief = browser.copy();
    for (const [cookie, held] of thief.cookies) thief.cookies.set(cookie, { ...held, endsAt: Number.POSITIVE_INFINITY });
    clock.pass(DAY);
    expect(await text(thief.visit("/views")), "the views in the session").toBe("none");
  }),

  story("ends a session at its absolute timeout, however often it is used", async (setUp) => {
    const { browser, clock } = await setUp();
    await browser.visit("/count");
    for (let hours = 0; hours < 30 * 24; hours += 12) {
      expect(await text(browser.visit("/views")), "the views in the session").toBe("1");
      clock.pass(12 * HOUR);
    }
    expect(await text(browser.visit("/views")), "the views in the session").toBe("none");
  }),

  story("restarts both timeouts at a login", async (setUp) => {
    const { browser, clock } = await setUp();
    await browser.visit("/count");
    for (let days = 0; days < 29; days++) {
      clock.pass(DAY - 60);
      await browser.visit("/views");
    }
    await browser.visit("/login");
    clock.pass(DAY - 60);
    await browser.visit("/views");
    clock.pass(DAY - 60);
    expect(await text(browser.visit("/who")), "who is logged in").toBe("alice");
  }),
];
