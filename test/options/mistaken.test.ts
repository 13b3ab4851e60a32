/** What is given in place of options or of a store: the error says what was meant. */

import { DatabaseSync } from "node:sqlite";
import { Hono } from "hono";
import { Redis } from "ioredis";
import Koa from "koa";
import Koa2 from "koa2";
import { MongoClient } from "mongodb";
import { createClient } from "redis";
import { createStorage } from "unstorage";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa/index.ts";
import { csrf } from "../../src/csrf/fetch.ts";
import { csrf as honoCsrf } from "../../src/csrf/hono.ts";
import { csrf as koaCsrf } from "../../src/csrf/koa.ts";
import { createSessions, type SessionStore } from "../../src/index.ts";
import { defineStore } from "../../src/stored/define.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { redis } from "../../src/stores/redis/index.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { refusal } from "./refusal.ts";

afterAll(closeServers);
afterEach(() => vi.unstubAllGlobals());

const LIKE = "pass an object, like { secrets }";
const APPLICATION = "Cannot use an application as options: write app.use(session({ secrets }))";
const REQUEST = "Cannot use a request as options: write app.use(session({ secrets })), with the call";

describe.each<[string, (...given: unknown[]) => unknown]>([
  ["createSessions()", createSessions as never],
  ["session() of Hono", honoSession as never],
])("%s", (_where, call) => {
  it.each<[string, unknown[], string]>([
    ["nothing", [], `Cannot use undefined as options: ${LIKE}`],
    ["null", [null], `Cannot use null as options: ${LIKE}`],
    ["a text, and does not show it", [SECRET], `Cannot use string as options: ${LIKE}`],
    ["a number", [5], `Cannot use number as options: ${LIKE}`],
    ["a list", [[SECRET]], 'Cannot use option "0": there is no such option'],
    ["a Hono application", [new Hono()], APPLICATION],
    ["a Koa application", [new Koa()], APPLICATION],
    ["a request", [new Request("https://app.example.com/")], REQUEST],
    ["a promise", [Promise.resolve({ secrets: SECRET })], "Cannot use a promise as options: await it"],
  ])("does not take %s", (_what, given, message) => {
    expect(refusal(() => call(...given))).toBe(message);
  });
});

it("createSessions() does not take a function, and so no function of env", () => {
  expect(refusal(() => createSessions((() => ({ secrets: SECRET })) as never))).toBe(`Cannot use function as options: ${LIKE}`);
});

describe("session() of Koa", () => {
  it.each<[string, unknown, string]>([
    ["a text", "x", `Cannot use string as options: ${LIKE}`],
    ["a function", () => ({}), `Cannot use function as options: ${LIKE}`],
    ["an application", new Koa(), APPLICATION],
    ["an application of Koa 2", new Koa2(), APPLICATION],
    ["a promise", Promise.resolve({}), "Cannot use a promise as options: await it"],
  ])("does not take %s", (_what, given, message) => {
    expect(refusal(() => koaSession(given as never))).toBe(message);
  });

  it("takes nothing, and null, as koa-session-store does", () => {
    for (const given of [undefined, null]) expect(koaSession(given as never)).toBeTypeOf("function");
  });
});

describe("a middleware that is used without the call", () => {
  it.each([
    ["Koa 3", Koa],
    ["Koa 2", Koa2],
  ])("answers 500 in %s, and its error listener is told what to write", async (_name, Application) => {
    const app = new (Application as typeof Koa)();
    const errors: unknown[] = [];
    app.on("error", (error) => errors.push(error));
    app.use(koaSession as never);
    expect((await new Browser(serveNode(app.callback())).visit("/")).status).toBe(500);
    expect(errors).toEqual([expect.objectContaining({ name: "OptionError", code: "ERR_OPTION", message: REQUEST })]);
  });

  it("answers 500 in Hono, and onError is told what to write", async () => {
    const errors: unknown[] = [];
    const app = new Hono().use(honoSession as never);
    app.onError((error, c) => {
      errors.push(error);
      return c.text("failed", 500);
    });
    app.get("/", (c) => c.text("done"));
    expect((await app.request("/")).status).toBe(500);
    expect(errors).toEqual([expect.objectContaining({ name: "OptionError", code: "ERR_OPTION", message: REQUEST })]);
  });

  it("says the same where it protects from other origins", async () => {
    const message = "Cannot use a request as options: write app.use(csrf({ trustedOrigins })), with the call";
    const errors: string[] = [];
    const hono = new Hono().use(honoCsrf as never);
    hono.onError((error, c) => {
      errors.push(error.message);
      return c.text("failed", 500);
    });
    await hono.request("/");
    const koa = new Koa();
    koa.on("error", (error: Error) => errors.push(error.message));
    koa.use(koaCsrf as never);
    await new Browser(serveNode(koa.callback())).visit("/");
    expect(errors).toEqual([message, message]);
    expect(refusal(() => csrf(new Request("https://app.example.com/") as never))).toBe(message);
    expect(refusal(() => csrf("x" as never))).toBe("Cannot use string as options: pass an object, like { trustedOrigins }");
  });
});

