/**
 * What happens to a session when the handler throws, or when a change comes too late.
 *
 * @module
 */
import { expect } from "./expect.ts";
import { type AdapterStory, story, text } from "./story.ts";

/** The stories. */
export const throwStories: readonly AdapterStory[] = [
  story("drops data changes if the handler throws, and keeps the session", async (setUp) => {
    const { browser } = await setUp({
      "/crash": (session) => {
        session.data.views = 99;
        throw new Error("handler crashed");
      },
    });
    await browser.visit("/count");
    await Promise.resolve(browser.visit("/crash")).catch(() => {});
    expect(await text(browser.visit("/views")), "the views in the session").toBe("1");
  }),

  story("ends a destroyed session even if the handler throws afterwards", async (setUp) => {
    const { browser } = await setUp({
      "/crash": (session) => {
        session.destroy();
        throw new Error("handler crashed");
      },
    });
    await browser.visit("/login");
    const thief = browser.copy();
    await Promise.resolve(browser.visit("/crash")).catch(() => {});
    expect(await text(thief.visit("/who")), "who is logged in").toBe("nobody");
  }),

  story("gives no new id when the handler throws after regenerateId(), and changes nothing", async (setUp) => {
    const { browser } = await setUp({
      "/crash": (session) => {
        session.regenerateId();
        session.data.views = 99;
        throw new Error("handler crashed");
      },
    });
    await browser.visit("/login");
    await browser.visit("/count");
    const twin = browser.copy();
    const id = await text(browser.visit("/id"));
    await Promise.resolve(browser.visit("/crash")).catch(() => {});
    for (const visitor of [browser, twin]) {
      expect(await text(visitor.visit("/who")), "who is logged in").toBe("alice");
      expect(await text(visitor.visit("/id")), "the session's id").toBe(id);
      expect(await text(visitor.visit("/views")), "the views in the session").toBe("1");
    }
  }),

  story("leaves no working old id if the handler throws after regenerateId() and save()", async (setUp) => {
    const { browser } = await setUp({
      "/crash": async (session) => {
        session.regenerateId();
        session.data.views = 5;
        await session.save();
        session.data.views = 99;
        throw new Error("handler crashed");
      },
    });
    await browser.visit("/login");
    const thief = browser.copy();
    const answer = await Promise.resolve(browser.visit("/crash")).catch(() => new Response());
    expect(await text(thief.visit("/who")), "who is logged in").toBe("nobody");
    // The error's response carries the new id. Without one, the session is lost.
    const isSent = answer.headers.getSetCookie().length > 0;
    expect(await text(browser.visit("/who")), "who is logged in").toBe(isSent ? "alice" : "nobody");
    expect(await text(browser.visit("/views")), "the views in the session").toBe(isSent ? "5" : "none");
  }),

  story("does not log in when the handler throws after login()", async (setUp) => {
    const { browser } = await setUp({
      "/crash": (session) => {
        session.login("alice");
        throw new Error("handler crashed");
      },
    });
    await browser.visit("/count");
    await Promise.resolve(browser.visit("/crash")).catch(() => {});
    expect(await text(browser.visit("/who")), "who is logged in").toBe("nobody");
  }),

  ...(
    [
      ["POST", "/regenerate", 200, 409, "none"],
      ["GET", "/regenerate", 200, 200, "none"],
      ["POST", "/rotate", 200, 200, "late"],
      ["POST", "/regenerate", 404, 404, "none"],
    ] as const
  ).map(([method, renew, said, status, cart]) =>
    story(
      `sends ${status} for a ${method} that says ${said} and changes a session that got a new id at ${renew}`,
      async (setUp) => {
        let meanwhile = async () => {};
        const { browser } = await setUp({
          "/rotate": (session) => {
            session.regenerateId({ graceSeconds: 10 });
            return new Response("new id, and the old one for a while");
          },
          "/late": async (session) => {
            void session.data.cart;
            await meanwhile();
            session.data.cart = ["late"];
            return new Response("done", { status: said });
          },
        });
        await browser.visit("/login");
        const twin = browser.copy();
        meanwhile = async () => void (await browser.visit(renew));
        const answer = await twin.visit("/late", { method });
        expect(answer.status, "the status of the late response").toBe(status);
        expect(answer.headers.getSetCookie(), "cookies on the late response").toEqual([]);
        expect(await text(browser.visit("/get?key=cart")), "the cart in the session").toBe(cart);
        expect(await text(browser.visit("/who")), "who is logged in").toBe("alice");
      },
    ),
  ),

  story("saves changes made before a thrown Response", async (setUp) => {
    const { browser } = await setUp({
      "/thrown": (session) => {
        session.data.views = 5;
        throw new Response("thrown", { status: 409 });
      },
    });
    const response = await browser.visit("/thrown").catch((thrown: Response) => {
      browser.receive(thrown);
      return thrown;
    });
    expect(response.status, "the status of the thrown Response").toBe(409);
    expect(await text(browser.visit("/views")), "the views in the session").toBe("5");
  }),

  story("saves changes made before a 500 response that the handler returned", async (setUp) => {
    const { browser } = await setUp({
      "/sorry": (session) => {
        session.data.views = 5;
        return new Response("sorry", { status: 500 });
      },
    });
    expect((await browser.visit("/sorry")).status, "the status that the handler chose").toBe(500);
    expect(await text(browser.visit("/views")), "the views in the session").toBe("5");
  }),
];
