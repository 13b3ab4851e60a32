/**
 * What an adapter answers when the store fails.
 *
 * @module
 */
import { StoreError } from "../../ground/errors.ts";
import { HOUR } from "./clock.ts";
import { expect } from "./expect.ts";
import { failingStore, LEAK } from "./failing-store.ts";
import type { StoryRoute } from "./routes.ts";
import { type AdapterStory, story, text } from "./story.ts";

/** The answer, or the error that came instead of one. */
const outcome = (answer: Promise<Response>): Promise<Response | unknown> => answer.catch((error: unknown) => error);
const isFailure = (answer: Response | unknown): boolean =>
  answer instanceof Response ? answer.status === 503 : answer instanceof StoreError && answer.status === 503;

/** The stories. */
export const storeFailureStories: readonly AdapterStory[] = [
  story("fails with 503 when the store cannot be read, and leaves the cookie alone", async (setUp) => {
    const store = failingStore();
    const { browser } = await setUp({}, { store });
    await browser.visit("/login");
    const cookie = browser.cookieHeader();
    store.fail("load");
    const answer = await outcome(browser.visit("/who"));
    expect(isFailure(answer)).toBe(true);
    expect(
      JSON.stringify(answer instanceof Error ? { ...answer, message: answer.message } : await (answer as Response).text()),
    ).not.toContain(LEAK);
    store.recover();
    expect(browser.cookieHeader()).toBe(cookie);
    expect(await text(browser.visit("/who"))).toBe("alice");
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
      expect(isFailure(await outcome(browser.visit(path)))).toBe(true);
      expect(browser.cookieHeader()).toBe(cookie);
    }),
  ),

  story("lets no cache keep the error because the answer that could not be given was public", async (setUp) => {
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
    expect(isFailure(answer)).toBe(true);
    const { headers } = answer instanceof Response ? answer : new Response();
    expect(headers.get("Cache-Control") ?? "").not.toMatch(/public|max-age/);
    expect(headers.get("CDN-Cache-Control")).toBe(null);
    expect(headers.get("ETag")).not.toBe('"1"');
  }),

  story("sends the new id that save() wrote with the error, when what came after it cannot be written", async (setUp) => {
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
    expect(isFailure(answer)).toBe(true);
    store.recover();
    // Where there is no answer to carry it, the session has ended: no browser knows its id.
    const isSent = answer instanceof Response;
    expect(await text(browser.visit("/who"))).toBe(isSent ? "alice" : "nobody");
    expect(await text(browser.visit("/views"))).toBe(isSent ? "5" : "none");
  }),

  story("goes on when only the touch fails", async (setUp) => {
    const store = failingStore();
    const { browser, clock } = await setUp({}, { store });
    await browser.visit("/count");
    clock.pass(7 * HOUR);
    store.fail("touch");
    expect(await text(browser.visit("/views"))).toBe("1");
  }),

  story("shows an anonymous visitor when told to, writes nothing and sends no cookie", async (setUp) => {
    const store = failingStore();
    const { browser } = await setUp({}, { store, onStoreError: "anonymous" });
    await browser.visit("/login");
    await browser.visit("/count");
    const cookie = browser.cookieHeader();
    store.fail("load");
    const reading = await browser.visit("/who");
    expect(await reading.text()).toBe("nobody");
    expect(reading.headers.getSetCookie()).toEqual([]);
    for (const path of ["/count", "/login", "/logout", "/regenerate"]) {
      expect(isFailure(await outcome(browser.visit(path)))).toBe(true);
    }
    store.recover();
    expect(browser.cookieHeader()).toBe(cookie);
    expect(await text(browser.visit("/views"))).toBe("1");
  }),
];
