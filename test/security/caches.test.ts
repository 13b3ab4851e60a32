/** Caches: no answer that depends on somebody's session is kept for another, whoever set the headers, and however it is given. */

import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import Koa from "koa";
import Koa2 from "koa2";
import { afterAll, describe, expect, it } from "vitest";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { getSession, session as koaSession } from "../../src/adapters/koa/index.ts";
import { copy } from "../../src/features/copy.ts";
import { createSessions, type Session, type SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);

type Act = (session: Session) => void;
type How = "answered" | "thrown";
const PUBLIC = { "Cache-Control": "public, max-age=600, s-maxage=900", "CDN-Cache-Control": "max-age=600" };
const HEADERS = ["Vary", "Cache-Control", "CDN-Cache-Control", "Clear-Site-Data"];

const read: Act = (session) => void session.data;
const change: Act = (session) => Object.assign(session.data, { cart: "pear" });
const logIn: Act = (session) => session.login("alice");
const logOut: Act = (session) => session.logout({ clearSiteData: ["cache", "storage"] });

/** What an answer says to caches; of cookies, the names. */
function said(response: Response): Record<string, unknown> {
  const headers = HEADERS.map((name) => [name, response.headers.get(name)]);
  const cookies = response.headers.getSetCookie().map((line) => line.slice(0, line.indexOf("=")));
  return Object.fromEntries([...headers, ["cookies", cookies], ["status", response.status]]);
}

/** An application of a framework, whose outer middleware sets headers before all else. Its addresses are those of `acts`. */
type Site = (options: object, before: Record<string, string>, how: How) => Browser;
const ACTS: Record<string, Act> = {
  "/read": read,
  "/change": change,
  "/login": logIn,
  "/logout": logOut,
  "/untouched": () => {},
};
const act = (path: string, session: Session) => ACTS[path]?.(session);

const onKoa =
  (Application: typeof Koa, more: object): Site =>
  (options, before, how) => {
    const app = new Application();
    app.silent = true;
    app.keys = [SECRET];
    app.use(async (ctx, next) => {
      ctx.set(before);
      await next();
    });
    app.use(koaSession({ ...options, ...more }) as never);
    app.use((ctx) => {
      act(ctx.path, getSession(ctx));
      if (how === "thrown") ctx.throw(404, { headers: before });
      ctx.status = 404;
      ctx.body = "none";
    });
    return new Browser(serveNode(app.callback()));
  };

const onHono: Site = (options, before, how) => {
  const web = honoSession({ ...options, secrets: SECRET });
  const app = new Hono();
  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(before)) c.header(name, value);
    await next();
  });
  app.use(web).all("*", (c) => {
    act(c.req.path, web.get(c));
    if (how === "thrown") throw new HTTPException(404);
    return c.text("none", 404);
  });
  return new Browser((request) => app.fetch(request));
};

const onFetch: Site = (options, before, how) => {
  const sessions = createSessions({ ...options, secrets: SECRET });
  const serve = sessions.handler((request, session) => {
    act(new URL(request.url).pathname, session);
    const response = new Response("none", { status: 404, headers: before });
    if (how === "thrown") throw response;
    return response;
  });
  return new Browser((request) => serve(request));
};

const SITES: [string, Site][] = [
  ["fetch", onFetch],
  ["Hono", onHono],
  ["Koa 3", onKoa(Koa, { secrets: SECRET })],
  ["Koa 2", onKoa(Koa2 as unknown as typeof Koa, { secrets: SECRET })],
  ["Koa with app.keys", onKoa(Koa, {})],
];

