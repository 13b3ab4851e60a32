/** The Hono adapter. */

import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { describe, expect, it } from "vitest";
import { type SessionVariables, session } from "../../src/adapters/hono.ts";
import { OptionError, StateError } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { holdToContract } from "../contracts/adapter.ts";
import { Browser } from "../support/browser.ts";
import { withMethods } from "../support/changed-store.ts";
import { VISITOR_COOKIE, visitorCookie } from "../support/cookie-names.ts";
import { OTHER_SECRET, SECRET } from "../support/secrets.ts";

interface Data {
  views: number;
}

/** Hono's own error handler, without its log. */
const quiet = (error: Error | HTTPException) =>
  "getResponse" in error ? error.getResponse() : new Response("failed", { status: 500 });

holdToContract("Hono", (options, routes) => {
  const web = session(options);
  const app = new Hono().use(web);
  app.onError(quiet);
  for (const [path, route] of Object.entries(routes)) app.all(path, (c) => route(web.get(c), c.req.raw));
  return { serve: (request) => app.fetch(request) };
});

describe("Hono", () => {
  const setUp = (more = {}) => {
    const web = session<Data>({ secrets: SECRET, store: memory(), ...more });
    const app = new Hono<{ Variables: SessionVariables<Data> }>().use(web);
    app.onError(quiet);
    app.get("/views", (c) => c.text(String(web.get(c).data.views ?? "none")));
    app.get("/who", (c) => c.text(c.var.session.subject ?? "nobody"));
    return { web, app, browser: new Browser((request) => app.fetch(request)) };
  };

  it("gives the session as c.var.session, too", async () => {
    const { app, web, browser } = setUp();
    app.get("/same", (c) => c.text(String(c.var.session === web.get(c))));
    expect(await (await browser.visit("/same")).text()).toBe("true");
  });

  it("keeps changes and cookie with an HTTPException below 500", async () => {
    const { app, browser } = setUp();
    app.get("/forbidden", (c) => {
      c.var.session.data.views = 3;
      throw new HTTPException(403, { message: "no" });
    });
    expect((await browser.visit("/forbidden")).status).toBe(403);
    expect(await (await browser.visit("/views")).text()).toBe("3");
  });

  it("drops changes with an HTTPException of 500 and more, but carries a logout out", async () => {
    const { app, browser } = setUp();
    app.get("/login", (c) => {
      c.var.session.login("alice");
      return c.text("in");
    });
    app.get("/crash", (c) => {
      c.var.session.data.views = 99;
      throw new HTTPException(502);
    });
    app.get("/logout-crash", (c) => {
      c.var.session.logout();
      throw new HTTPException(500);
    });
    await browser.visit("/login");
    await browser.visit("/crash");
    expect(await (await browser.visit("/views")).text()).toBe("none");
    expect(await (await browser.visit("/who")).text()).toBe("alice");
    const thief = browser.copy();
    await browser.visit("/logout-crash");
    expect(browser.cookieHeader()).toBe("");
    expect(await (await thief.visit("/who")).text()).toBe("nobody");
  });

  it("gives no new id when a handler fails after regenerateId(), and sends one that save() wrote", async () => {
    const store = memory();
    const { app, browser } = setUp({ store });
    app.get("/login", (c) => {
      c.var.session.login("alice");
      return c.text("in");
    });
    app.get("/crash", (c) => {
      c.var.session.regenerateId();
      c.var.session.data.views = 99;
      throw new Error("crashed");
    });
    app.get("/save-and-crash", async (c) => {
      c.var.session.regenerateId();
      await c.var.session.save();
      c.var.session.data.views = 99;
      throw new Error("crashed");
    });
    await browser.visit("/login");
    const before = browser.cookieHeader();
    for (const path of ["/crash", "/save-and-crash"]) {
      expect((await browser.visit(path)).status).toBe(500);
      expect(browser.cookieHeader() === before).toBe(path === "/crash");
      expect(await (await browser.visit("/who")).text()).toBe("alice");
      expect(await (await browser.visit("/views")).text()).toBe("none");
      expect(await store.list?.("alice")).toHaveLength(1);
    }
  });

  it("keeps a visitor's data when a handler fails after login()", async () => {
    const { app, browser } = setUp();
    app.get("/fill", (c) => {
      c.var.session.data.views = 4;
      return c.text("filled");
    });
    app.get("/crash", (c) => {
      c.var.session.login("alice");
      throw new Error("crashed");
    });
    await browser.visit("/fill");
    await browser.visit("/crash");
    expect(await (await browser.visit("/who")).text()).toBe("nobody");
    expect(await (await browser.visit("/views")).text()).toBe("4");
  });

  it("follows the onError of a sub-application: its status decides", async () => {
    const { app, browser } = setUp();
    const sub = new Hono<{ Variables: SessionVariables<Data> }>();
    sub.onError((_, c) => c.text("handled", 400));
    sub.get("/crash", (c) => {
      c.var.session.data.views = 8;
      throw new Error("crashed");
    });
    app.route("/sub", sub);
    expect((await browser.visit("/sub/crash")).status).toBe(400);
    expect(await (await browser.visit("/views")).text()).toBe("8");
  });

  it("answers 503 without details when the store fails", async () => {
    const store = withMethods(memory(), { create: () => Promise.reject(new Error("SET session:abc payload")) });
    const web = session<Data>({ secrets: SECRET, store });
    const app = new Hono().use(web).get("/", (c) => {
      web.get(c).data.views = 1;
      return c.text("ok");
    });
    const response = await app.request("/");
    expect(response.status).toBe(503);
    expect(await response.text()).toBe("Service Unavailable");
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("lets no cache keep an error because the answer that failed was public", async () => {
    const store = withMethods(memory(), { create: () => Promise.reject(new Error("down")) });
    const web = session<Data>({ secrets: SECRET, store });
    const app = new Hono().use(web).get("/", (c) => {
      web.get(c).data.views = 1;
      c.header("Cache-Control", "public, max-age=3600");
      return c.text("hello");
    });
    const response = await app.request("/");
    expect([response.status, response.headers.get("Cache-Control"), response.headers.get("ETag")]).toEqual([
      503,
      "no-store",
      null,
    ]);
  });

  it("takes options as a function also where a server gives no env", async () => {
    const web = session<{ n: number }>(() => ({ secrets: SECRET }));
    const app = new Hono().use(web).get("/", (c) => c.text(String(web.get(c).isNew)));
    expect(await (await app.fetch(new Request("https://app.example.com/"))).text()).toBe("true");
  });

  it("keeps several sessions in one application apart", async () => {
    const web = session<{ n: number }>({ secrets: SECRET });
    const admin = session<{ n: number }>({ secrets: SECRET, name: "admin" });
    type Variables = SessionVariables<{ n: number }> & SessionVariables<{ n: number }, "admin">;
    const app = new Hono<{ Variables: Variables }>().use(web, admin);
    app.get("/set", (c) => {
      web.get(c).data.n = 1;
      c.var.admin.data.n = 2;
      return c.text("set");
    });
    app.get("/get", (c) => c.text(`${c.var.session.data.n} ${admin.get(c).data.n}`));
    const browser = new Browser((request) => app.fetch(request));
    const lines = (await browser.visit("/set")).headers.getSetCookie();
    expect(lines.map((line) => line.split("=")[0])).toEqual([visitorCookie("admin"), VISITOR_COOKIE]);
    expect(await (await browser.visit("/get")).text()).toBe("1 2");
  });

  it("runs once for a request, however often it is used", async () => {
    const { app, web, browser } = setUp();
    app.use(web).get("/twice", (c) => {
      web.get(c).data.views = 1;
      return c.text("ok");
    });
    expect((await browser.visit("/twice")).headers.getSetCookie()).toHaveLength(1);
  });

  it("takes options as a function of env, and remembers what it gives for each env", async () => {
    let calls = 0;
    const web = session<{ n: number }>((env: { SECRET: string }) => {
      calls++;
      return { secrets: env.SECRET };
    });
    const app = new Hono().use(web).get("/", (c) => c.text(String(web.get(c).isNew)));
    const [one, two] = [{ SECRET }, { SECRET: OTHER_SECRET }];
    for (const env of [one, one, two, one]) expect(await (await app.request("/", {}, env)).text()).toBe("true");
    expect(calls).toBe(2);
    expect(() => web.sessions).toThrow(OptionError);
  });

  it("says what to do when its middleware did not run", async () => {
    const web = session({ secrets: SECRET });
    const app = new Hono();
    let thrown: unknown;
    app.get("/", (c) => {
      try {
        web.get(c);
      } catch (error) {
        thrown = error;
      }
      return c.text("ok");
    });
    await app.request("/");
    expect(thrown).toBeInstanceOf(StateError);
    expect((thrown as StateError).code).toBe("ERR_SESSION_MISSING");
  });

  it("answers HEAD as GET, without the body", async () => {
    const { browser } = setUp();
    const response = await browser.visit("/views", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("Vary")).toBe("Cookie");
  });
});
