/**
 * What an adapter adds to responses, when, and what it leaves alone.
 *
 * @module
 */
import { HOUR } from "./clock.ts";
import { expect } from "./expect.ts";
import type { StoryRoute } from "./routes.ts";
import { type AdapterStory, story, text } from "./story.ts";

/** The stories. */
export const answerStories: readonly AdapterStory[] = [
  story("puts the cookie on a fetched response, whose headers are immutable", async (setUp) => {
    const fetched: StoryRoute = async (session) => {
      session.data.views = 7;
      return fetch("data:text/plain,fetched");
    };
    const { browser } = await setUp({ "/fetched": fetched });
    expect(await text(browser.visit("/fetched")), "the body of the fetched response").toBe("fetched");
    expect(await text(browser.visit("/views")), "the views in the session").toBe("7");
  }),

  story("leaves other cookies alone, and sets its own once", async (setUp) => {
    const { browser } = await setUp({
      "/many": (session) => {
        session.data.views = 1;
        const response = new Response("many");
        response.headers.append("Set-Cookie", "theme=dark");
        response.headers.append("Set-Cookie", "lang=eo; Path=/");
        return response;
      },
    });
    const lines = (await browser.visit("/many")).headers.getSetCookie();
    expect(lines.slice(0, 2), "the Set-Cookie lines of the route itself").toEqual(["theme=dark", "lang=eo; Path=/"]);
    expect(
      lines.slice(2).map((line) => line.split("=")[0]),
      "the names of the Set-Cookie lines after those of the route",
    ).toEqual(["__Host-Http-session"]);
  }),

  story("keeps a response with a session cookie out of every cache", async (setUp) => {
    const { browser } = await setUp({
      "/public": (session) => {
        session.data.views = 1;
        return new Response("for all?", { headers: { "Cache-Control": "public, max-age=600", Vary: "Accept-Encoding" } });
      },
    });
    const response = await browser.visit("/public");
    expect(response.headers.get("Cache-Control"), "Cache-Control of a response with a session cookie").toBe("no-store");
    expect(response.headers.get("Vary"), "Vary: that of the route, and Cookie").toBe("Accept-Encoding, Cookie");
  }),

  story("does not touch a session on a response that shared caches may keep", async (setUp) => {
    const shared: StoryRoute = (session) =>
      new Response(String(session.data.views), { headers: { "Cache-Control": "s-maxage=60" } });
    const { browser, clock } = await setUp({ "/shared": shared }, { store: undefined as never });
    await browser.visit("/count");
    clock.pass(6 * HOUR);
    const response = await browser.visit("/shared");
    expect(response.headers.getSetCookie(), "cookies on a response that shared caches may keep").toEqual([]);
    expect(response.headers.get("Cache-Control"), "Cache-Control as the route set it").toBe("s-maxage=60");
    expect((await browser.visit("/views")).headers.getSetCookie(), "the due cookie on the next response").toHaveLength(1);
  }),

  story("keeps a user's pages private, unless the application says otherwise", async (setUp) => {
    const own: StoryRoute = (session) => new Response(session.subject, { headers: { "Cache-Control": "private, max-age=5" } });
    const { browser } = await setUp({ "/own": own });
    await browser.visit("/login");
    expect((await browser.visit("/who")).headers.get("Cache-Control"), "Cache-Control of the response to /who").toBe(
      "private, no-store",
    );
    expect((await browser.visit("/own")).headers.get("Cache-Control"), "Cache-Control as the route set it").toBe(
      "private, max-age=5",
    );
    expect(
      (await browser.visit("/")).headers.get("Cache-Control"),
      "Cache-Control of a response that did not use the session",
    ).toBe(null);
  }),

  story("leaves cache headers to the application when told so", async (setUp) => {
    const { browser } = await setUp({}, { cacheHeaders: false });
    const response = await browser.visit("/count");
    expect(response.headers.get("Cache-Control"), "Cache-Control with cacheHeaders: false").toBe(null);
    expect(response.headers.get("Vary"), "Vary with cacheHeaders: false").toBe(null);
    expect(await text(browser.visit("/views")), "the views in the session").toBe("1");
  }),

  story("saves before a stream's body is read, and after that accepts changes only through update()", async (setUp) => {
    let late: unknown;
    const cart = ["apple"];
    const { browser } = await setUp({
      "/stream": (session) => {
        session.data.cart = cart;
        const body = new ReadableStream<Uint8Array>(
          {
            async pull(controller) {
              try {
                // The library does not freeze the application's own
                // objects, but a change inside one still comes too late.
                session.data.cart?.push("pear");
                session.data.cart = ["plum"];
              } catch (error) {
                late = error;
              }
              await session.update((data) => {
                data.views = 3;
              });
              controller.enqueue(new TextEncoder().encode("streamed"));
              controller.close();
            },
          },
          { highWaterMark: 0 },
        );
        return new Response(body);
      },
    });
    await browser.visit("/count");
    const response = await browser.visit("/stream");
    expect(await text(browser.visit("/get?key=cart")), "the cart in the session").toBe("apple");
    expect(await response.text(), "the whole body of the stream").toBe("streamed");
    expect(late, "what a change throws while the body streams").toMatchObject({ code: "ERR_SESSION_COMMITTED" });
    expect(cart, "the application's own list").toEqual(["apple", "pear"]);
    expect(await text(browser.visit("/get?key=cart")), "the cart in the session").toBe("apple");
    expect(await text(browser.visit("/views")), "the views in the session").toBe("3");
  }),
];
