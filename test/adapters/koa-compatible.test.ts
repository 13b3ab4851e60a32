/** Koa's compatible mode: what the README of koa-session-store documents, and what its users' browsers and stores hold. */
import { createRequire } from "node:module";
import Cookies from "cookies";
import fc from "fast-check";
import Keygrip from "keygrip";
import Koa from "koa";
import convert from "koa-convert";
import oldSession from "koa-session-store";
import Koa2 from "koa2";
import { afterAll, describe, expect, it, vi } from "vitest";
import { getSession, type KoaOptions, type KoaSecretOptions, session } from "../../src/adapters/koa/index.ts";
import type { PlainStore } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { Clock, DAY } from "../support/clock.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { koaCookies } from "../support/koa-cookies.ts";
import { plainRows } from "../support/plain-rows.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);

type Options = KoaOptions | KoaSecretOptions;
type Act = (ctx: Koa.Context) => unknown;
interface Data {
  [key: string]: unknown;
}

const KEYS = [SECRET];
const ODD_TEXT = 'semi;colon, "quotes" \\ backslash, Grüße, 日本語, emoji 🚀, \u0000 and \u2028';

/** An application whose handlers stand in the test, on Koa 3 unless said otherwise. */
function makeApp(options: Options = {}, { keys = KEYS as Koa["keys"], Application = Koa, clock = new Clock() } = {}) {
  const app = new Application();
  app.silent = true;
  if (keys !== undefined) app.keys = keys as string[];
  const acts = new Map<string, Act>();
  app.use(session<Data>({ now: clock.now, onEvent: () => {}, ...options } as Options));
  app.use(async (ctx) => {
    ctx.body = "done";
    await acts.get(ctx.path)?.(ctx as unknown as Koa.Context);
  });
  const serve = serveNode(app.callback());
  const browser = new Browser(serve, clock);
  let count = 0;
  const ask = async (act: Act, visitor = browser, init: RequestInit = {}) => {
    const path = `/${count++}`;
    acts.set(path, act);
    const response = await visitor.ask(path, init);
    visitor.receive(response);
    return response;
  };
  /** What a handler gives. */
  const does = async <Result>(act: (ctx: Koa.Context) => Result | Promise<Result>, visitor = browser): Promise<Result> => {
    let result: Result | undefined;
    const response = await ask(async (ctx) => {
      result = await act(ctx);
    }, visitor);
    if (response.status >= 500) throw new Error(`status ${response.status}`);
    return result as Result;
  };
  return { app, ask, does, browser, serve, clock };
}

/** A store of three methods over a Map, whose methods give `kind`. */
function plainStore(kind: "promise" | "thunk" | "generator" | "value") {
  const rows = new Map<string, string>();
  const calls: unknown[][] = [];
  const give = <T>(make: () => T): never => {
    if (kind === "promise") return Promise.resolve().then(make) as never;
    if (kind === "thunk") return ((done: (error: null, value: T) => void) => setImmediate(() => done(null, make()))) as never;
    if (kind === "value") return make() as never;
    return (function* () {
      yield Promise.resolve();
      return make();
    })() as never;
  };
  const kept = plainRows(rows, give);
  const save: PlainStore["save"] = (...given) => {
    calls.push(given);
    return kept.save(...given);
  };
  return { store: { ...kept, save }, rows, calls };
}