describe.each(SITES)("on %s", (_name, site) => {
  it("B14 public from a middleware outside never stays beside our cookie", async () => {
    for (const how of ["answered", "thrown"] as const) {
      const browser = site({ store: memory() }, PUBLIC, how);
      for (const path of ["/change", "/login", "/logout"]) {
        const answer = said(await browser.visit(path));
        expect([path, answer]).toMatchObject([path, { "Cache-Control": "no-store", "CDN-Cache-Control": "no-store" }]);
        expect(answer.cookies).not.toEqual([]);
      }
      // What says that everybody may have it, and sets nothing, is believed.
      expect(said(await browser.visit("/read"))["Cache-Control"]).toBe(PUBLIC["Cache-Control"]);
    }
  });

  it("B14 an error that is thrown has the headers of an answer with its status", async () => {
    const [answered, thrown] = [site({ store: memory() }, {}, "answered"), site({ store: memory() }, {}, "thrown")];
    for (const path of ["/untouched", "/read", "/change", "/read", "/login", "/read", "/logout", "/read"]) {
      const [one, other] = [said(await answered.visit(path)), said(await thrown.visit(path))];
      expect([path, other]).toEqual([path, one]);
    }
  });

  it("B14 an answer to a living session that says nothing is private", async () => {
    const browser = site({ store: memory() }, {}, "answered");
    const cacheControl = async (path: string) => said(await browser.visit(path))["Cache-Control"];
    expect(await cacheControl("/read")).toBe(null);
    expect(await cacheControl("/change")).toBe("no-store");
    expect(await cacheControl("/read")).toBe("private");
    expect(await cacheControl("/untouched")).toBe(null);
    expect(await cacheControl("/login")).toBe("no-store");
    expect(await cacheControl("/read")).toBe("private, no-store");
    expect(await cacheControl("/logout")).toBe("no-store");
    expect(await cacheControl("/read")).toBe(null);
  });
});

describe("a thrown error on Koa", () => {
  it("keeps what it has to say itself, in any spelling, and is not changed", async () => {
    const error = Object.assign(new Error("denied"), {
      status: 403,
      headers: {
        vary: "Accept",
        "cache-control": "private, max-age=5",
        "Clear-Site-Data": '"cookies"',
        "X-Reason": "denied",
        "Retry-After": 5,
      },
    });
    const before = structuredClone(error.headers);
    const app = new Koa();
    app.silent = true;
    app.use(koaSession({ secrets: SECRET, store: memory() }) as never);
    app.use((ctx) => {
      act(ctx.path, getSession(ctx));
      throw error;
    });
    const browser = new Browser(serveNode(app.callback()));
    await browser.visit("/login");
    const { headers } = await browser.visit("/read");
    expect([headers.get("Vary"), headers.get("Cache-Control"), headers.get("X-Reason"), headers.get("Retry-After")]).toEqual([
      "Accept, Cookie",
      "private, max-age=5",
      "denied",
      "5",
    ]);
    expect((await browser.visit("/logout")).headers.get("Clear-Site-Data")).toBe('"cache", "storage"');
    expect(error.headers).toEqual(before);
  });

  it("says nothing of caches where the application has that to itself", async () => {
    const browser = onKoa(Koa, { secrets: SECRET })({ store: memory(), cacheHeaders: false }, {}, "thrown");
    expect(said(await browser.visit("/login"))).toMatchObject({ Vary: null, "Cache-Control": null });
    expect(said(await browser.visit("/read"))).toMatchObject({ Vary: null, "Cache-Control": null });
    expect(said(await browser.visit("/logout"))["Clear-Site-Data"]).toBe('"cache", "storage"');
  });
});

describe("the session that an answer shows", () => {
  const kept: [string, () => Partial<SessionOptions>][] = [
    ["in its cookie", () => ({})],
    ["in a store", () => ({ store: memory() })],
    ["in a cookie, while users are in a store", () => ({ store: memory(), anonymous: "cookie" })],
    ["in a store, and copied", () => ({ store: memory(), copy: copy({ maxAge: 60 }) })],
  ];

  it.each(kept)(
    "makes it private, also a visitor's, and that of an application that keeps its user in the data: %s",
    async (_where, options) => {
      const app = makeApp(options());
      await app.does((session) => Object.assign(session.data, { userId: 7 }));
      const response = await app.answers((session) => void session.data.userId);
      expect(response.headers.get("Cache-Control")).toBe("private");
      const own = { headers: { "Cache-Control": "max-age=5" } };
      const said = await app.answers((session) => (session.data.userId === 7 ? new Response("mine", own) : undefined));
      expect(said.headers.get("Cache-Control")).toBe("max-age=5");
    },
  );

  it.each<[string, Act]>([
    ["got another id", (session) => session.regenerateId()],
    ["ended", (session) => session.logout()],
  ])("makes it private when the session %s while the request ran", async (_what, meanwhile) => {
    for (const late of [read, change]) {
      const app = makeApp({ store: memory() });
      await app.does(change);
      const request = new Request("https://app.example.com/", { headers: { Cookie: app.browser.cookieHeader() } });
      const session = await app.sessions.load(request);
      const page = new Response(String(session.data.cart));
      await app.does(meanwhile);
      late(session);
      expect((await app.sessions.apply(session, page)).headers.get("Cache-Control")).toBe("private");
    }
  });
});
