/** A Secure cookie that goes out over plain http: browsers drop it, and the application is told once. */
import { Hono } from "hono";
import Koa from "koa";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { getSession, session as koaSession } from "../../src/adapters/koa/index.ts";
import { createSessions, type SessionEvent, type SessionOptions } from "../../src/index.ts";
import { closeServers, listenOn } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);
afterEach(() => vi.restoreAllMocks());

const WARNED = { type: "insecure", reason: "plain-http" };
const TEXT =
  "web-session-store: a Secure cookie was sent over plain http, where browsers drop it: use https, or http://localhost, or in development cookie.secure: false";
const VISIT = "/visit";

/** An application that writes at /visit, and what it was told beside the usual. */
function setUp(more: Partial<SessionOptions> = {}) {
  const told: SessionEvent[] = [];
  const onEvent = (event: SessionEvent) => {
    if (event.type === "insecure") told.push(event);
  };
  const sessions = createSessions<{ views: number }>({ secrets: SECRET, onEvent, ...more });
  const visit = sessions.handler((request, session) => {
    if (request.url.endsWith(VISIT)) session.data.views = 1;
    return new Response("done");
  });
  return { told, visit, sessions };
}

describe("a request over plain http", () => {
  it.each(["http://app.example.com", "http://192.168.0.10:3000", "http://localhost.example.com", "http://10.127.0.0.1.example"])(
    "to %s is reported once",
    async (origin) => {
      const { told, visit } = setUp();
      for (let count = 0; count < 3; count++) await visit(new Request(`${origin}${VISIT}`));
      expect(told).toEqual([WARNED]);
    },
  );

  it.each([
    "https://app.example.com",
    "http://localhost:8787",
    "http://app.localhost",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
  ])("is not what came to %s: browsers keep the cookie", async (origin) => {
    const { told, visit } = setUp();
    const response = await visit(new Request(`${origin}${VISIT}`));
    expect(response.headers.getSetCookie()).toHaveLength(1);
    expect(told).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ["a proxy that says so", { "X-Forwarded-Proto": "https" }],
    ["a proxy that says so by the standard", { Forwarded: "for=192.0.2.1;proto=https;host=app.example.com" }],
    ["a browser that says by its headers that it sees https", { "Sec-Fetch-Site": "none" }],
  ])("is none behind %s", async (_what, headers) => {
    const { told, visit } = setUp();
    await visit(new Request(`http://app.example.com${VISIT}`, { headers }));
    expect(told).toEqual([]);
  });

  it("is reported when it gets a cookie, and not before", async () => {
    const { told, visit } = setUp();
    await visit(new Request("http://app.example.com/"));
    expect(told).toEqual([]);
    await visit(new Request(`http://app.example.com${VISIT}`));
    expect(told).toEqual([WARNED]);
  });

  it("is fine for a cookie that is not Secure", async () => {
    const { told, visit } = setUp({ cookie: { secure: false } });
    await visit(new Request(`http://app.example.com${VISIT}`));
    expect(told).toEqual([{ type: "insecure", reason: "not-secure" }]);
  });

  it("changes nothing of the answer", async () => {
    const { visit } = setUp({ now: () => 1_800_000_000 });
    const lines = ["http://app.example.com", "https://app.example.com"].map(async (origin) => {
      const [line = ""] = (await visit(new Request(`${origin}${VISIT}`))).headers.getSetCookie();
      return line.replace(/=[\w.-]+;/, "=token;");
    });
    const [http, https] = await Promise.all(lines);
    expect(http).toContain("=token;");
    expect(http).toBe(https);
  });

  it("is a warning on the console where nobody listens", async () => {
    const said = vi.spyOn(console, "warn").mockImplementation(() => {});
    const sessions = createSessions({ secrets: SECRET });
    const visit = sessions.handler((_, session) => {
      Object.assign(session.data, { views: 1 });
      return new Response("done");
    });
    for (let count = 0; count < 3; count++) await visit(new Request("http://app.example.com/"));
    expect(said.mock.calls).toEqual([[TEXT]]);
  });

  it("is not guessed where the request says no URL, or only a path", async () => {
    const { told, sessions } = setUp();
    for (const url of [undefined, "/visit", "http:", "http://"]) {
      const session = await sessions.load({ headers: new Headers(), ...(url !== undefined && { url }) });
      session.data.views = 1;
      await sessions.apply(session, new Response());
    }
    expect(told).toEqual([]);
  });
});

describe("in frameworks", () => {
  it("Hono's requests are known by their URL", async () => {
    const told: SessionEvent[] = [];
    const web = honoSession({ secrets: SECRET, onEvent: (event) => told.push(event) });
    const app = new Hono().use(web);
    app.get("/", (c) => {
      Object.assign(web.get(c).data, { views: 1 });
      return c.text("done");
    });
    await app.request("http://app.example.com/");
    expect(told).toContainEqual(WARNED);
  });

  it.each<[string, object, boolean]>([
    ["with secrets", { secrets: SECRET }, true],
    ["with app.keys and cookie.secure", { cookie: { secure: true } }, true],
    ["with app.keys, where Secure follows the request", {}, false],
  ])("Koa's are known by Host and ctx.secure, %s", async (_how, options, isTold) => {
    const told: SessionEvent[] = [];
    const app = new Koa();
    app.keys = [SECRET];
    app.use(koaSession({ ...options, onEvent: (event: SessionEvent) => told.push(event) } as never));
    app.use((ctx) => {
      getSession(ctx).data.views = 1;
      ctx.body = "done";
    });
    const port = await listenOn(app.callback());
    const { request } = await import("node:http");
    const visit = (headers: Record<string, string>) =>
      new Promise((resolve) =>
        request({ port, host: "127.0.0.1", headers }, (answer) => answer.resume().on("end", resolve)).end(),
      );
    await visit({ Host: "127.0.0.1:3000" });
    await visit({ Host: "app.example.com", "X-Forwarded-Proto": "https" });
    expect(told).not.toContainEqual(WARNED);
    for (let count = 0; count < 2; count++) await visit({ Host: "app.example.com" });
    expect(told.filter(({ type }) => type === "insecure")).toEqual(isTold ? [WARNED] : []);
  });
});