describe("session() without options", () => {
  it("counts views as the README's first program does, in a cookie named koa:sess", async () => {
    const { ask, browser } = makeApp();
    const count: Act = (ctx) => {
      const n = (ctx.session.views as number) || 0;
      ctx.session.views = n + 1;
      ctx.body = `${n + 1} views`;
    };
    expect(await (await ask(count)).text()).toBe("1 views");
    expect(await (await ask(count)).text()).toBe("2 views");
    expect([...browser.cookies.keys()]).toEqual(["koa:sess", "koa:sess.sig"]);
    expect(browser.cookies.get("koa:sess")?.value).toMatch(/^\{"views":2,"_sid":"[\w-]{32}"\}$/);
  });

  it("writes cookies as Koa's cookies package does, with SameSite=Lax", async () => {
    const { ask } = makeApp();
    const [value = "", signature = ""] = (await ask((ctx) => (ctx.session.a = 1))).headers.getSetCookie();
    expect(value).toMatch(/^koa:sess=\{"a":1,"_sid":"[\w-]{32}"\}; path=\/; samesite=lax; httponly$/);
    expect(signature).toMatch(/^koa:sess\.sig=[\w-]{27}; path=\/; samesite=lax; httponly$/);
  });

  it("does nothing for a session that is untouched, and sets no cookie for one that is only read", async () => {
    const { ask } = makeApp();
    await ask((ctx) => (ctx.session.a = 1));
    for (const act of [() => {}, (ctx: Koa.Context) => ctx.session.a]) {
      expect((await ask(act)).headers.getSetCookie()).toEqual([]);
    }
  });

  it("opens nothing while the session is untouched", async () => {
    const { ask, browser, app } = makeApp();
    await ask((ctx) => (ctx.session.a = 1));
    const index = vi.fn(() => 0);
    Object.assign(app, { keys: { sign: () => "signature", index } });
    await ask(() => {}, browser);
    expect(index).not.toHaveBeenCalled();
    await ask((ctx) => ctx.session.a, browser);
    expect(index).toHaveBeenCalledTimes(1);
  });

  it("is a plain object, and keys like __proto__ in it are data", async () => {
    const { ask, does } = makeApp();
    const odd = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":1}');
    await ask((ctx) => {
      ctx.session = odd;
    });
    await does((ctx) => {
      expect(Object.hasOwn(ctx.session, "constructor")).toBe(true);
      expect(`${ctx.session.toString()}`).toBe("[object Object]");
      expect(ctx.session).toBeInstanceOf(Object);
      expect(ctx.session.isAdmin).toBeUndefined();
      expect(JSON.stringify(ctx.session)).toBe('{"__proto__":{"isAdmin":true},"constructor":1}');
    });
  });

  it("takes the first of two living sessions, as Koa does, and clears nothing", async () => {
    const { ask, browser, serve, does } = makeApp();
    const other = new Browser(serve);
    await ask((ctx) => (ctx.session.user = "root"));
    await ask((ctx) => (ctx.session.user = "bob"), other);
    const [a, b] = [browser, other].map(({ cookies }) => [
      cookies.get("koa:sess")?.value,
      cookies.get("koa:sess.sig")?.value,
    ]) as [string[], string[]];
    const Cookie = `koa:sess=${a[0]}; koa:sess.sig=${a[1]}; koa:sess=${b[0]}; koa:sess.sig=${b[1]}`;
    let user: unknown;
    const response = await ask(
      (ctx) => {
        user = ctx.session.user;
      },
      browser,
      { headers: { Cookie } },
    );
    expect([user, response.headers.getSetCookie()]).toEqual(["root", []]);
    expect(await does((ctx) => ctx.session.user)).toBe("root");
  });

  it("ends the session when it is set to null", async () => {
    const { ask, does, browser } = makeApp();
    await ask((ctx) => (ctx.session.a = 1));
    await ask((ctx) => {
      ctx.session = null;
      expect(ctx.session).toBeNull();
    });
    expect(browser.cookies.size).toBe(0);
    expect(await does((ctx) => ({ ...ctx.session }))).toEqual({});
  });

  it("replaces the data when it is set to an object, and sees what changes in that later", async () => {
    const { ask, does } = makeApp();
    await ask((ctx) => (ctx.session.old = 1));
    await ask((ctx) => {
      const mine = { fresh: 1 } as Data;
      ctx.session = mine;
      mine.later = 2;
    });
    expect({ ...(await does((ctx) => ctx.session)) }).toEqual({ fresh: 1, later: 2 });
  });

  it("ends the session, too, when it is deleted or set to another empty value", async () => {
    for (const end of [
      (ctx: Koa.Context) => delete (ctx as Partial<Koa.Context>).session,
      (ctx: Koa.Context) => (ctx.session = false as never),
    ]) {
      const { ask, browser } = makeApp();
      await ask((ctx) => (ctx.session.a = 1));
      const response = await ask(end);
      expect(response.status).toBe(200);
      expect(response.headers.getSetCookie()).toHaveLength(2);
      expect(browser.cookies.size).toBe(0);
    }
  });

  it("leaves the object that a handler took before it ended the session", async () => {
    const { ask, does } = makeApp();
    await ask((ctx) => (ctx.session.user = "bob"));
    await ask((ctx) => {
      const before = ctx.session;
      ctx.session = null;
      expect(before.user).toBe("bob");
      ctx.session = before;
    });
    expect(await does((ctx) => ctx.session.user)).toBe("bob");
  });

  it("is an object again when a login follows null", async () => {
    const { ask, does } = makeApp();
    await ask((ctx) => (ctx.session.a = 1));
    await ask((ctx) => {
      ctx.session = null;
      getSession(ctx).login("bob");
      ctx.session.cart = 1;
    });
    expect(await does((ctx) => [getSession(ctx).subject, { ...ctx.session }])).toEqual(["bob", { cart: 1 }]);
  });

  it("starts another session when an object follows null", async () => {
    const { ask, does } = makeApp();
    await ask((ctx) => (ctx.session.a = 1));
    const before = await does((ctx) => getSession(ctx).id);
    await ask((ctx) => {
      ctx.session = null;
      ctx.session = { b: 2 };
    });
    expect({ ...(await does((ctx) => ctx.session)) }).toEqual({ b: 2 });
    expect(await does((ctx) => getSession(ctx).id)).not.toBe(before);
  });

  it("refuses what is no plain object, at once", async () => {
    const { ask } = makeApp();
    for (const value of ["text", 7, true, [1], () => {}, new Map()]) {
      let code: unknown;
      await ask((ctx) => {
        try {
          ctx.session = value as never;
        } catch (error) {
          ({ code } = error as { code: unknown });
        }
      });
      expect(code).toBe("ERR_DATA_NOT_JSON");
    }
  });

  it("refuses the names it keeps for itself, and what JSON cannot carry", async () => {
    const { ask } = makeApp();
    for (const data of [{ _sid: "mine" }, { _sub: "admin" }, { when: new Date() }]) {
      const response = await ask((ctx) => Object.assign(ctx.session, data));
      expect(response.status).toBe(500);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
  });

  it("refuses 6 KB of data in a cookie, and sends none", async () => {
    const { ask, does, browser } = makeApp();
    await ask((ctx) => (ctx.session.a = 1));
    const before = browser.cookieHeader();
    expect((await ask((ctx) => (ctx.session.essay = "x".repeat(6000)))).status).toBe(500);
    expect(browser.cookieHeader()).toBe(before);
    expect(await does((ctx) => ctx.session.a)).toBe(1);
  });

  it("keeps any text", async () => {
    const { ask, does } = makeApp();
    await ask((ctx) => (ctx.session.text = ODD_TEXT));
    expect(await does((ctx) => ctx.session.text)).toBe(ODD_TEXT);
  });

  it("takes the name and the cookie options of the README", async () => {
    const { ask } = makeApp({
      name: "mysite",
      cookie: { maxAge: 3_600_000, path: "/app", domain: "example.com", httpOnly: false, secure: true },
    });
    const [line = ""] = (await ask((ctx) => (ctx.session.a = 1))).headers.getSetCookie();
    expect(line).toMatch(/^mysite=\{.*\}; path=\/app; expires=[^;]+ GMT; domain=example\.com; samesite=lax; secure$/);
  });

  it("refuses cookie options it does not know, instead of ignoring them", () => {
    expect(() => session({ cookie: { maxage: 5 } } as Options)).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
  });

  it("is Secure when the request came by https, as app.proxy says", async () => {
    const { app, ask, browser } = makeApp();
    app.proxy = true;
    const [line = ""] = (
      await ask((ctx) => (ctx.session.a = 1), browser, { headers: { "X-Forwarded-Proto": "https" } })
    ).headers.getSetCookie();
    expect(line).toContain("; secure");
    app.proxy = false;
    const other = makeApp();
    const [plain = ""] = (
      await other.ask((ctx) => (ctx.session.a = 1), other.browser, { headers: { "X-Forwarded-Proto": "https" } })
    ).headers.getSetCookie();
    expect(plain).not.toContain("secure");
  });

  it("ends after cookie.maxAge without use, on the server too", async () => {
    const { ask, does, browser, clock } = makeApp({ cookie: { maxAge: DAY * 1000 } });
    await ask((ctx) => (ctx.session.a = 1));
    clock.pass(20 * 3600);
    expect(await does((ctx) => ctx.session.a)).toBe(1);
    clock.pass(20 * 3600);
    expect(await does((ctx) => ctx.session.a)).toBe(1);
    const kept = browser.copy();
    clock.pass(DAY);
    expect(await does((ctx) => ctx.session.a, kept)).toBeUndefined();
  });

  it("logs in, flashes, changes ids and tells who it is through getSession()", async () => {
    const { does } = makeApp();
    await does((ctx) => {
      const visitor = getSession(ctx);
      visitor.login("alice");
      visitor.flash("notice", "welcome");
    });
    const id = await does((ctx) => getSession(ctx).id);
    expect(await does((ctx) => [getSession(ctx).subject, getSession(ctx).takeFlash("notice")])).toEqual(["alice", "welcome"]);
    await does((ctx) => getSession(ctx).regenerateId());
    expect(await does((ctx) => [getSession(ctx).subject, getSession(ctx).id === id])).toEqual(["alice", false]);
  });

  it("works with a SessionStore, too", async () => {
    const store = memory();
    const { does, browser } = makeApp({ store });
    await does((ctx) => getSession(ctx).login("alice"));
    await does((ctx) => (ctx.session.cart = "apple"));
    expect(await does((ctx) => [getSession(ctx).subject, ctx.session.cart])).toEqual(["alice", "apple"]);
    expect(browser.cookies.get("koa:sess")?.value).toMatch(/^\{"_sid":"[\w-]{32}"/);
    expect(await store.list?.("alice")).toHaveLength(1);
  });

  it("never fails a request at its end, as koa-session-store did not: a change that comes too late is reported", async () => {
    const events: { type: string; reason?: unknown }[] = [];
    const { ask, does, browser } = makeApp({ store: memory(), onEvent: (event) => events.push(event) });
    await does((ctx) => getSession(ctx).login("alice"));
    const tab = browser.copy();
    const late = await ask(
      async (ctx) => {
        expect(getSession(ctx).subject).toBe("alice");
        await does((other) => getSession(other).regenerateId());
        ctx.session.cart = "apple";
      },
      tab,
      { method: "POST" },
    );
    expect([late.status, late.headers.getSetCookie()]).toEqual([200, []]);
    expect(events.filter(({ type }) => type === "lost")).toEqual([{ type: "lost", id: expect.any(String), reason: "moved" }]);
    // What asks for an answer gets one.
    const told = await ask(async (ctx) => {
      await does((other) => getSession(other).logout());
      await expect(getSession(ctx).update(() => "gift")).rejects.toMatchObject({ code: "ERR_SESSION_GONE", why: "ended" });
    }, browser.copy());
    expect(told.status).toBe(200);
    expect(await does((ctx) => [getSession(ctx).subject, ctx.session.cart])).toEqual([undefined, undefined]);
  });
});

describe("app.keys", () => {
  it("that is missing is an error at the first use, which says what to do", async () => {
    const app = new Koa();
    const errors: Error[] = [];
    app.on("error", (error: Error) => errors.push(error));
    app.use(session());
    app.use((ctx) => {
      if (ctx.path === "/use") (ctx as unknown as { session: Data }).session.a = 1;
      ctx.body = "done";
    });
    const browser = new Browser(serveNode(app.callback()));
    expect((await browser.visit("/")).status).toBe(200);
    expect((await browser.visit("/use")).status).toBe(500);
    expect(errors[0]?.message).toBe(
      "Cannot sign the session cookie: app.keys holds no key. Is its environment variable set? Make a key with: npx web-session-store keygen. Or give secrets to session() of web-session-store/koa",
    );
  });

  it("is not needed for cookies that are not signed", async () => {
    const { ask, does, browser } = makeApp({ cookie: { signed: false } }, { keys: undefined as never });
    await ask((ctx) => (ctx.session.a = 1));
    expect([...browser.cookies.keys()]).toEqual(["koa:sess"]);
    expect(await does((ctx) => ctx.session.a)).toBe(1);
  });

  it("may be rotated: an old signature is accepted and made anew, and a removed key stops at once", async () => {
    const [first, second] = ["first key, long enough to be taken for one", "second key, long enough to be taken for one"];
    const { app, ask, does, browser } = makeApp({}, { keys: [first] });
    await ask((ctx) => (ctx.session.a = 1));
    app.keys = [second, first];
    expect(await does((ctx) => ctx.session.a)).toBe(1);
    const value = browser.cookies.get("koa:sess")?.value;
    expect(browser.cookies.get("koa:sess.sig")?.value).toBe(new Keygrip([second]).sign(`koa:sess=${value}`));
    app.keys = [second];
    expect(await does((ctx) => ctx.session.a)).toBe(1);
    app.keys = ["third key, long enough to be taken for one"];
    expect(await does((ctx) => ctx.session.a)).toBeUndefined();
  });

  it("may be a Keygrip, with its algorithm and encoding", async () => {
    const keys = new Keygrip(KEYS, "sha256", "hex" as never);
    const { ask, does, browser } = makeApp({}, { keys: keys as never });
    await ask((ctx) => (ctx.session.a = 1));
    expect(browser.cookies.get("koa:sess.sig")?.value).toMatch(/^[0-9a-f]{64}$/);
    expect(await does((ctx) => ctx.session.a)).toBe(1);
  });

  it("may sign with SHA-256 by an option", async () => {
    const { ask, browser } = makeApp({ signatureAlgorithm: "sha256" });
    await ask((ctx) => (ctx.session.a = 1));
    const value = browser.cookies.get("koa:sess")?.value;
    expect(browser.cookies.get("koa:sess.sig")?.value).toBe(new Keygrip(KEYS, "sha256").sign(`koa:sess=${value}`));
  });

  it("may be a Keygrip whose keys change: a removed key stops at once", async () => {
    const keys = ["first key, long enough to be taken for one", "second key, long enough to be taken for one"];
    const { ask, does } = makeApp({}, { keys: new Keygrip(keys) as never });
    await ask((ctx) => (ctx.session.a = 1));
    expect(await does((ctx) => ctx.session.a)).toBe(1);
    keys.shift();
    expect(await does((ctx) => ctx.session.a)).toBeUndefined();
  });

  it("may have gaps, as an unset variable leaves them", async () => {
    const { ask, does } = makeApp({}, { keys: [SECRET, undefined, ""] as never });
    await ask((ctx) => (ctx.session.a = 1));
    expect(await does((ctx) => ctx.session.a)).toBe(1);
  });

  it("that is weak is warned of once, and works", async () => {
    const events: unknown[] = [];
    const { ask, does } = makeApp({ onEvent: (event) => events.push(event) }, { keys: ["some secret key"] });
    await ask((ctx) => (ctx.session.a = 1));
    expect(await does((ctx) => ctx.session.a)).toBe(1);
    expect(events.filter((event) => (event as { type: string }).type === "insecure")).toEqual([
      { type: "insecure", reason: "weak-key" },
    ]);
  });
});

describe("Koa's own cookies", () => {
  /** A cookie as the cookies package signs it. */
  const signed = (value: string) => koaCookies(value, KEYS);
  const read = async (Cookie: string, options: Options = {}) => {
    const app = makeApp(options);
    let data: unknown;
    const response = await app.ask(
      (ctx) => {
        data = { ...ctx.session };
      },
      app.browser,
      { headers: { Cookie } },
    );
    return { data, status: response.status };
  };

  it("verify here, whatever text they hold", async () => {
    const value = JSON.stringify({ name: 'a, b "c" \\ d', _sid: "d43rlxIKwHMUWPX" });
    expect((await read(signed(value))).data).toEqual({ name: 'a, b "c" \\ d' });
  });

  it("verify there when they are made here, whatever text they hold", async () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.constant(ODD_TEXT));
    const { ask, browser } = makeApp();
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        await ask((ctx) => {
          ctx.session = { value };
        });
        const cookie = browser.cookieHeader();
        const cookies = new Cookies({ headers: { cookie } } as never, { getHeader: () => [], setHeader: () => {} } as never, {
          keys: KEYS,
        });
        expect(JSON.parse(cookies.get("koa:sess", { signed: true }) ?? "").value).toBe(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 60 },
    );
  });

  it("with a wrong signature, none, broken JSON, or an id of another form are a fresh session, never an error", async () => {
    const good = JSON.stringify({ a: 1, _sid: "d43rlxIKwHMUWPX" });
    for (const cookie of [
      `koa:sess=${good}`,
      `koa:sess=${good}; koa:sess.sig=AAAAAAAAAAAAAAAAAAAAAAAAAAA`,
      signed(good).replace('"a":1', '"a":2'),
      signed("notjson"),
      signed("null"),
      signed("[]"),
      signed('{"a":1}'),
      signed('{"a":1,"_sid":"../../etc"}'),
      signed('{"a":1,"_sid":{"$ne":1}}'),
      signed(`{"a":1,"_sid":"${"x".repeat(65)}"}`),
    ]) {
      expect(await read(cookie), cookie).toEqual({ data: {}, status: 200 });
    }
  });

  it("pair each value with the signature in the same place", async () => {
    const [one, two] = ["first", "second"].map((a) => JSON.stringify({ a, _sid: "d43rlxIKwHMUWPX" })) as [string, string];
    const sign = (value: string) => new Keygrip(KEYS).sign(`koa:sess=${value}`);
    expect((await read(`koa:sess={}; koa:sess=${one}; koa:sess.sig=junk; koa:sess.sig=${sign(one)}`)).data).toEqual({
      a: "first",
    });
    expect((await read(`koa:sess={}; koa:sess=${two}; koa:sess.sig=${sign(two)}`)).data).toEqual({});
  });

  it("are looked at up to exactly four pairs: with a fifth, none counts", async () => {
    const good = JSON.stringify({ a: "good", _sid: "d43rlxIKwHMUWPX" });
    const pairs = (at: number, count: number) => {
      const values = Array.from({ length: count }, (_, index) => (index === at ? good : `{"junk":${index}}`));
      const signatures = values.map((value, index) =>
        index === at ? new Keygrip(KEYS).sign(`koa:sess=${value}`) : `junk${index}`,
      );
      return [...values.map((value) => `koa:sess=${value}`), ...signatures.map((text) => `koa:sess.sig=${text}`)].join("; ");
    };
    for (let count = 1; count <= 4; count++)
      for (let at = 0; at < count; at++)
        expect([count, at, (await read(pairs(at, count))).data]).toEqual([count, at, { a: "good" }]);
    for (let at = 0; at < 5; at++) expect([at, await read(pairs(at, 5))]).toEqual([at, { data: {}, status: 200 }]);
  });

  it("that are not signed never make an error, and their ids are not adopted", async () => {
    const { store, rows } = plainStore("promise");
    const options: Options = { store, cookie: { signed: false } };
    expect(await read("koa:sess=notjson", options)).toEqual({ data: {}, status: 200 });
    const app = makeApp(options);
    const attack = { headers: { Cookie: 'koa:sess={"_sid":"attackersown1234"}' } };
    await app.ask((ctx) => (ctx.session.a = 1), app.browser, attack);
    expect([...rows.keys()]).toHaveLength(1);
    expect([...rows.keys()]).not.toContain("attackersown1234");
  });
});

