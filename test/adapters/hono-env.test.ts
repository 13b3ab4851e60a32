/** Hono with options that are a function of `env`, on servers that make a new `env` for each request. */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { handle } from "hono/cloudflare-pages";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { ownTokens } from "../../src/accept/own.ts";
import { session } from "../../src/adapters/hono.ts";
import { perEnv } from "../../src/adapters/hono-env.ts";
import { copy } from "../../src/features/copy.ts";
import { fetched } from "../../src/features/fetched.ts";
import { schema } from "../../src/features/schema.ts";
import { OptionError, type SessionOptions } from "../../src/index.ts";
import { defineStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { Browser, type Serve } from "../support/browser.ts";
import { withMethods } from "../support/changed-store.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../support/secrets.ts";

type Env = Record<string, unknown>;

/** An application that counts views, behind options that are a function. */
function counting(optionsFor: (env: Env) => SessionOptions) {
  const web = session<{ views: number }>(optionsFor);
  return new Hono().use(web).get("/", (c) => {
    const { data } = web.get(c);
    data.views = (data.views ?? 0) + 1;
    return c.text(`${data.views}`);
  });
}

/** A browser of a server that makes a new `env` for each request, as `Deno.serve(app.fetch)` does. */
const browserOf = (app: Hono, env: Env = {}) => new Browser((request) => app.fetch(request, { ...env }));

async function views(browser: Browser, requests: number): Promise<string[]> {
  const seen: string[] = [];
  for (let count = 0; count < requests; count++) seen.push(await (await browser.visit("/")).text());
  return seen;
}

const said: string[] = [];
beforeEach(() => {
  said.length = 0;
  vi.spyOn(console, "warn").mockImplementation((text) => void said.push(String(text)));
});
afterEach(() => void vi.restoreAllMocks());

describe("a store that is made outside of the function", () => {
  /** Each way in which a server passes something new as `env`. */
  const servers: [string, (app: Hono) => Serve][] = [
    ["Deno.serve(app.fetch)", (app) => (request) => app.fetch(request, { remoteAddr: { hostname: "127.0.0.1" } })],
    ["a server that passes nothing", (app) => (request) => app.fetch(request)],
    [
      "handle() of Cloudflare Pages",
      (app) => (request) => {
        const context = { request, env: { SECRET }, waitUntil: () => {}, passThroughOnException: () => {} };
        return handle(app)(context as never);
      },
    ],
  ];

  it.each(servers)("keeps sessions from request to request: %s", async (_name, serving) => {
    const store = memory();
    const fetch = vi.fn(async () => SECRET);
    const app = counting(() => ({ secrets: fetched(fetch), store }));
    expect(await views(new Browser(serving(app)), 3)).toEqual(["1", "2", "3"]);
    // One manager, so its secret is fetched once.
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(said).toEqual([]);
  });

  it("on @hono/node-server, too, and a SQLite file is opened once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hono-env-"));
    const store = sqlite(join(folder, "sessions.db"));
    const open = () => readdirSync("/proc/self/fd").length;
    const app = counting(() => ({ secrets: SECRET, store }));
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const browser = new Browser((request) => fetch(`http://127.0.0.1:${port}${new URL(request.url).pathname}`, request));
    try {
      await views(browser, 1);
      const before = open();
      expect(await views(browser, 20)).toHaveLength(20);
      expect(await views(browser, 1)).toEqual(["22"]);
      expect(open()).toBeLessThan(before + 5);
      expect(said).toEqual([]);
    } finally {
      server.close();
      store.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("is one manager, whatever else is written anew with the same values", async () => {
    const store = memory();
    const hear = vi.fn();
    const binding = { get: vi.fn(async () => SECRET) };
    const numbers = z.record(z.string(), z.number());
    const migrate = () => ({});
    const accepted = ownTokens({ secrets: OTHER_SECRET });
    const app = counting(({ OLD }) => ({
      secrets: fetched([OLD as string, undefined, binding]),
      store,
      cookie: { sameSite: "strict", partitioned: true },
      copy: copy({ maxAge: 60 }),
      schema: schema(numbers, { migrate }),
      accept: [accepted],
      onEvent: hear,
      idleTimeout: 600,
    }));
    expect(await views(browserOf(app, { OLD: OLD_SECRET }), 3)).toEqual(["1", "2", "3"]);
    expect(binding.get).toHaveBeenCalledTimes(1);
    expect(said).toEqual([]);
  });

  it("also when the store is a plain object that keeps its state in itself", async () => {
    const store = Object.assign({ calls: 0 }, withMethods(memory()));
    const managers = counted(() => ({ secrets: SECRET, store }));
    managers.ask(1);
    store.calls++;
    managers.ask(1);
    expect(managers.made).toBe(1);
  });

  it("and so it is with a store of the application's own, which is defined outside", () => {
    const store = defineStore({ ...withMethods(memory()) });
    const managers = counted(() => ({ secrets: SECRET, store }));
    managers.ask(3);
    expect(managers.made).toBe(1);
  });

  it("so it is with secrets in bytes", async () => {
    const managers = counted(() => ({ secrets: new TextEncoder().encode(SECRET) }));
    managers.ask(3);
    expect(managers.made).toBe(1);
  });
});

describe("options that differ", () => {
  it("are different managers: who has the cookie of one tenant is nobody for another", async () => {
    const store = memory();
    const app = counting((env) => ({ secrets: env.SECRET as string, context: env.CONTEXT as string, store }));
    const tenants = [
      { SECRET, CONTEXT: "a" },
      { SECRET: OTHER_SECRET, CONTEXT: "a" },
      { SECRET, CONTEXT: "b" },
    ];
    const browsers = tenants.map((env) => browserOf(app, env));
    for (const expected of ["1", "2", "3"]) for (const browser of browsers) expect(await views(browser, 1)).toEqual([expected]);
    for (const other of [1, 2]) {
      const thief = browserOf(app, tenants[other]);
      for (const [name, held] of (browsers[0] as Browser).cookies) thief.cookies.set(name, held);
      expect(await views(thief, 1)).toEqual(["1"]);
    }
    expect(said).toEqual([]);
  });

  it.each<[string, SessionOptions, SessionOptions]>([
    ["an option more", { secrets: SECRET }, { secrets: SECRET, lazy: true }],
    ["another option", { secrets: SECRET, lazy: true }, { secrets: SECRET, readable: true }],
    ["a secret more", { secrets: [SECRET] }, { secrets: [SECRET, OLD_SECRET] }],
    ["the same secrets the other way round", { secrets: [SECRET, OLD_SECRET] }, { secrets: [OLD_SECRET, SECRET] }],
    ["another byte", { secrets: new Uint8Array(32).map((_, i) => i) }, { secrets: new Uint8Array(32).map((_, i) => i + 1) }],
    ["another cookie", { secrets: SECRET, cookie: { path: "/a" } }, { secrets: SECRET, cookie: { path: "/b" } }],
    ["another copy", { secrets: SECRET, copy: copy({ maxAge: 60 }) }, { secrets: SECRET, copy: copy({ maxAge: 30 }) }],
    ["another schema", { secrets: SECRET, schema: schema(z.object({})) }, { secrets: SECRET, schema: schema(z.object({})) }],
    ["another secret that is fetched", { secrets: fetched(async () => SECRET) }, { secrets: fetched(async () => OLD_SECRET) }],
    ["another store", { secrets: SECRET, store: memory() }, { secrets: SECRET, store: memory() }],
  ])("are told apart by %s", (_what, one, other) => {
    const managers = counted(({ first }) => ({ ...(first ? one : other) }));
    managers.ask(1, { first: true });
    managers.ask(1, { first: false });
    managers.ask(1, { first: true });
    expect(managers.made).toBe(2);
  });

  it("also when the function gives one object that it changes each time", async () => {
    const bytes = new TextEncoder().encode(SECRET);
    const options = { secrets: [bytes], cookie: { path: "/" } };
    const managers = counted(({ path }) => {
      options.cookie.path = path as string;
      return options;
    });
    for (const path of ["/a", "/b", "/a"]) managers.ask(1, { path });
    expect(managers.made).toBe(2);
    bytes[0] = 0;
    managers.ask(1, { path: "/a" });
    expect(managers.made).toBe(3);
  });
});

describe("a function that makes something new each time", () => {
  it("says so once, with what to do, when a memory store forgets everybody", async () => {
    const app = counting(() => ({ secrets: SECRET, store: memory() }));
    expect(await views(browserOf(app), 10)).toEqual(Array.from({ length: 10 }, () => "1"));
    expect(said).toEqual([
      "web-session-store: the options function of session() returns a new store for each request, so each request has its own store: " +
        "a memory store forgets everybody, a file is opened again. Keep it outside the function: " +
        "let store; session((env) => ({ store: store ??= kv(env.KV), ... }))",
    ]);
  });

  it("says which: secrets, listeners, codecs", async () => {
    const store = memory();
    const app = counting(() => ({ secrets: fetched(async () => SECRET), store, onEvent: () => {} }));
    // The store is the same, so nothing is lost.
    expect(await views(browserOf(app), 4)).toEqual(["1", "2", "3", "4"]);
    expect(said).toEqual([
      expect.stringContaining(
        "returns a new secrets, onEvent for each request, so each request derives its keys again. Keep it outside",
      ),
    ]);
  });

  it("says nothing where it is called once for each of a few environments, as in tests", async () => {
    const app = counting(() => ({ secrets: SECRET, store: memory() }));
    const env = {};
    for (const one of [env, {}]) expect(await views(new Browser((request) => app.fetch(request, one)), 2)).toEqual(["1", "2"]);
    expect(said).toEqual([]);
  });
});

describe("what is remembered", () => {
  it("is bounded: the managers that were used last, and no env", () => {
    const managers = counted(({ name }) => ({ secrets: SECRET, name: name as string }));
    for (let tenant = 0; tenant < 16; tenant++) managers.ask(2, { name: `tenant${tenant}` });
    expect(managers.made).toBe(16);
    managers.ask(1, { name: "tenant0" });
    managers.ask(1, { name: "one-more" });
    expect(managers.made).toBe(17);
    // The first was used again, so the second had to go.
    managers.ask(1, { name: "tenant0" });
    expect(managers.made).toBe(17);
    managers.ask(1, { name: "tenant1" });
    expect(managers.made).toBe(18);
  });

  it("the function is asked once for an env that stays, as on Workers", () => {
    const optionsFor = vi.fn(() => ({ secrets: SECRET }));
    const managerFor = perEnv(optionsFor, (options) => ({ options }));
    const env = {};
    expect(managerFor(env)).toBe(managerFor(env));
    expect(optionsFor).toHaveBeenCalledTimes(1);
    expect(managerFor({})).toBe(managerFor(env));
  });

  it("a function that fails once is asked again", async () => {
    let broken = true;
    const app = counting(() => {
      if (broken) throw new Error("no such binding");
      return { secrets: SECRET };
    });
    app.onError((error, c) => c.text(error.message, 500));
    const browser = browserOf(app);
    expect(await (await browser.visit("/")).text()).toBe("no such binding");
    broken = false;
    expect(await views(browser, 2)).toEqual(["1", "2"]);
  });
});

it.each<[string, () => unknown, string]>([
  ["a promise", async () => ({ secrets: SECRET }), "it returned a promise. To fetch secrets, use secrets: fetched(...)."],
  ["nothing", () => undefined, "it did not return an object."],
  ["a text", () => "secret", "it did not return an object."],
])("a function that gives %s is refused with what to do", async (_what, optionsFor, problem) => {
  const app = counting(optionsFor as () => SessionOptions);
  let thrown: unknown;
  app.onError((error, c) => {
    thrown = error;
    return c.text("failed", 500);
  });
  await browserOf(app).ask("/");
  expect(thrown).toBeInstanceOf(OptionError);
  expect(thrown).toMatchObject({ code: "ERR_OPTION", message: `Cannot use the options function of session(): ${problem}` });
});

/** How many managers a function makes. */
function counted(optionsFor: (env: Env) => SessionOptions) {
  let made = 0;
  const managerFor = perEnv(optionsFor as (env: object) => SessionOptions, () => {
    made++;
    return {};
  });
  return {
    get made() {
      return made;
    },
    ask(requests: number, env: Env = {}) {
      for (let count = 0; count < requests; count++) managerFor({ ...env });
    },
  };
}
