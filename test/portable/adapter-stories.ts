/** What every adapter must do, told as stories of a browser over several requests. */
import type { Session, SessionOptions } from "../../src/index.ts";
import { StoreError } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser, type Serve } from "../support/browser.ts";
import { Clock, DAY, HOUR } from "../support/clock.ts";
import { VISITOR_COOKIE } from "../support/cookie-names.ts";
import { FailingStore, LEAK } from "../support/failing-store.ts";
import { SECRET } from "../support/secrets.ts";
import { expect } from "./expect.ts";
import { chapter, type Story, story } from "./story.ts";

/** The data of the stories' application. */
export interface Data {
  views: number;
  cart: string[];
  user: string;
  [key: string]: unknown;
}

/** What the application does at a path. */
export type Route = (session: Session<Data>, request: Request) => Response | Promise<Response>;

/** Makes an application of these routes with the adapter under test. */
export type MakeApp = (options: SessionOptions, routes: Record<string, Route>) => { serve: Serve };

const ROUTES: Record<string, Route> = {
  "/": () => new Response("home"),
  "/count": (session) => {
    session.data.views = (session.data.views ?? 0) + 1;
    return new Response(String(session.data.views));
  },
  "/views": (session) => new Response(String(session.data.views ?? "none")),
  "/who": (session) => new Response(session.subject ?? "nobody"),
  "/id": (session) => new Response(session.id),
  "/login": (session, request) => {
    session.login(new URL(request.url).searchParams.get("as") ?? "alice");
    return Response.redirect("https://app.example.com/who", 303);
  },
  "/logout": (session) => {
    session.logout();
    return new Response("bye");
  },
  "/regenerate": (session) => {
    session.regenerateId();
    return new Response("new id");
  },
  "/set": (session, request) => {
    for (const [key, value] of new URL(request.url).searchParams) session.data[key] = value;
    return new Response("set");
  },
  "/get": (session, request) => new Response(String(session.data[new URL(request.url).searchParams.get("key") ?? ""] ?? "none")),
  "/flash": (session) => {
    session.flash("notice", "saved");
    return new Response(null, { status: 303, headers: { Location: "/notice" } });
  },
  "/notice": (session) => new Response(session.takeFlash<string>("notice") ?? "none"),
};

const KINDS: [string, () => Partial<SessionOptions>][] = [
  ["in an encrypted cookie", () => ({})],
  ["in a readable cookie", () => ({ readable: true })],
  ["in a store", () => ({ store: memory() })],
  ["in a store, loaded when asked for", () => ({ store: memory(), lazy: true })],
];

/** The stories. */
export function adapterStories(makeApp: MakeApp): Story[] {
  const setUp = (more: Partial<SessionOptions> = {}, routes: Record<string, Route> = ROUTES) => {
    const clock = new Clock();
    const lazily = more.lazy ? readyFirst(routes) : routes;
    const { serve } = makeApp({ secrets: SECRET, now: clock.now, ...more }, lazily);
    return { clock, serve, browser: new Browser(serve, clock) };
  };

  return [
    ...KINDS.flatMap(([where, kind]) =>
      chapter(
        `a session ${where}`,
        lifeOfASession(() => setUp(kind())),
      ),
    ),
    ...chapter(
      "responses",
      responses((routes, more) => setUp({ store: memory(), ...more }, { ...ROUTES, ...routes })),
    ),
    ...chapter(
      "a store that fails",
      brokenStore((more) => setUp(more)),
    ),
  ];
}

function readyFirst(routes: Record<string, Route>): Record<string, Route> {
  const lazily =
    (route: Route): Route =>
    async (session, request) => {
      await session.ready();
      return route(session, request);
    };
  return Object.fromEntries(Object.entries(routes).map(([path, route]) => [path, path === "/" ? route : lazily(route)]));
}

const text = async (response: Response | Promise<Response>): Promise<string> => (await response).text();

interface Scene {
  clock: Clock;
  serve: Serve;
  browser: Browser;
}