for (const kind of ["promise", "thunk", "generator", "value"] as const) {
  describe(`a store whose methods give a ${kind}`, () => {
    it("holds the session's data as JSON and nothing else; the cookie holds the id", async () => {
      const { store, rows } = plainStore(kind);
      const { ask, does, browser } = makeApp({ store });
      await ask((ctx) => (ctx.session.u = 1));
      const [[sid, row]] = [...rows] as [[string, string]];
      expect(row).toBe('{"u":1}');
      expect(browser.cookies.get("koa:sess")?.value).toBe(`{"_sid":"${sid}"}`);
      expect(await does((ctx) => ctx.session.u)).toBe(1);
    });

    it("sets no cookie again when data changes, and writes nothing when it does not", async () => {
      const { store, calls } = plainStore(kind);
      const { ask } = makeApp({ store });
      await ask((ctx) => (ctx.session.u = 1));
      expect((await ask((ctx) => (ctx.session.u = 2))).headers.getSetCookie()).toEqual([]);
      await ask((ctx) => (ctx.session.u = 2));
      expect(calls).toHaveLength(2);
    });

    it("drops the row when the session ends", async () => {
      const { store, rows } = plainStore(kind);
      const { ask, browser } = makeApp({ store });
      await ask((ctx) => (ctx.session.u = 1));
      await ask((ctx) => {
        ctx.session = null;
      });
      expect([rows.size, browser.cookies.size]).toEqual([0, 0]);
    });

    it("moves the row at a login and a new id", async () => {
      const { store, rows } = plainStore(kind);
      const { ask, does } = makeApp({ store });
      await ask((ctx) => (ctx.session.cart = "apple"));
      const [before] = [...rows.keys()];
      await ask((ctx) => getSession(ctx).login("alice", { keep: ["cart"] }));
      expect([...rows.values()]).toEqual(['{"cart":"apple"}']);
      expect([...rows.keys()]).not.toContain(before);
      expect(await does((ctx) => getSession(ctx).subject)).toBe("alice");
    });

    it("hears when the session ends, if it does", async () => {
      const { store, calls } = plainStore(kind);
      const { ask, clock } = makeApp({ store, idleTimeout: DAY });
      await ask((ctx) => (ctx.session.u = 1));
      expect(calls[0]?.[2]).toEqual({ expiresAt: clock.now() + DAY, maxAge: DAY });
      clock.pass(DAY / 2);
      await ask((ctx) => ctx.session.u);
      expect(calls[1]?.[2]).toEqual({ expiresAt: clock.now() + DAY, maxAge: DAY });
    });

    it("that fails is a 503, and the cookie is left alone", async () => {
      const { store } = plainStore(kind);
      const { ask, browser } = makeApp({ store });
      await ask((ctx) => (ctx.session.u = 1));
      const before = browser.cookieHeader();
      store.load = () => Promise.reject(new Error("connection lost"));
      const response = await ask((ctx) => ctx.session.u);
      expect(response.status).toBe(503);
      expect(await response.text()).toBe("Service Unavailable");
      expect(browser.cookieHeader()).toBe(before);
    });
  });
}

