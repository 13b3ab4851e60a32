/** web-session-store/koa-session where it does more than koa-session: nothing is lost, nothing comes back, and no cookie makes an error. */
import Koa from "koa";
import { afterAll, describe, expect, it, vi } from "vitest";
import { getSession, type KoaSessionOptions, session } from "../../src/adapters/koa-session/index.ts";
import type { SessionEvent } from "../../src/index.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { OTHER_SECRET, SECRET } from "../support/secrets.ts";

afterAll(closeServers);

// biome-ignore lint/suspicious/noExplicitAny: the data of these applications is whatever a test puts there.
type Context = any;

/** A store whose calls take a while. */
function slowStore(milliseconds = 5) {
  const rows = new Map<string, string>();
  const later = () => new Promise((resolve) => setTimeout(resolve, milliseconds));
  return {
    rows,
    fails: false,
    async get(key: string) {
      await later();
      if (this.fails) throw new Error("down");
      return JSON.parse(rows.get(key) ?? "null");
    },
    async set(key: string, value: object) {
      await later();
      if (this.fails) throw new Error("down");
      rows.set(key, JSON.stringify(value));
    },
    async destroy(key: string) {
      await later();
      if (this.fails) throw new Error("down");
      rows.delete(key);
    },
  };
}

function makeApp(options: KoaSessionOptions = {}, keys: string[] = [SECRET]) {
  const app = new Koa();
  app.keys = keys;
  app.silent = true;
  const events: SessionEvent[] = [];
  app.use(session({ onEvent: (event) => events.push(event), ...options }, app));
  const acts = new Map<string, (ctx: Context) => unknown>();
  app.use(async (ctx) => {
    ctx.body = { result: (await acts.get(ctx.path)?.(ctx)) ?? null };
  });
  const serve = serveNode(app.callback());
  const browser = new Browser(serve);
  let count = 0;
  const asks = (act: (ctx: Context) => unknown, by = browser, headers: Record<string, string> = {}) => {
    const path = `/${count++}`;
    acts.set(path, act);
    return by.visit(path, { headers });
  };
  const does = async (act: (ctx: Context) => unknown, by = browser, headers: Record<string, string> = {}) => {
    const answer = await asks(act, by, headers);
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    return ((await answer.json()) as { result: Context }).result;
  };
  return { app, asks, does, browser, events };
}

const seen = (ctx: Context) => ({ ...ctx.session });