function lifeOfASession(setUp: () => Scene): Story[] {
  return [
    story("remembers a visitor from request to request", async () => {
      const { browser } = setUp();
      expect(await text(browser.visit("/count"))).toBe("1");
      expect(await text(browser.visit("/count"))).toBe("2");
      expect(await text(browser.visit("/views"))).toBe("2");
    }),

    story("keeps visitors apart", async () => {
      const { browser, serve, clock } = setUp();
      await browser.visit("/count");
      expect(await text(new Browser(serve, clock).visit("/views"))).toBe("none");
    }),

    story("does nothing for a visitor whose session is untouched", async () => {
      const { browser } = setUp();
      const response = await browser.visit("/");
      expect([...response.headers.keys()].filter((header) => /cookie|cache|vary/.test(header))).toEqual([]);
    }),

    story("sets no cookie when a session is only read", async () => {
      const { browser } = setUp();
      await browser.visit("/count");
      const response = await browser.visit("/views");
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(response.headers.get("Vary")).toBe("Cookie");
    }),

    story("finds the login after a redirect", async () => {
      const { browser } = setUp();
      const response = await browser.visit("/login");
      expect(response.status).toBe(303);
      expect(response.headers.get("Location")).toBe("https://app.example.com/who");
      expect(await text(browser.visit("/who"))).toBe("alice");
    }),

    story("keeps an anonymous visitor's data at the login, under a new id", async () => {
      const { browser } = setUp();
      await browser.visit("/set?cart=apple");
      const before = await text(browser.visit("/id"));
      await browser.visit("/login");
      expect(await text(browser.visit("/get?key=cart"))).toBe("apple");
      expect(await text(browser.visit("/id"))).not.toBe(before);
    }),

    story("keeps nothing when another user logs in", async () => {
      const { browser } = setUp();
      await browser.visit("/login?as=alice");
      await browser.visit("/set?secret=hers");
      await browser.visit("/login?as=bob");
      expect(await text(browser.visit("/who"))).toBe("bob");
      expect(await text(browser.visit("/get?key=secret"))).toBe("none");
    }),

    story("forgets everything at the logout, and starts again", async () => {
      const { browser } = setUp();
      await browser.visit("/count");
      await browser.visit("/login");
      await browser.visit("/logout");
      expect(browser.cookieHeader()).toBe("");
      expect(await text(browser.visit("/who"))).toBe("nobody");
      expect(await text(browser.visit("/count"))).toBe("1");
    }),

    story("changes the id and keeps the rest", async () => {
      const { browser } = setUp();
      await browser.visit("/login");
      await browser.visit("/count");
      const before = await text(browser.visit("/id"));
      await browser.visit("/regenerate");
      expect(await text(browser.visit("/id"))).not.toBe(before);
      expect(await text(browser.visit("/who"))).toBe("alice");
      expect(await text(browser.visit("/views"))).toBe("1");
    }),

    story("hands a flash value over once, and hides it from the data", async () => {
      const { browser } = setUp();
      await browser.visit("/flash");
      expect(await text(browser.visit("/notice"))).toBe("saved");
      expect(await text(browser.visit("/notice"))).toBe("none");
    }),

    story("ends a session that is not used, and keeps one that is", async () => {
      const { browser, clock } = setUp();
      await browser.visit("/count");
      for (let days = 0; days < 5; days++) {
        clock.pass(20 * HOUR);
        expect(await text(browser.visit("/views"))).toBe("1");
      }
      const thief = browser.copy();
      for (const [cookie, held] of thief.cookies) thief.cookies.set(cookie, { ...held, endsAt: Number.POSITIVE_INFINITY });
      clock.pass(DAY);
      expect(await text(thief.visit("/views"))).toBe("none");
    }),

    story("ends a session at its absolute limit, however much it is used", async () => {
      const { browser, clock } = setUp();
      await browser.visit("/count");
      for (let hours = 0; hours < 30 * 24; hours += 12) {
        expect(await text(browser.visit("/views"))).toBe("1");
        clock.pass(12 * HOUR);
      }
      expect(await text(browser.visit("/views"))).toBe("none");
    }),

    story("gives a login both timeouts anew", async () => {
      const { browser, clock } = setUp();
      await browser.visit("/count");
      for (let days = 0; days < 29; days++) {
        clock.pass(DAY - 60);
        await browser.visit("/views");
      }
      await browser.visit("/login");
      clock.pass(DAY - 60);
      await browser.visit("/views");
      clock.pass(DAY - 60);
      expect(await text(browser.visit("/who"))).toBe("alice");
    }),
  ];
}

