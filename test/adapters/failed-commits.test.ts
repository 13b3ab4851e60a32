/** What becomes of an answer, and of an id that save() wrote, when the commit for it fails. */

import { Hono } from "hono";
import Koa from "koa";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { getSession, type KoaMiddleware, session } from "../../src/adapters/koa/index.ts";
import { fetched } from "../../src/features/fetched.ts";
import { createSessions, put, type Session, type SessionOptions, type SessionStore } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { withMethods } from "../support/changed-store.ts";
import { Clock } from "../support/clock.ts";
import { failingStore } from "../support/failing-store.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { slow } from "../support/slow-store.ts";

afterAll(closeServers);
afterEach(() => void vi.useRealTimers());

const ORIGIN = "https://app.example.com/";
const living = async (store: SessionStore) => (await store.list?.("alice"))?.length;
const noSecrets = async (): Promise<string> => {
  throw new Error("down");
};

/** A login that is saved, and data that no commit can save. */
async function savedAndRefused(visitor: Session): Promise<void> {
  visitor.login("alice");
  await visitor.save();
  visitor.data.at = new Date(0);
}

/** A Koa application of one handler, its browser, and what Koa was told about errors. */
function onKoa(options: SessionOptions, act: (ctx: Koa.Context) => unknown) {
  const errors: Error[] = [];
  const app = new Koa();
  app.on("error", (error) => errors.push(error));
  app.use(session(options) as KoaMiddleware<Record<string, unknown>> as never);
  app.use((ctx) => act(ctx) as Promise<void>);
  return { browser: new Browser(serveNode(app.callback()), new Clock()), errors };
}

/** The same on Hono. */
function onHono(options: SessionOptions, act: (visitor: Session, c: never) => unknown, onError?: (error: Error) => Response) {
  const errors: Error[] = [];
  const web = honoSession(options);
  const app = new Hono().use(web);
  app.onError((error) => {
    errors.push(error);
    return onError?.(error) ?? new Response("sorry", { status: 500 });
  });
  app.get("/", async (c) => ((await act(web.get(c), c as never)) as Response | undefined) ?? c.text("done"));
  return { ask: (init?: RequestInit, env?: object) => Promise.resolve(app.fetch(new Request(ORIGIN, init), env)), errors };
}

describe("where no token can be made for the error's answer either", () => {
  const options = (store: DefinedStore): SessionOptions => ({ secrets: fetched(noSecrets), store });

  it("Koa reports the first error, and the session that save() wrote ends", async () => {
    const store = memory();
    const { browser, errors } = onKoa(options(store), async (ctx) => {
      await savedAndRefused(getSession(ctx));
      ctx.body = "done";
    });
    await browser.visit("/");
    expect([errors.map((error) => (error as { code?: string }).code), await living(store)]).toEqual([["ERR_DATA_NOT_JSON"], 0]);
  });

  it("Koa reports what the handler threw", async () => {
    const store = memory();
    const { browser, errors } = onKoa(options(store), async (ctx) => {
      getSession(ctx).login("alice");
      await getSession(ctx).save();
      throw new Error("mine");
    });
    await browser.visit("/");
    expect([errors.map(({ message }) => message), await living(store)]).toEqual([["mine"], 0]);
  });

  it("Hono reports what the handler threw, once", async () => {
    const store = memory();
    const { ask, errors } = onHono(options(store), async (visitor) => {
      visitor.login("alice");
      await visitor.save();
      throw new Error("mine");
    });
    await ask();
    expect([errors.map(({ message }) => message), await living(store)]).toEqual([["mine"], 0]);
  });

  it("a login that was not saved leaves no session", async () => {
    const store = memory();
    const { browser } = onKoa(options(store), (ctx) => {
      getSession(ctx).login("alice");
      ctx.body = "done";
    });
    await browser.visit("/");
    expect(await living(store)).toBe(0);
  });
});

