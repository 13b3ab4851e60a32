/**
 * What all other stories of the adapter contract rest on: the application answers, and a session comes back.
 *
 * @module
 */
import { expect } from "./expect.ts";
import { type AdapterStory, story, text } from "./story.ts";

/** The stories, in the order in which they rest on each other. When one fails, none after it is tried. */
export const basicStories: readonly AdapterStory[] = [
  story("the adapter: answers with what the route of the path returned", async (setUp) => {
    const { browser } = await setUp();
    const response = await browser.visit("/views");
    expect(response.status, "the status of what a route returned").toBe(200);
    expect(await text(response), "the text of what a route returned").toBe("none");
  }),

  story(
    "the adapter: sends the cookie of a session that was changed, and finds the session when it comes back",
    async (setUp) => {
      const { browser } = await setUp();
      const response = await browser.visit("/count");
      expect(response.headers.getSetCookie().length, "how many Set-Cookie headers an answer has that changed the session").toBe(
        1,
      );
      expect(await text(browser.visit("/views")), "the views in the session").toBe("1");
    },
  ),
];
