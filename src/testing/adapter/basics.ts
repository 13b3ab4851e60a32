/**
 * What all other stories depend on: the application responds, and a session persists.
 *
 * @module
 */
import { expect } from "./expect.ts";
import { type AdapterStory, story, text } from "./story.ts";

/** The stories, each depending on those before it. If one fails, none of the later ones runs. */
export const basicStories: readonly AdapterStory[] = [
  story("the adapter: sends what the path's route returned", async (setUp) => {
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
      expect(
        response.headers.getSetCookie().length,
        "the number of Set-Cookie headers on a response that changed the session",
      ).toBe(1);
      expect(await text(browser.visit("/views")), "the views in the session").toBe("1");
    },
  ),
];