it("a cookie that is too large hides no error of the handler's", async () => {
  const { browser, errors } = onKoa({ secrets: SECRET }, async (ctx) => {
    getSession(ctx).data.big = "x".repeat(6000);
    await expect(getSession(ctx).save()).rejects.toMatchObject({ code: "ERR_COOKIE_TOO_LARGE" });
    throw new Error("mine");
  });
  await browser.visit("/");
  expect(errors.map(({ message }) => message)).toEqual(["mine"]);
});

it("what a session's answer says of caches goes with an error that Koa answers, too", async () => {
  const { browser } = onKoa({ secrets: SECRET, store: memory() }, (ctx) => {
    if (ctx.path === "/login") {
      getSession(ctx).login("alice");
      ctx.body = "done";
      return;
    }
    ctx.set("Cache-Control", "public, max-age=60");
    ctx.vary("Cookie");
    ctx.throw(404, String(getSession(ctx).subject));
  });
  await browser.visit("/login");
  const { status, headers } = await browser.visit("/");
  expect([status, headers.get("Cache-Control"), headers.get("Vary")]).toEqual([404, "private, no-store", "Cookie"]);
});

it("what commit() gave can be put on another answer", async () => {
  const sessions = createSessions({ secrets: SECRET, store: memory() });
  const first = await sessions.load(new Request(ORIGIN));
  first.login("alice");
  const Cookie = (await sessions.apply(first, new Response())).headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const second = await sessions.load(new Request(ORIGIN, { headers: { Cookie } }));
  expect(second.subject).toBe("alice");
  const shared = new Response("x", { headers: { "Cache-Control": "public", Vary: "Cookie" } });
  const committed = await sessions.commit(second, shared);
  put(shared.headers, committed);
  expect([shared.headers.get("Cache-Control"), shared.headers.get("Vary")]).toEqual(["public", "Cookie"]);
  const other = new Response("error", { status: 404 });
  put(other.headers, committed);
  expect([other.headers.get("Cache-Control"), other.headers.get("Vary")]).toEqual(["private, no-store", "Cookie"]);
});

describe("a commit() of the handler's own that failed", () => {
  it("is not done when it is called again", async () => {
    const store = failingStore();
    const { browser } = onKoa({ secrets: SECRET, store }, async (ctx) => {
      getSession(ctx).data.views = 1;
      store.fail("create");
      await getSession(ctx)
        .commit()
        .catch(() => {});
      store.recover();
      await getSession(ctx).commit();
      ctx.body = "done";
    });
    expect((await browser.visit("/")).status).toBe(503);
  });

  it.each([0, 50])("and that nobody awaited fails the request, %d ms before the handler is done", async (wait) => {
    const unheard: unknown[] = [];
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", (error) => unheard.push(error));
    const store = failingStore();
    store.fail("create");
    const { browser } = onKoa({ secrets: SECRET, store: slow(store) }, async (ctx) => {
      getSession(ctx).data.a = 1;
      void getSession(ctx).commit();
      await new Promise((resolve) => setTimeout(resolve, wait));
      ctx.body = "done";
    });
    const { status } = await browser.visit("/");
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
    expect([status, unheard]).toEqual([503, []]);
  });

  it("leaves an error that the handler answers as it is, with the cookie of what save() wrote", async () => {
    const store = memory();
    const { browser } = onKoa({ secrets: SECRET, store }, async (ctx) => {
      await savedAndRefused(getSession(ctx));
      await getSession(ctx)
        .commit()
        .catch(() => {
          ctx.status = 400;
          ctx.body = "bad";
        });
    });
    const answer = await browser.visit("/");
    expect([answer.status, answer.headers.getSetCookie().length, await living(store)]).toEqual([400, 1, 1]);
  });

  it("is the same in sessions.handler()", async () => {
    const sessions = createSessions({ secrets: SECRET, store: memory() });
    const serve = sessions.handler(async (_request, visitor) => {
      await savedAndRefused(visitor);
      try {
        await sessions.commit(visitor);
      } catch {
        return new Response("bad", { status: 400 });
      }
      return new Response("done");
    });
    const answer = await serve(new Request(ORIGIN));
    expect([answer.status, answer.headers.getSetCookie().length]).toEqual([400, 1]);
  });
});

