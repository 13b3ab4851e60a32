/**
 * What an adapter does when the store fails.
 *
 * @module
 */
import { StoreError } from "../../ground/errors.ts";
import { HOUR } from "./clock.ts";
import { expect } from "./expect.ts";
import { failingStore, LEAK } from "./failing-store.ts";
import type { StoryRoute } from "./routes.ts";
import { type AdapterStory, story, text } from "./story.ts";

/** The response, or the error thrown in its place. */
const outcome = (answer: Promise<Response>): Promise<Response | unknown> => answer.catch((error: unknown) => error);
const expectFailure = (answer: Response | unknown): void => {
  const isOurs = answer instanceof Response || answer instanceof StoreError;
  expect(isOurs ? answer.status : answer, "the status of the error").toBe(503);
};

/** The stories. */
export const storeFailureStories: readonly AdapterStory[] = [
  story("fails with 503 if the store cannot be read, and leaves the cookie alone", async (setUp) => {
    const store = failingStore();
    const { browser } = await setUp({}, { store });
    await browser.visit("/login");
    const cookie = browser.cookieHeader();
    store.fail("load");
    const answer = await outcome(browser.visit("/who"));
    expectFailure(answer);
    expect(
      JSON.stringify(answer instanceof Error ? { ...answer, message: answer.message } : await (answer as Response).text()),
      "the text of the error: it must show nothing of the store",
    ).not.toContain(LEAK);
    store.recover();
    expect(browser.cookieHeader(), "the cookies that the browser had before").toBe(cookie);
    expect(await text(browser.visit("/who")), "who is logged in").toBe("alice");
  }),

  ...(
    [
      ["create", "/count"],
      ["update", "/count"],
      ["replace", "/login"],
      ["remove", "/logout"],
    ] as const
  ).map(([operation, path]) =>
    story(`fails with 503 when ${operation} fails, and sends no cookie`, async (setUp) => {
      const store = failingStore();
      const { browser } = await setUp({}, { store });
      if (operation !== "create") await browser.visit("/count");
      const cookie = browser.cookieHeader();
      store.fail(operation);
      expectFailure(await outcome(browser.visit(path)));
      expect(browser.cookieHeader(), "the cookies that the browser had before").toBe(cookie);
    }),
  ),

  story("keeps the error out of caches, even if the lost response was public", async (setUp) => {
    const store = failingStore();
    const shared: StoryRoute = (session) => {
      session.data.views = 1;
      return new Response("for all", {
        headers: { "Cache-Control": "public, max-age=600", ETag: '"1"', "CDN-Cache-Control": "max-age=600" },
      });
    };
    const { browser } = await setUp({ "/public": shared }, { store });
    store.fail("create");
    const answer = await outcome(browser.visit("/public"));
    expectFailure(answer);
    const { headers } = answer instanceof Response ? answer : new Response();
    expect(headers.get("Cache-Control") ?? "", "Cache-Control of the error").not.toMatch(/public|max-age/);
    expect(headers.get("CDN-Cache-Control"), "CDN-Cache-Control of the error").toBe(null);
    expect(headers.get("ETag"), "ETag of the error").not.toBe('"1"');
  }),

  story("sends the new id that save() wrote with the error if a later write fails", async (setUp) => {
    const store = failingStore();
    const renewing: StoryRoute = async (session) => {
      session.regenerateId();
      session.data.views = 5;
      await session.save();
      session.data.views = 99;
      store.fail("update");
      return new Response("renewed");
    };
    const { browser } = await setUp({ "/renew": renewing }, { store });
    await browser.visit("/login");
    const answer = await outcome(browser.visit("/renew"));
    expectFailure(answer);
    store.recover();
    // Without a response the session is lost: no browser knows its new id.
    const isSent = answer instanceof Response;
    expect(await text(browser.visit("/who")), "who is logged in").toBe(isSent ? "alice" : "nobody");
    expect(await text(browser.visit("/views")), "the views in the session").toBe(isSent ? "5" : "none");
  }),

  story("continues if only the touch fails", async (setUp) => {
    const store = failingStore();
    const { browser, clock } = await setUp({}, { store });
    await browser.visit("/count");
    clock.pass(7 * HOUR);
    store.fail("touch");
    expect(await text(browser.visit("/views")), "the views in the session").toBe("1");
  }),

  story("shows an anonymous visitor if configured to, writes nothing and sends no cookie", async (setUp) => {
    const store = failingStore();
    const { browser } = await setUp({}, { store, onStoreError: "anonymous" });
    await browser.visit("/login");
    await browser.visit("/count");
    const cookie = browser.cookieHeader();
    store.fail("load");
    const reading = await browser.visit("/who");
    expect(await reading.text(), "who is logged in").toBe("nobody");
    expect(reading.headers.getSetCookie(), "cookies on the response without a store").toEqual([]);
    for (const path of ["/count", "/login", "/logout", "/regenerate"]) {
      expectFailure(await outcome(browser.visit(path)));
    }
    store.recover();
    expect(browser.cookieHeader(), "the cookies that the browser had before").toBe(cookie);
    expect(await text(browser.visit("/views")), "the views in the session").toBe("1");
  }),
];