describe("as the store", () => {
  const method = () => {};
  const node = createClient();
  const io = new Redis({ lazyConnect: true });
  const where = (call: string, entry: string) => `use ${call} of web-session-store/stores/${entry}`;
  const MAKES = "it is not an object; use what sqlite(path) or redis(client) makes";
  const CALL = "it is a function; call it, as in memory()";

  /** What is given, the message, and whether Koa takes it. */
  const GIVEN: [string, unknown, string, boolean?][] = [
    ["memory without the call", memory, CALL],
    ["redis without the call", redis, CALL],
    ["a class", class Rows {}, "it is a class; make an instance: new Rows()"],
    ["a promise", Promise.resolve(memory()), "it is a promise; await it"],
    ["a path, and does not show it", "sessions.db", MAKES],
    ["a number", 5, MAKES],
    ["three plain methods", { load: method, save: method, remove: method }, where("plain(store)", "plain"), true],
    ["an Express store", { get: method, set: method, destroy: method }, where("connect(store)", "connect")],
    ["a client of the package redis", node, where("redis(client)", "redis")],
    ["a client of ioredis", io, where("redis(client)", "redis")],
    ["a client of Upstash", { hget: method, get: method, set: method }, where("redis(client)", "redis")],
    ["a client of the package mongodb", new MongoClient("mongodb://127.0.0.1"), where("mongodb(client)", "mongodb")],
    ["a storage of unstorage", createStorage(), where("unstorage(storage)", "unstorage")],
    ["a Map", new Map(), where("memory()", "memory")],
    ["a SQLite database", new DatabaseSync(":memory:"), where("sqlite(database)", "sqlite")],
    ["a binding of D1", { prepare: method, batch: method, exec: method, dump: method }, where("d1(binding)", "d1")],
    ["a binding of KV", { get: method, put: method, getWithMetadata: method, list: method }, where("kv(binding)", "kv")],
    ["a database of Deno KV", { get: method, set: method, list: method, atomic: method }, where("denoKv(kv)", "deno-kv")],
    ["a binding of Durable Objects", { idFromName: method, get: method }, where("durableObject(binding)", "durable-object")],
    ["another cache", { get: method, set: method, delete: method }, where("plain({ load, save, remove })", "plain")],
  ];

  it.each(GIVEN)("createSessions() does not take %s, and says what to use", (_what, store, message) => {
    expect(refusal(() => createSessions({ secrets: SECRET, store: store as never }))).toBe(`Cannot use option store: ${message}`);
  });

  it.each(GIVEN)(
    "session() of Koa does not take %s either, with secrets and without, unless it is of three methods",
    (_what, store, message, taken = false) => {
      for (const options of [{ store }, { store, secrets: SECRET }]) {
        const said = refusal(() => koaSession(options as never));
        if (taken) expect(said).toBeTypeOf("function");
        else if (!message.includes("connect")) expect(said).toBe(`Cannot use option store: ${message}`);
        else
          expect(said).toContain(
            "it is made for another library. For one of koa-session, use session of web-session-store/koa-session; for one of Express, connect(store)",
          );
      }
    },
  );

  it("the word of Koa's compatible mode for the cookie is told to be left out, where there is no store for the cookie", () => {
    const store = "cookie" as never;
    const message = "Cannot use option store: leave it out to keep sessions in the cookie";
    expect(refusal(() => createSessions({ secrets: SECRET, store }))).toBe(message);
    expect(refusal(() => honoSession({ secrets: SECRET, store }))).toBe(message);
    for (const secrets of [{}, { secrets: SECRET }]) expect(koaSession({ ...secrets, store })).toBeTypeOf("function");
  });

  it("what lacks something is told what it lacks", () => {
    const { guarantees: _, ...unsaid } = Object.fromEntries(
      ["load", "create", "update", "replace", "touch", "remove", "take", "guarantees"].map((name) => [name, method]),
    );
    const given = (store: unknown) => refusal(() => createSessions({ secrets: SECRET, store: store as never }));
    expect(given({ load: method, guarantees: {} })).toBe(
      "Cannot use option store: it lacks the method create, update, replace, touch, remove, take",
    );
    expect(given(unsaid)).toBe("Cannot use option store: it lacks guarantees");
    expect(given(null)).toBe(`Cannot use option store: ${MAKES}`);
    expect(refusal(() => koaSession({ store: { load: method, save: method } as never }))).toBe(
      "Cannot use this store: it lacks the method remove",
    );
    expect(refusal(() => koaSession({ store: { load: method, guarantees: {} } as never }))).toBe(
      "Cannot use option store: it lacks the method create, update, replace, touch, remove, take",
    );
  });

  it("one of the application's own is to be wrapped, and then is taken", () => {
    const methods = ["load", "create", "update", "replace", "touch", "remove", "take"];
    const own = {
      ...Object.fromEntries(methods.map((name) => [name, method])),
      guarantees: { atomic: true, immediate: true },
    } as unknown as SessionStore;
    const message = "Cannot use option store: wrap it with defineStore() from web-session-store/stores/define";
    for (const store of [own, { ...own, get: method, set: method, list: method, save: method }] as never[]) {
      expect(refusal(() => createSessions({ secrets: SECRET, store }))).toBe(message);
      expect(refusal(() => honoSession({ secrets: SECRET, store }))).toBe(message);
      for (const secrets of [{}, { secrets: SECRET }]) expect(refusal(() => koaSession({ ...secrets, store }))).toBe(message);
      expect(createSessions({ secrets: SECRET, store: defineStore(store) }).load).toBeTypeOf("function");
      for (const secrets of [{}, { secrets: SECRET }])
        expect(koaSession({ ...secrets, store: defineStore(store) })).toBeTypeOf("function");
    }
  });

  it("what is made by the calls that are named is taken", () => {
    const made = [redis(node as never), redis(io as never), plain({ load: () => "", save: method, remove: method })];
    for (const store of [...made, memory()]) expect(createSessions({ secrets: SECRET, store }).load).toBeTypeOf("function");
  });
});