function responses(setUp: (routes: Record<string, Route>, more?: Partial<SessionOptions>) => Scene): Story[] {
  return [
    story("puts the cookie on a fetched response, whose headers cannot be changed", async () => {
      const fetched: Route = async (session) => {
        session.data.views = 7;
        return fetch("data:text/plain,fetched");
      };
      const { browser } = setUp({ "/fetched": fetched });
      expect(await text(browser.visit("/fetched"))).toBe("fetched");
      expect(await text(browser.visit("/views"))).toBe("7");
    }),

    story("leaves other cookies alone, and sets its own once", async () => {
      const { browser } = setUp({
        "/many": (session) => {
          session.data.views = 1;
          const response = new Response("many");
          response.headers.append("Set-Cookie", "theme=dark");
          response.headers.append("Set-Cookie", "lang=eo; Path=/");
          return response;
        },
      });
      const lines = (await browser.visit("/many")).headers.getSetCookie();
      expect(lines.slice(0, 2)).toEqual(["theme=dark", "lang=eo; Path=/"]);
      expect(lines.slice(2).map((line) => line.split("=")[0])).toEqual([VISITOR_COOKIE]);
    }),

    story("keeps a response with a session cookie out of every cache", async () => {
      const { browser } = setUp({
        "/public": (session) => {
          session.data.views = 1;
          return new Response("for all?", { headers: { "Cache-Control": "public, max-age=600", Vary: "Accept-Encoding" } });
        },
      });
      const response = await browser.visit("/public");
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      expect(response.headers.get("Vary")).toBe("Accept-Encoding, Cookie");
    }),

    story("does not touch a session on a response that shared caches may keep", async () => {
      const shared: Route = (session) =>
        new Response(String(session.data.views), { headers: { "Cache-Control": "s-maxage=60" } });
      const { browser, clock } = setUp({ "/shared": shared }, { store: undefined as never });
      await browser.visit("/count");
      clock.pass(6 * HOUR);
      const response = await browser.visit("/shared");
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(response.headers.get("Cache-Control")).toBe("s-maxage=60");
      expect((await browser.visit("/views")).headers.getSetCookie()).toHaveLength(1);
    }),

    story("keeps pages of a user private, unless the application says otherwise", async () => {
      const own: Route = (session) => new Response(session.subject, { headers: { "Cache-Control": "private, max-age=5" } });
      const { browser } = setUp({ "/own": own });
      await browser.visit("/login");
      expect((await browser.visit("/who")).headers.get("Cache-Control")).toBe("private, no-store");
      expect((await browser.visit("/own")).headers.get("Cache-Control")).toBe("private, max-age=5");
      expect((await browser.visit("/")).headers.get("Cache-Control")).toBe(null);
    }),

    story("leaves cache headers to the application when told so", async () => {
      const { browser } = setUp({}, { cacheHeaders: false });
      const response = await browser.visit("/count");
      expect(response.headers.get("Cache-Control")).toBe(null);
      expect(response.headers.get("Vary")).toBe(null);
      expect(await text(browser.visit("/views"))).toBe("1");
    }),

    story("saves before the body of a stream is read, and takes no change of the data then, but by update()", async () => {
      let late: unknown;
      const cart = ["apple"];
      const { browser } = setUp({
        "/stream": (session) => {
          session.data.cart = cart;
          const body = new ReadableStream<Uint8Array>(
            {
              async pull(controller) {
                try {
                  // Nobody freezes what is the application's own; a change inside of it comes too late all the same.
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
      expect(await text(browser.visit("/get?key=cart"))).toBe("apple");
      expect(await response.text()).toBe("streamed");
      expect(late).toMatchObject({ code: "ERR_SESSION_COMMITTED" });
      expect(cart).toEqual(["apple", "pear"]);
      expect(await text(browser.visit("/get?key=cart"))).toBe("apple");
      expect(await text(browser.visit("/views"))).toBe("3");
    }),

    story("drops changes of data when the handler throws, and keeps the session", async () => {
      const { browser } = setUp({
        "/crash": (session) => {
          session.data.views = 99;
          throw new Error("handler crashed");
        },
      });
      await browser.visit("/count");
      await Promise.resolve(browser.visit("/crash")).catch(() => {});
      expect(await text(browser.visit("/views"))).toBe("1");
    }),

    story("ends a session that was destroyed, whatever the handler threw afterwards", async () => {
      const { browser } = setUp({
        "/crash": (session) => {
          session.destroy();
          throw new Error("handler crashed");
        },
      });
      await browser.visit("/login");
      const thief = browser.copy();
      await Promise.resolve(browser.visit("/crash")).catch(() => {});
      expect(await text(thief.visit("/who"))).toBe("nobody");
    }),

    story("gives no new id when the handler throws after regenerateId(), and changes nothing", async () => {
      const { browser } = setUp({
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
        expect(await text(visitor.visit("/who"))).toBe("alice");
        expect(await text(visitor.visit("/id"))).toBe(id);
        expect(await text(visitor.visit("/views"))).toBe("1");
      }
    }),

    story("leaves no old id that works when the handler throws after regenerateId() and save()", async () => {
      const { browser } = setUp({
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
      expect(await text(thief.visit("/who"))).toBe("nobody");
      // The new id goes with the error's answer; where there is none to carry it, the session has ended.
      const isSent = answer.headers.getSetCookie().length > 0;
      expect(await text(browser.visit("/who"))).toBe(isSent ? "alice" : "nobody");
      expect(await text(browser.visit("/views"))).toBe(isSent ? "5" : "none");
    }),

    story("does not log in when the handler throws after login()", async () => {
      const { browser } = setUp({
        "/crash": (session) => {
          session.login("alice");
          throw new Error("handler crashed");
        },
      });
      await browser.visit("/count");
      await Promise.resolve(browser.visit("/crash")).catch(() => {});
      expect(await text(browser.visit("/who"))).toBe("nobody");
    }),

    ...(
      [
        ["POST", "/regenerate", 409, "none"],
        ["GET", "/regenerate", 200, "none"],
        ["POST", "/rotate", 200, "late"],
      ] as const
    ).map(([method, renew, status, cart]) =>
      story(`answers ${status} to a ${method} that changes a session whose id is new since ${renew}`, async () => {
        let meanwhile = async () => {};
        const { browser } = setUp({
          "/rotate": (session) => {
            session.regenerateId({ graceSeconds: 10 });
            return new Response("new id, and the old one for a while");
          },
          "/late": async (session) => {
            void session.data.cart;
            await meanwhile();
            session.data.cart = ["late"];
            return new Response("done");
          },
        });
        await browser.visit("/login");
        const twin = browser.copy();
        meanwhile = async () => void (await browser.visit(renew));
        const answer = await twin.visit("/late", { method });
        expect(answer.status).toBe(status);
        expect(answer.headers.getSetCookie()).toEqual([]);
        expect(await text(browser.visit("/get?key=cart"))).toBe(cart);
        expect(await text(browser.visit("/who"))).toBe("alice");
      }),
    ),

    story("saves what was changed before a thrown Response", async () => {
      const { browser } = setUp({
        "/thrown": (session) => {
          session.data.views = 5;
          throw new Response("thrown", { status: 409 });
        },
      });
      const response = await browser.visit("/thrown").catch((thrown: Response) => {
        browser.receive(thrown);
        return thrown;
      });
      expect(response.status).toBe(409);
      expect(await text(browser.visit("/views"))).toBe("5");
    }),

    story("saves what was changed before a response of 500 that the handler chose itself", async () => {
      const { browser } = setUp({
        "/sorry": (session) => {
          session.data.views = 5;
          return new Response("sorry", { status: 500 });
        },
      });
      expect((await browser.visit("/sorry")).status).toBe(500);
      expect(await text(browser.visit("/views"))).toBe("5");
    }),
  ];
}

function brokenStore(setUp: (more: Partial<SessionOptions>) => Scene): Story[] {
  /** The answer, or the error that came instead of one. */
  const outcome = (answer: Promise<Response>): Promise<Response | unknown> => answer.catch((error: unknown) => error);
  const isFailure = (answer: Response | unknown): boolean =>
    answer instanceof Response ? answer.status === 503 : answer instanceof StoreError && answer.status === 503;

  return [
    story("fails with 503 when the store cannot be read, and leaves the cookie alone", async () => {
      const store = new FailingStore();
      const { browser } = setUp({ store });
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
      story(`fails with 503 when ${operation} fails, and sends no cookie`, async () => {
        const store = new FailingStore();
        const { browser } = setUp({ store });
        if (operation !== "create") await browser.visit("/count");
        const cookie = browser.cookieHeader();
        store.fail(operation);
        expect(isFailure(await outcome(browser.visit(path)))).toBe(true);
        expect(browser.cookieHeader()).toBe(cookie);
      }),
    ),

    story("goes on when only the touch fails", async () => {
      const store = new FailingStore();
      const { browser, clock } = setUp({ store });
      await browser.visit("/count");
      clock.pass(7 * HOUR);
      store.fail("touch");
      expect(await text(browser.visit("/views"))).toBe("1");
    }),

    story("shows an anonymous visitor when told to, writes nothing and sends no cookie", async () => {
      const store = new FailingStore();
      const { browser } = setUp({ store, onStoreError: "anonymous" });
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
}
