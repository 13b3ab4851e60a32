/** Errors behind the Hono middleware, with the oldest Hono that is supported and the latest. */
import { Hono } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { Hono as Hono40 } from "hono40";
import { deleteCookie as deleteCookie40, setCookie as setCookie40 } from "hono40/cookie";
import { describe, expect, it } from "vitest";
import { type HonoSession, session } from "../../src/adapters/hono.ts";
import type { GoneError, SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { failingStore } from "../support/failing-store.ts";
import { SECRET } from "../support/secrets.ts";

const LATEST = { Hono, setCookie, deleteCookie };
const HONOS = [
  ["Hono 4.13", LATEST],
  ["Hono 4.0", { Hono: Hono40, setCookie: setCookie40, deleteCookie: deleteCookie40 } as unknown as typeof LATEST],
] as const;

const large = { big: "x".repeat(5000) };

describe.each(HONOS)("%s", (name, hono) => {
  const ANSWERS: [string, (c: Parameters<Parameters<Hono["onError"]>[0]>[1]) => Response, number][] = [
    [
      "c.header()",
      (c) => {
        c.header("X-Problem", "yes");
        return c.text("sorry", 500);
      },
      500,
    ],
    ["c.redirect()", (c) => c.redirect("/sorry"), 302],
    [
      "setCookie()",
      (c) => {
        hono.setCookie(c, "seen", "1");
        return c.text("sorry", 500);
      },
      500,
    ],
    [
      "deleteCookie()",
      (c) => {
        hono.deleteCookie(c, "seen");
        return c.text("sorry", 500);
      },
      500,
    ],
  ];
  const FAULTS: [string, () => Partial<SessionOptions>, Record<string, unknown>][] = [
    [
      "a store that fails",
      () => {
        const store = failingStore();
        store.fail("create");
        return { store };
      },
      { views: 1 },
    ],
    ["data that is too large", () => ({}), large],
  ];

  for (const [how, answer, status] of ANSWERS) {
    for (const [what, options, data] of FAULTS) {
      it.each([false, true])(`onError answers ${what} with ${how}; in a sub-application: %s`, async (isSub) => {
        const web = session({ secrets: SECRET, ...options() }) as HonoSession<Record<string, unknown>>;
        const inner = new hono.Hono();
        inner.use(web);
        inner.get("/", (c) => {
          c.header("X-Of-The-Page", "1");
          Object.assign(web.get(c).data, data);
          return c.text("saved");
        });
        const app = isSub ? new hono.Hono().route("/", inner) : inner;
        inner.onError((_error, c) => answer(c));
        app.onError((_error, c) => answer(c));
        const response = await app.request("https://app.example.com/");
        expect([response.status, await response.text()]).toEqual([status, status === 302 ? "" : "sorry"]);
        expect(response.headers.getSetCookie().filter((line) => line.startsWith("__Host-"))).toEqual([]);
      });
    }
  }

  it("a flash that onError leaves is there at the next page, and what failed is not", async () => {
    const web = session({ secrets: SECRET });
    const app = new hono.Hono();
    app.use(web);
    app.get("/fails", (c) => {
      web.get(c).data.half = "done";
      web.get(c).flash("note", "of the handler");
      throw new Error("a fault of the application");
    });
    app.get("/next", (c) =>
      c.json([web.get(c).takeFlash("note") ?? null, web.get(c).takeFlash("error") ?? null, web.get(c).data]),
    );
    app.onError((_error, c) => {
      web.get(c).flash("error", "Something failed");
      return c.text("sorry", 500);
    });
    const browser = new Browser((request) => app.fetch(request));
    expect((await browser.visit("/fails")).status).toBe(500);
    expect(await (await browser.visit("/next")).json()).toEqual([null, "Something failed", {}]);
  });

  it("answers with 409 what would be lost, with Retry-After, and with the cookie of an id that save() wrote", async () => {
    const web = session({ secrets: SECRET, store: memory() });
    const app = new hono.Hono();
    // Hono 4.0 asks none but its own errors for their answer.
    if (name === "Hono 4.0") app.onError((error) => (error as GoneError).getResponse());
    app.use(web);
    app.post("/login", (c) => {
      web.get(c).login("alice");
      return c.text("done");
    });
    app.post("/renew", (c) => {
      web.get(c).regenerateId();
      return c.text("done");
    });
    app.post("/note", (c) => {
      web.get(c).data.note = "written";
      return c.text("done");
    });
    const browser = new Browser((request) => app.fetch(request));
    const post = { method: "POST" };
    await browser.visit("/login", post);
    const tab = browser.copy();
    await browser.visit("/renew", post);
    const refused = await tab.visit("/note", post);
    expect([refused.status, refused.headers.get("Retry-After"), refused.headers.getSetCookie()]).toEqual([409, "1", []]);
    expect((await browser.visit("/note", post)).status).toBe(200);
  });

  it("takes whatever has a status and headers for an answer", async () => {
    class ForeignResponse {
      readonly status = 203;
      readonly statusText = "";
      readonly headers = new Headers({ "X-Foreign": "1" });
      readonly body = null;
    }
    const web = session({ secrets: SECRET });
    const handled = await web.sessions.handler((_request, visitor) => {
      visitor.data.views = 1;
      return new ForeignResponse() as unknown as Response;
    })(new Request("https://app.example.com/"));
    expect([handled.status, handled.headers.get("X-Foreign"), handled.headers.getSetCookie().length]).toEqual([203, "1", 1]);
    const untouched = await web.sessions.handler(() => new ForeignResponse() as unknown as Response)(
      new Request("https://app.example.com/"),
    );
    expect(untouched).toBeInstanceOf(ForeignResponse);
  });
});