describe("in a store of three methods", () => {
  it("parallel requests that change different keys all keep their change", async () => {
    const store = slowStore();
    const { does, browser } = makeApp({ store });
    await does((ctx) => {
      ctx.session.a = 1;
    });
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        does((ctx) => {
          ctx.session[`key${at}`] = at;
        }, browser.copy()),
      ),
    );
    expect(Object.keys(await does(seen))).toHaveLength(21);
  });

  it("update() is exact within a process", async () => {
    const { does, browser } = makeApp({ store: slowStore() });
    await does((ctx) => {
      ctx.session.count = 0;
    });
    const add = (ctx: Context) =>
      getSession(ctx).update((data) => {
        data.count = Number(data.count) + 1;
      });
    await Promise.all(Array.from({ length: 10 }, () => does(add, browser.copy())));
    expect(await does(seen)).toEqual({ count: 10 });
  });

  it("a session that ended while a request ran does not come back", async () => {
    const store = slowStore();
    const { does, browser, events } = makeApp({ store });
    await does((ctx) => {
      ctx.session.user = "ada";
    });
    const old = browser.copy();
    await does(async (ctx) => {
      ctx.session.late = true;
      await does((same) => {
        same.session = null;
      }, old);
    });
    expect(store.rows.size).toBe(0);
    expect(events.map(({ type }) => type)).toContain("lost");
    expect(await does(seen)).toEqual({});
  });

  it("a login gives another key, and the old one brings nobody", async () => {
    const store = slowStore();
    const { does, browser } = makeApp({ store });
    await does((ctx) => {
      ctx.session.cart = ["apple"];
    });
    const planted = browser.copy();
    await does((ctx) => getSession(ctx).login("ada"));
    expect(await does((ctx) => [getSession(ctx).subject, seen(ctx)])).toEqual(["ada", {}]);
    expect(await does((ctx) => [getSession(ctx).subject ?? null, seen(ctx)], planted)).toEqual([null, {}]);
    expect(store.rows.size).toBe(1);
  });

  it("a request that only looks at a visitor without a session asks no store, and sets nothing", async () => {
    const store = slowStore();
    const spy = vi.spyOn(store, "get");
    const { asks } = makeApp({ store });
    const answer = await asks(seen);
    expect([spy.mock.calls.length, answer.headers.getSetCookie()]).toEqual([0, []]);
  });

  it("a store that fails is an error, and nothing is promised", async () => {
    const store = slowStore();
    const { asks, does } = makeApp({ store });
    await does((ctx) => {
      ctx.session.a = 1;
    });
    store.fails = true;
    const answer = await asks((ctx) => {
      ctx.session.a = 2;
    });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []]);
    store.fails = false;
    expect(await does(seen)).toEqual({ a: 1 });
  });

  it("what an application changed before it failed is not saved, and 4xx is an answer like others", async () => {
    const { asks, does } = makeApp({ store: slowStore() });
    await does((ctx) => {
      ctx.session.a = 1;
    });
    const fail = (status: number) => (ctx: Context) => {
      ctx.session[`at${status}`] = true;
      ctx.throw(status);
    };
    expect((await asks(fail(500))).status).toBe(500);
    expect((await asks(fail(404))).status).toBe(404);
    expect(await does(seen)).toEqual({ a: 1, at404: true });
  });

  it("a callback that another request runs saves the session that it was made for", async () => {
    const store = slowStore(0);
    const asked: string[] = [];
    const get = (ctx: Context) => ctx.get("x-user");
    class Store {
      readonly user: string;
      constructor(ctx: Context) {
        this.user = get(ctx);
      }
      get(key: string) {
        return store.get(key);
      }
      set(key: string, value: object) {
        asked.push(this.user);
        return store.set(key, value);
      }
      destroy(key: string) {
        return store.destroy(key);
      }
    }
    const { does, browser } = makeApp({ ContextStore: Store, prefix: "p:" });
    let run: (() => void) | undefined;
    const one = does(
      (ctx) =>
        new Promise((done) => {
          ctx.session.of = "one";
          run = () => ctx.session.save(done);
        }),
      browser,
      { "x-user": "one" },
    );
    while (run === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    await does(() => run?.(), browser.copy(), { "x-user": "two" });
    await one;
    expect(asked).toEqual(["one"]);
    expect(await does(seen)).toEqual({ of: "one" });
  });

  it("two of them in one application keep what each is given", async () => {
    const [first, second] = [slowStore(0), slowStore(0)];
    const app = new Koa();
    app.keys = [SECRET];
    app.use(session({ key: "one", store: first }, app));
    app.use(session({ key: "two", store: second, prefix: "two:" }, app));
    app.use(async (ctx) => {
      const outer = getSession(ctx, "one");
      if (ctx.path === "/put") {
        outer.data.outer = 1;
        await outer.save();
        ctx.session.inner = 1;
      }
      ctx.body = [outer.data, { ...ctx.session }];
    });
    const browser = new Browser(serveNode(app.callback()));
    await browser.visit("/put");
    expect(await (await browser.visit("/")).json()).toEqual([{ outer: 1 }, { inner: 1 }]);
    expect([first.rows.size, second.rows.size]).toEqual([1, 1]);
  });

  it("a call that never answers locks nobody out for long", async () => {
    const store = slowStore(0);
    const { does, asks, browser } = makeApp({ store });
    await does((ctx) => {
      ctx.session.a = 1;
    });
    const { set } = store;
    store.set = () => new Promise(() => {});
    void asks((ctx) => {
      ctx.session.b = 1;
    }, browser.copy()).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    store.set = set;
    expect(await does(seen, browser.copy())).toEqual({ a: 1 });
    await does((ctx) => {
      ctx.session = null;
    });
    expect(store.rows.size).toBe(0);
  }, 20_000);

  it("two stores of an application do not share their requests", async () => {
    const [one, two] = [makeApp({ store: slowStore() }), makeApp({ store: slowStore() })];
    await Promise.all([
      one.does((ctx) => {
        ctx.session.a = 1;
      }),
      two.does((ctx) => {
        ctx.session.b = 2;
      }),
    ]);
    expect([await one.does(seen), await two.does(seen)]).toEqual([{ a: 1 }, { b: 2 }]);
  });
});