describe("secrets that are not set", () => {
  const NONE = "Cannot create sessions: no secret is set. Make one with: npx web-session-store keygen";
  const ON_WORKERS = `${NONE}; put it into .dev.vars, and for the deploy: npx wrangler secret put SESSION_SECRET`;
  const calls: [string, (options: never) => unknown][] = [
    ["createSessions()", createSessions],
    ["session() of Hono", honoSession],
    ["session() of Koa", koaSession],
  ];

  it.each(calls)("are ERR_SECRET in %s, whichever way they are missing", (_where, call) => {
    for (const secrets of [undefined, [], [undefined]])
      expect(() => call({ secrets } as never)).toThrow(expect.objectContaining({ code: "ERR_SECRET", message: NONE }));
    for (const secrets of [null, ""])
      expect(() => call({ secrets } as never)).toThrow(expect.objectContaining({ code: "ERR_SECRET" }));
  });

  it.each(calls)("name the places for secrets on Workers, in %s", (_where, call) => {
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    expect(() => call({ secrets: undefined } as never)).toThrow(
      expect.objectContaining({ code: "ERR_SECRET", message: ON_WORKERS }),
    );
    expect(() => call({ secrets: "" } as never)).toThrow(
      "Cannot use secret number 1: it is empty, so its variable may not be set. Make one with: npx web-session-store keygen; put it into .dev.vars, and for the deploy: npx wrangler secret put SESSION_SECRET",
    );
  });
});

describe("a clock of milliseconds", () => {
  it("is refused when it is asked: no session would ever be of today", async () => {
    const handler = createSessions({ secrets: SECRET, now: Date.now }).handler((_request, session) => {
      session.data.views = 1;
      return new Response();
    });
    await expect(handler(new Request("https://app.example.com/"))).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: "Cannot tell the time: the option now must return seconds, not milliseconds",
    });
  });

  it("is none until the year 5138", async () => {
    const handler = createSessions({ secrets: SECRET, now: () => 1e11 }).handler((_request, session) => {
      session.data.views = 1;
      return new Response("done");
    });
    expect(await (await handler(new Request("https://app.example.com/"))).text()).toBe("done");
  });
});

describe("a request of another kind", () => {
  const GIVE = "give { method, url, headers: { get: (name) => req.headers[name.toLowerCase()] } }";
  const message = `Cannot load the session of this request: its headers have no get(); for Node's request, ${GIVE}`;
  const sessions = createSessions({ secrets: SECRET });

  it.each<[string, unknown]>([
    ["Node's, whose headers are an object", { method: "GET", url: "/", headers: { cookie: "a=b" } }],
    ["none", undefined],
    ["a URL", "https://app.example.com/"],
  ])("is not taken: %s", async (_what, request) => {
    for (const call of [sessions.load, sessions.read, sessions.handler(() => new Response())]) {
      const calling = (async () => call(request as never))();
      await expect(calling).rejects.toMatchObject({ name: "OptionError", code: "ERR_OPTION", message });
    }
  });
});