describe("a store of three methods", () => {
  it("may give bytes, and may save by several promises, which are waited for", async () => {
    const rows = new Map<string, string>();
    const later = (act: () => void) => new Promise<void>((resolve) => setTimeout(() => resolve(act()), 10));
    const store: PlainStore = {
      load: (sid) => (rows.has(sid) ? Buffer.from(rows.get(sid) as string) : null) as never,
      save: (sid, data) => [later(() => rows.set(sid, data)), later(() => {})],
      remove: (sid) => rows.delete(sid),
    };
    const { ask, does } = makeApp({ store });
    await ask((ctx) => (ctx.session.a = 1));
    expect(rows.size).toBe(1);
    expect(await does((ctx) => ctx.session.a)).toBe(1);
  });
});

describe("koa-session-store 2.0.0", () => {
  /** The old library on Koa 2, where its generators run. */
  function oldApp(options: object = {}) {
    const app = new (Koa2 as unknown as typeof Koa)();
    app.silent = true;
    app.keys = KEYS;
    app.use(convert(oldSession(options)));
    const acts = new Map<string, Act>();
    app.use(async (ctx) => {
      ctx.body = "done";
      await acts.get(ctx.path)?.(ctx as unknown as Koa.Context);
    });
    const serve = serveNode(app.callback());
    let count = 0;
    return async <Result>(browser: Browser, act: (ctx: Koa.Context) => Result) => {
      const path = `/${count++}`;
      let result: Result | undefined;
      acts.set(path, (ctx) => {
        result = act(ctx);
      });
      const visitor = new Browser(serve);
      for (const [name, held] of browser.cookies) visitor.cookies.set(name, held);
      const response = await visitor.visit(path);
      browser.receive(response);
      if (response.status >= 500) throw new Error(`status ${response.status}`);
      return result as Result;
    };
  }

  for (const where of ["its cookie", "a store"] as const) {
    it(`sessions in ${where} live on here, and ours there, with one browser`, async () => {
      const { store, rows } = plainStore("promise");
      const options = where === "a store" ? { store } : {};
      const old = oldApp({ ...options });
      const { does, browser } = makeApp(options as Options);
      const views = (ctx: Koa.Context): number => (ctx.session.views = ((ctx.session.views as number) ?? 0) + 1);
      expect(await old(browser, views)).toBe(1);
      expect(await does(views)).toBe(2);
      await does((ctx) => (ctx.session.text = ODD_TEXT));
      expect(await old(browser, (ctx) => ctx.session.text)).toBe(ODD_TEXT);
      // The old library reads such text, but cannot write it to a cookie.
      await does((ctx) => delete ctx.session.text);
      expect(await old(browser, views)).toBe(3);
      expect(await does(views)).toBe(4);
      expect(rows.size).toBe(where === "a store" ? 1 : 0);
      await does((ctx) => {
        ctx.session = null;
      });
      expect(await old(browser, views)).toBe(1);
      expect(await does(views)).toBe(2);
    });
  }

  it("sessions keep their id when times begin to matter, and get an end with the next use", async () => {
    const old = oldApp();
    const { does, browser } = makeApp({ idleTimeout: DAY });
    await old(browser, (ctx) => (ctx.session.views = 1));
    expect(await does((ctx) => ctx.session.views)).toBe(1);
    expect(browser.cookies.get("koa:sess")?.value).toContain('"_exp":');
    expect(await old(browser, (ctx) => ctx.session.views)).toBe(1);
  });
});