describe("in the cookie", () => {
  const base64 = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64");

  it.each([
    ["nothing", ""],
    ["no base64", "%%%"],
    ["no JSON", base64("{")],
    ["a number", base64(7)],
    ["null", base64(null)],
    ["a list", base64([1])],
    ["a prototype", base64('{"__proto__":{"isAdmin":true},"a":1}')],
    ["deep data", base64(`{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`)],
    ["no UTF-8", Buffer.from([0x7b, 0xff, 0xfe]).toString("base64")],
    ["an end that is none", base64({ a: 1, _expire: "soon", _maxAge: {}, _session: 1 })],
    ["the library's own names", base64({ a: 1, "~accepted": true, "~flash:x": 1, _sid: 5, _sub: {}, _start: "x" })],
    ["an endless one", base64({ a: 1, _expire: 1e300, _maxAge: 1e300 })],
  ])("no cookie makes an error: %s", async (_what, value) => {
    for (const signed of [false, true]) {
      const { asks } = makeApp({ signed });
      const cookie = { Cookie: `koa.sess=${value}; koa.sess.sig=AAAAAAAAAAAAAAAAAAAAAAAAAAA` };
      for (const act of [
        seen,
        (ctx: Context) => {
          ctx.session.b = 1;
        },
        (ctx: Context) => {
          ctx.session = null;
        },
      ])
        expect((await asks(act, new Browser(() => new Response()), cookie).then(() => asks(act, undefined, cookie))).status).toBe(
          200,
        );
    }
  });

  it("a cookie that somebody changed is none, and one of an older key is made again", async () => {
    const { does, browser } = makeApp({ maxAge: 60_000 }, [SECRET]);
    await does((ctx) => {
      ctx.session.user = "ada";
    });
    const rotated = makeApp({ maxAge: 60_000 }, [OTHER_SECRET, SECRET]);
    const cookie = { Cookie: browser.cookieHeader() };
    const answer = await rotated.asks(seen, undefined, cookie);
    expect(await answer.json()).toEqual({ result: { user: "ada" } });
    const forged = { Cookie: browser.cookieHeader().replace(/sig=./, "sig=_") };
    expect(await rotated.does(seen, new Browser(() => new Response()), forged).catch(() => ({}))).toEqual({});
  });

  it("keeps what JSON can carry, and says what it cannot", async () => {
    const { asks, does, browser } = makeApp();
    await does((ctx) => void Object.assign(ctx.session, { text: "Жанна \u{1f600}", none: null, list: [1, { a: [] }] }));
    expect(await does(seen)).toEqual({ text: "Жанна \u{1f600}", none: null, list: [1, { a: [] }] });
    const before = browser.cookieHeader();
    expect(
      (
        await asks((ctx) => {
          ctx.session.big = "x".repeat(5000);
        })
      ).status,
    ).toBe(500);
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    expect((await asks((ctx) => Object.assign(ctx.session, { cyclic }) && undefined)).status).toBe(500);
    expect(browser.cookieHeader()).toBe(before);
  });

  it("keeps the JSON of what has a toJSON, as passport may put it there", async () => {
    const { does } = makeApp();
    const id = { toJSON: () => "5f0c" };
    const told = await does((ctx) => {
      Object.assign(ctx.session, { passport: { user: id }, at: new Date(0), list: [undefined], none: undefined, last: 1 });
      return ctx.session.save().then(() => seen(ctx));
    });
    expect(told).toEqual({ passport: { user: "5f0c" }, at: "1970-01-01T00:00:00.000Z", list: [null], last: 1 });
    expect(await does(seen)).toEqual(told);
  });

  it("sets no cookie on the answer to an error after which nothing is saved", async () => {
    for (const options of [{}, { store: slowStore(0) }]) {
      const { asks, does } = makeApp(options);
      await does((ctx) => {
        ctx.session.a = 1;
      });
      const answer = await asks((ctx) => {
        ctx.session.a = 2;
        ctx.throw(500);
      });
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([500, []]);
    }
  });

  it("login() and logout() of the whole session work, and what it is told is kept", async () => {
    const { does } = makeApp();
    await does((ctx) => {
      getSession(ctx).login("ada");
      getSession(ctx).flash("notice", "Welcome");
    });
    expect(await does((ctx) => [getSession(ctx).subject, getSession(ctx).takeFlash("notice"), seen(ctx)])).toEqual([
      "ada",
      "Welcome",
      {},
    ]);
    await does((ctx) => getSession(ctx).logout());
    expect(await does((ctx) => getSession(ctx).subject ?? null)).toBeNull();
  });

  it("what is changed after the answer is ignored, and told", async () => {
    const { does, events } = makeApp();
    let held: Context;
    await does((ctx) => {
      ctx.session.a = 1;
      held = ctx;
    });
    held.session.a = 2;
    held.session = null;
    held.session = { b: 1 };
    expect(events.filter((event) => event.type === "lost")).toHaveLength(3);
    expect(await does(seen)).toEqual({ a: 1 });
  });
});

describe("options", () => {
  const app = new Koa();

  it.each([
    [{ maxAge: -1 }, "maxAge"],
    [{ maxAge: "1d" }, "maxAge"],
    [{ key: "a b" }, "key"],
    [{ store: {} }, "get, set, destroy"],
    [{ store: { get() {}, set() {} } }, "destroy is missing"],
    [{ ContextStore: class {} }, "ContextStore"],
    [{ externalKey: {} }, "externalKey"],
    [{ externalKey: { get() {}, set() {} } }, "needs a store"],
    [{ genid: "x" }, "genid"],
    [{ secrets: SECRET }, "web-session-store/koa"],
    [{ rollin: true }, "rollin"],
    [{ sameSite: "sometimes" }, "sameSite"],
  ])("%j is refused in words", (options, says) => {
    expect(() => makeApp(options as never).does(seen)).toThrow(says);
  });

  it("the application is needed, in either place", () => {
    expect(() => session({} as never, undefined as never)).toThrow("session(options, app)");
    expect(session(app, { key: "x" })).toBeTypeOf("function");
    expect(session(app)).toBeTypeOf("function");
  });

  it("the object that is given is not changed", () => {
    const options = Object.freeze({ maxAge: null, sameSite: null, store: null });
    expect(session(options, app)).toBeTypeOf("function");
  });
});
