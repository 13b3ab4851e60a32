/** The same application on this library, express-session, koa-session and hono-sessions: what is left of parallel requests. */
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import expressSession from "express-session";
import { Hono } from "hono";
import { type Session as HonoSession, sessionMiddleware } from "hono-sessions";
import Koa from "koa";
import koaSession from "koa-session";
import { afterAll, describe, expect, it } from "vitest";
import { createSessions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import type { Serve } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

const PARALLEL = 100;

/** What one request can do with its session, in any of the libraries. */
interface Visit {
  data: Record<string, unknown>;
  login(): unknown;
  /** Adds one to `data.count`, in the safest way the library has. */
  count(): unknown;
  logout(): unknown;
}

/** The application. What waits for others has loaded its session by then, and not yet saved it. */
class Site {
  readonly serve: Serve;
  readonly #waiting: (() => void)[] = [];

  constructor(start: (answer: (path: string, visit: Visit) => Promise<string>) => Serve) {
    this.serve = start((path, visit) => this.#answer(path.slice(1), visit));
  }

  async #answer(path: string, visit: Visit): Promise<string> {
    if (path === "login") await visit.login();
    else if (path === "read") return JSON.stringify(visit.data ?? {});
    else if (path === "logout") await visit.logout();
    else await new Promise<void>((go) => this.#waiting.push(go));
    if (path === "count") await visit.count();
    else if (path.startsWith("key")) visit.data[path] = 1;
    return "done";
  }

  async ask(path: string, Cookie = ""): Promise<Response> {
    return this.serve(new Request(`http://127.0.0.1/${path}`, { headers: Cookie === "" ? {} : { Cookie } }));
  }

  /** The cookies of somebody who logged in. */
  async loggedIn(): Promise<string> {
    const { headers } = await this.ask("login");
    const cookies = headers.getSetCookie().map((line) => line.slice(0, line.indexOf(";")));
    expect(cookies).not.toEqual([]);
    return cookies.join("; ");
  }

  async read(Cookie: string): Promise<Record<string, unknown>> {
    return (await this.ask("read", Cookie)).json();
  }

  /** Sends requests that wait, and lets them go once all have their session and `meanwhile` is done. */
  async atOnce(paths: string[], Cookie: string, meanwhile: () => Promise<unknown> = async () => {}): Promise<number[]> {
    const answers = paths.map((path) => this.ask(path, Cookie));
    while (this.#waiting.length < paths.length) await new Promise((resolve) => setTimeout(resolve, 1));
    await meanwhile();
    for (const go of this.#waiting.splice(0)) go();
    return (await Promise.all(answers)).map(({ status }) => status);
  }
}

function ours(): Site {
  const sessions = createSessions({ secrets: SECRET, store: memory() });
  return new Site((answer) => {
    const handle = sessions.handler(async (request, session) => {
      const visit = {
        data: session.data,
        login: () => session.login("alice"),
        count: () =>
          session.update((data) => {
            data.count = Number(data.count ?? 0) + 1;
          }),
        logout: () => session.logout(),
      };
      return new Response(await answer(new URL(request.url).pathname, visit));
    });
    return serveNode(async (req, res) => {
      const headers = { Cookie: req.headers.cookie ?? "" };
      const response = await handle(new Request(`http://${req.headers.host}${req.url}`, { headers }));
      res.statusCode = response.status;
      res.setHeader("Set-Cookie", response.headers.getSetCookie());
      res.end(await response.text());
    });
  });
}

function express(): Site {
  const use = expressSession({
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    store: new expressSession.MemoryStore(),
  }) as unknown as (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
  return new Site((answer) =>
    serveNode((req, res) =>
      use(req, res, async () => {
        const { session } = req as unknown as { session: { destroy(done: () => void): void } };
        const data = session as unknown as Record<string, unknown>;
        const logout = () => new Promise<void>((done) => session.destroy(done));
        res.end(await answer(req.url ?? "", { data, logout, ...plainly(data) }));
      }),
    ),
  );
}

function koa(): Site {
  const rows = new Map<string, string>();
  const store = {
    get: async (key: string) => JSON.parse(rows.get(key) ?? "null"),
    set: async (key: string, data: object) => void rows.set(key, JSON.stringify(data)),
    destroy: async (key: string) => void rows.delete(key),
  };
  return new Site((answer) => {
    const app = new Koa();
    app.keys = [SECRET];
    app.use(koaSession({ store }, app));
    app.use(async (ctx) => {
      const data = ctx.session as unknown as Record<string, unknown>;
      const logout = () => {
        ctx.session = null;
      };
      ctx.body = await answer(ctx.path, { data, logout, ...plainly(data) });
    });
    return serveNode(app.callback());
  });
}

/** Rows of JSON, as in a database. Its MemoryStore hands the same object to every request, so there nothing is lost. */
class JsonStore {
  readonly #rows = new Map<string, string>();
  getSessionById(id = "") {
    return JSON.parse(this.#rows.get(id) ?? "null");
  }
  createSession(id: string, data: object) {
    this.#rows.set(id, JSON.stringify(data));
  }
  persistSessionData(id: string, data: object) {
    this.createSession(id, data);
  }
  deleteSession(id: string) {
    this.#rows.delete(id);
  }
}

function hono(): Site {
  return new Site((answer) => {
    const app = new Hono<{ Variables: { session: HonoSession<Record<string, unknown>> } }>();
    app.use(sessionMiddleware({ store: new JsonStore() }));
    app.all("*", async (c) => {
      const session = c.get("session");
      const data = new Proxy<Record<string, unknown>>(
        {},
        {
          get: (_none, name) => session.get(String(name)) ?? undefined,
          set: (_none, name, value) => {
            session.set(String(name), value);
            return true;
          },
          ownKeys: () => Object.keys(session.getCache()._data),
          getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true }),
        },
      );
      return c.text(await answer(c.req.path, { data, logout: () => session.deleteSession(), ...plainly(data) }));
    });
    return async (request) => app.fetch(request);
  });
}

/** The ways of a library whose session is an object that is saved whole. */
function plainly(data: Record<string, unknown>): Pick<Visit, "login" | "count"> {
  return {
    login: () => {
      data.user = "alice";
    },
    count: () => {
      data.count = Number(data.count ?? 0) + 1;
    },
  };
}

function versionOf(name: string): string {
  return `${name} ${JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version}`;
}

afterAll(closeServers);

const KEYS = Array.from({ length: PARALLEL }, (_none, index) => `key${index}`);

describe.each([
  { library: "this library with memory()", start: ours, keys: PARALLEL, count: PARALLEL, revived: false },
  { library: `${versionOf("express-session")} with its MemoryStore`, start: express, keys: 1, count: 1, revived: true },
  { library: `${versionOf("koa-session")} with a store`, start: koa, keys: 1, count: 1, revived: true },
  { library: `${versionOf("hono-sessions")} with a store of rows`, start: hono, keys: 1, count: 1, revived: true },
])("$library", ({ start, keys, count, revived }) => {
  it(`keeps ${keys} of ${PARALLEL} keys that as many parallel requests set`, async () => {
    const site = start();
    const cookie = await site.loggedIn();
    expect(await site.atOnce(KEYS, cookie)).toEqual(Array(PARALLEL).fill(200));
    const kept = Object.keys(await site.read(cookie)).filter((key) => key.startsWith("key"));
    expect(kept).toHaveLength(keys);
  });

  it(`counts ${PARALLEL} parallel increments as ${count}`, async () => {
    const site = start();
    const cookie = await site.loggedIn();
    const statuses = await site.atOnce(Array(PARALLEL).fill("count"), cookie);
    expect(statuses).toEqual(Array(PARALLEL).fill(200));
    expect((await site.read(cookie)).count).toBe(count);
  });

  it(`${revived ? "brings back" : "leaves dead"} a session that ends while a slow request writes`, async () => {
    const site = start();
    const cookie = await site.loggedIn();
    expect(await site.atOnce(["key0"], cookie, () => site.ask("logout", cookie))).toEqual([200]);
    const there = Object.keys(await site.read(cookie));
    expect(there.includes("key0")).toBe(revived);
  });
});