it("an error below 500 on Koa whose commit fails carries the cookie of what save() wrote", async () => {
  const store = memory();
  const { browser } = onKoa({ secrets: SECRET, store }, async (ctx) => {
    await savedAndRefused(getSession(ctx));
    ctx.throw(400, "bad form");
  });
  const answer = await browser.visit("/");
  expect([answer.status, answer.headers.getSetCookie().length, await living(store)]).toEqual([500, 1, 1]);
});

describe("Hono", () => {
  it("sends the cookie of what save() wrote also when a thrown Response cannot be committed", async () => {
    const store = memory();
    const { ask } = onHono({ secrets: SECRET, store }, async (visitor) => {
      await savedAndRefused(visitor);
      throw new Response("x");
    });
    const answer = await ask().catch(() => undefined);
    expect([answer?.headers.getSetCookie().length ?? 0, await living(store)]).not.toEqual([0, 1]);
  });

  it("ends what save() wrote where Bun has upgraded the request", async () => {
    const store = memory();
    const { ask } = onHono({ secrets: SECRET, store }, async (visitor) => {
      visitor.login("alice");
      await visitor.save();
    });
    const server = { upgrade: () => true, requestIP: () => null };
    await ask({ headers: { Upgrade: "websocket" } }, server).catch(() => {});
    expect(await living(store)).toBe(0);
  });

  it("keeps the error's answer with our cookie out of caches", async () => {
    const options = { secrets: SECRET, store: memory() };
    const { ask } = onHono(options, savedAndRefused, () => new Response("sorry", { status: 404 }));
    const { headers } = await ask();
    expect([headers.getSetCookie().length, headers.get("Cache-Control")]).toEqual([1, "no-store"]);
  });
});

describe("a commit for a request that failed", () => {
  it("does not wait for a save() that hangs", async () => {
    vi.useFakeTimers();
    const store = withMethods(memory(), { create: () => new Promise<never>(() => {}) });
    const sessions = createSessions({ secrets: SECRET, store });
    const visitor = await sessions.load(new Request(ORIGIN));
    visitor.data.a = 1;
    void visitor.save();
    const first = Promise.resolve(sessions.commit(visitor)).catch((error) => error.code);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(await first).toBe("ERR_SESSION_PENDING");
    expect(await sessions.commit(visitor, { status: 500, failed: true })).toEqual({ setCookie: [], headers: [] });
  });

  it("closes the session, whatever fails", async () => {
    const store = failingStore();
    const sessions = createSessions({ secrets: SECRET, store });
    const first = await sessions.load(new Request(ORIGIN));
    first.login("alice");
    const Cookie = (await sessions.apply(first, new Response())).headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const visitor = await sessions.load(new Request(ORIGIN, { headers: { Cookie } }));
    visitor.logout();
    store.fail("remove");
    await sessions.commit(visitor, { headers: null, failed: true });
    expect(() => Object.assign(visitor.data, { x: 1 })).toThrow();
  });

  it("with status 101 ends what save() wrote", async () => {
    const store = memory();
    const sessions = createSessions({ secrets: SECRET, store });
    const visitor = await sessions.load(new Request(ORIGIN));
    visitor.login("alice");
    await visitor.save();
    await sessions.commit(visitor, { status: 101, headers: new Headers(), failed: true });
    expect(await living(store)).toBe(0);
  });

  it("gives two at once the same", async () => {
    const store = failingStore();
    const sessions = createSessions({ secrets: SECRET, store });
    const visitor = await sessions.load(new Request(ORIGIN));
    await savedAndRefused(visitor);
    const answer = { status: 500, failed: true };
    const [one, two] = await Promise.all([sessions.commit(visitor, answer), sessions.commit(visitor, answer)]);
    expect([one.setCookie.length, two.setCookie]).toEqual([1, one.setCookie]);
  });
});