describe("timeouts for sessions of the old library", () => {
  const signed = (value: string) => koaCookies(value, KEYS);

  it("begin with the first use, also when only the absolute one is set, and whatever the data holds", async () => {
    for (const [options, data] of [
      [{ absoluteTimeout: 100 }, { a: 1 }],
      [{ idleTimeout: 100 }, { a: 1, nested: { _exp: 1 } }],
    ] as const) {
      const { ask, does, browser, clock } = makeApp({ ...options, rememberTokens: 0 });
      const Cookie = signed(JSON.stringify({ ...data, _sid: "d43rlxIKwHMUWPX" }));
      await ask((ctx) => ctx.session.a, browser, { headers: { Cookie } });
      expect(browser.cookies.get("koa:sess")?.value).toContain('"_start":');
      expect(await does((ctx) => ctx.session.a)).toBe(1);
      const kept = browser.copy();
      for (const [name, held] of kept.cookies) kept.cookies.set(name, { ...held, endsAt: Number.POSITIVE_INFINITY });
      clock.pass(101);
      expect(await does((ctx) => ctx.session.a, kept)).toBeUndefined();
    }
  });
});

describe("generator-style applications on Koa 2", () => {
  it("use this.session as they did", async () => {
    const app = new (Koa2 as unknown as typeof Koa)();
    app.keys = KEYS;
    app.use(session<Data>({ onEvent: () => {} }));
    app.use(
      convert(function* (this: Koa.Context, next: Promise<unknown>) {
        yield next;
        const n = (this.session.views as number) || 0;
        this.session.views = n + 1;
        this.body = `${n + 1} views`;
      } as unknown as GeneratorFunction),
    );
    const browser = new Browser(serveNode(app.callback()));
    await browser.visit("/");
    expect(await (await browser.visit("/")).text()).toBe("2 views");
  });
});

describe("require()", () => {
  it("gives the function itself, with getSession", () => {
    const required = createRequire(import.meta.url)("web-session-store/koa");
    expect(required).toBeTypeOf("function");
    expect(required.getSession).toBeTypeOf("function");
    expect([required.session, required.default]).toEqual([required, required]);
    expect(required()).toBeTypeOf("function");
  });
});
