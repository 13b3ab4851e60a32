/** Koa's ways to answer and to fail, on Koa 3 and Koa 2, with app.keys and with secrets. */
import { Readable } from "node:stream";
import Koa from "koa";
import Koa2 from "koa2";
import { afterAll, describe, expect, it, vi } from "vitest";
import { getSession, type KoaOptions, type KoaSecretOptions, session } from "../../src/adapters/koa/index.ts";
import type { StateError } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { Clock, DAY, HOUR } from "../support/clock.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { plainRows } from "../support/plain-rows.ts";
import { OLD_SECRET, SECRET } from "../support/secrets.ts";

afterAll(closeServers);

interface Data {
  [key: string]: unknown;
}
type Context = Koa.Context & { session: Data };
type Act = (ctx: Context, next: () => Promise<unknown>) => unknown;
type Options = KoaOptions | KoaSecretOptions;

const MODES: [string, typeof Koa, () => Options][] = [
  ["Koa 3 with app.keys", Koa, () => ({})],
  ["Koa 2 with app.keys", Koa2 as unknown as typeof Koa, () => ({})],
  ["Koa 3 with secrets", Koa, () => ({ secrets: SECRET })],
  ["Koa 2 with secrets and a store", Koa2 as unknown as typeof Koa, () => ({ secrets: SECRET, store: memory() })],
];

function makeApp(Application: typeof Koa, options: Options, before: Act[] = []) {
  const app = new Application();
  app.silent = true;
  app.keys = [OLD_SECRET];
  const errors: Error[] = [];
  app.on("error", (error: Error) => errors.push(error));
  for (const act of before) app.use(act as Koa.Middleware);
  app.use(session<Data>(options));
  const acts = new Map<string, Act>();
  app.use(async (ctx, next) => {
    await acts.get(ctx.path)?.(ctx as unknown as Context, next);
    if (ctx.respond !== false && ctx.status === 404) ctx.body = "done";
  });
  const browser = new Browser(serveNode(app.callback()));
  let count = 0;
  const ask = (act: Act, init: RequestInit = {}) => {
    const path = `/${count++}`;
    acts.set(path, act);
    return browser.visit(path, init);
  };
  const does = async <Result>(act: (ctx: Context) => Result): Promise<Result> => {
    let result: Result | undefined;
    await ask((ctx) => {
      result = act(ctx);
    });
    return result as Result;
  };
  return { app, ask, does, browser, errors };
}

const change: Act = (ctx) => {
  ctx.session.a = 1;
};

for (const [mode, Application, options] of MODES) {
  describe(mode, () => {
    const setUp = (before: Act[] = []) => makeApp(Application, options(), before);

    it("keeps changes and cookie with ctx.throw() below 500", async () => {
      const { ask, does } = setUp();
      const response = await ask((ctx) => {
        ctx.session.a = 1;
        ctx.throw(403, "no");
      });
      expect([response.status, await response.text()]).toEqual([403, "no"]);
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      expect(await does((ctx) => ctx.session.a)).toBe(1);
    });

    it("keeps them with an error that has headers of its own", async () => {
      const error = Object.assign(new Error("headers"), { status: 409, expose: true, headers: { "X-Reason": "conflict" } });
      const { ask, does } = setUp();
      const response = await ask((ctx) => {
        ctx.session.a = 1;
        throw error;
      });
      expect([response.status, await response.text()]).toEqual([409, error.message]);
      expect(response.headers.get("X-Reason")).toBe("conflict");
      expect(await does((ctx) => ctx.session.a)).toBe(1);
    });

    it("keeps them with an error that is frozen, which whoever catches it gets as it was thrown", async () => {
      // Koa itself cannot answer one: it writes the status on what it catches.
      const frozen = Object.freeze(Object.assign(new Error("frozen"), { status: 409 }));
      let caught: unknown;
      const { ask, does } = setUp([
        async (ctx, next) => {
          try {
            await next();
          } catch (error) {
            caught = error;
            ctx.status = 409;
          }
        },
      ]);
      const response = await ask((ctx) => {
        ctx.session.a = 1;
        throw frozen;
      });
      expect([caught === frozen, response.status]).toEqual([true, 409]);
      expect(await does((ctx) => ctx.session.a)).toBe(1);
    });

    it("leaves what was thrown alone: one error object, thrown for everybody, carries nobody's cookie to another", async () => {
      const denied = Object.assign(new Error("denied"), { status: 403, headers: { "Set-Cookie": "theme=dark" } });
      const { ask, browser } = setUp();
      const login = await ask((ctx) => {
        ctx.session.a = 1;
        throw denied;
      });
      expect(login.headers.getSetCookie()[0]).toBe("theme=dark");
      expect(login.headers.getSetCookie().length).toBeGreaterThan(1);
      expect(denied.headers).toEqual({ "Set-Cookie": "theme=dark" });
      browser.cookies.clear();
      const other = await ask(() => {
        throw denied;
      });
      expect(other.headers.getSetCookie()).toEqual(["theme=dark"]);
    });

    it("puts no cookie into the log when what was thrown is no Error, and carries a logout out", async () => {
      const { ask, browser, errors } = setUp();
      await ask(change);
      const response = await ask((ctx) => {
        ctx.session.a = 2;
        throw { status: 401, message: "no" };
      });
      expect(response.status).toBe(500);
      expect(errors.map(({ message }) => message).join()).not.toContain("_sid");
      await ask((ctx) => {
        ctx.session = null as never;
        throw "text";
      });
      expect(browser.cookies.size).toBe(0);
    });

    it("keeps them when an outer middleware catches the error", async () => {
      const { ask, does } = setUp([
        async (ctx, next) => {
          try {
            await next();
          } catch (error) {
            ctx.status = (error as { status: number }).status;
            ctx.body = "caught";
          }
        },
      ]);
      const response = await ask((ctx) => {
        ctx.session.a = 1;
        ctx.throw(400);
      });
      expect([response.status, await response.text()]).toEqual([400, "caught"]);
      expect(await does((ctx) => ctx.session.a)).toBe(1);
    });

    it("drops changes with an error of 500, of no status, and with a thrown text", async () => {
      for (const thrown of [Object.assign(new Error("gateway"), { status: 502 }), new Error("bug"), "text"]) {
        const { ask, does } = setUp();
        await ask(change);
        const response = await ask((ctx) => {
          ctx.session.a = 2;
          throw thrown;
        });
        expect(response.status).toBeGreaterThanOrEqual(500);
        expect(response.headers.getSetCookie()).toEqual([]);
        expect(await does((ctx) => ctx.session.a)).toBe(1);
      }
    });

    it("ends a session that was destroyed before an error of 500", async () => {
      const { ask, does, browser } = setUp();
      await ask(change);
      await ask((ctx) => {
        ctx.session = null as never;
        throw new Error("bug");
      });
      expect(browser.cookies.size).toBe(0);
      expect(await does((ctx) => ctx.session.a)).toBeUndefined();
    });

    it("gives no new id and logs nobody in before an error of 500, and drops the changes with them", async () => {
      for (const act of ["regenerateId", "login"] as const) {
        const { ask, does, browser } = setUp();
        await ask(change);
        const before = await does((ctx) => getSession(ctx).id);
        const cookies = browser.cookieHeader();
        const failed = await ask((ctx) => {
          getSession(ctx)[act]("alice" as never);
          ctx.session.a = 2;
          throw new Error("bug");
        });
        expect([failed.status, failed.headers.getSetCookie()]).toEqual([500, []]);
        expect(browser.cookieHeader()).toBe(cookies);
        const seen = await does((ctx) => [getSession(ctx).id, getSession(ctx).subject, ctx.session.a]);
        expect(seen).toEqual([before, undefined, 1]);
      }
    });

    it("sends a new id and a login that save() wrote with an error of 500, without the changes after it", async () => {
      for (const act of ["regenerateId", "login"] as const) {
        const { ask, does } = setUp();
        await ask(change);
        const before = await does((ctx) => getSession(ctx).id);
        const failed = await ask(async (ctx) => {
          // What a cookie without a prefix brought comes along only where the application says so.
          if (act === "login") getSession(ctx).login("alice", { keep: ["a"] });
          else getSession(ctx).regenerateId();
          await getSession(ctx).save();
          ctx.session.a = 2;
          throw new Error("bug");
        });
        expect([failed.status, failed.headers.getSetCookie().length > 0]).toEqual([500, true]);
        expect(await does((ctx) => [getSession(ctx).subject, ctx.session.a])).toEqual([act === "login" ? "alice" : undefined, 1]);
        expect(await does((ctx) => getSession(ctx).id)).not.toBe(before);
      }
    });

    it("sets its cookies besides those of others", async () => {
      const { ask } = setUp([
        async (ctx, next) => {
          ctx.cookies.set("outer", "1", { signed: false });
          await next();
        },
      ]);
      const response = await ask((ctx) => {
        ctx.cookies.set("inner", "2", { signed: false });
        ctx.session.a = 1;
      });
      const names = response.headers.getSetCookie().map((line) => line.split("=")[0]);
      expect(names.slice(0, 2)).toEqual(["outer", "inner"]);
      expect(new Set(names).size).toBe(names.length);
    });

    it("saves before a stream begins", async () => {
      const { ask, does } = setUp();
      const response = await ask((ctx) => {
        ctx.session.a = 1;
        ctx.body = Readable.from(["streamed"]);
      });
      expect(await response.text()).toBe("streamed");
      expect(await does((ctx) => ctx.session.a)).toBe(1);
    });

    it("goes with redirects, 204 and HEAD", async () => {
      for (const [act, status] of [
        [(ctx: Context) => ctx.redirect("/elsewhere"), 302],
        [
          (ctx: Context) => {
            ctx.status = 204;
          },
          204,
        ],
      ] as const) {
        const { ask, does } = setUp();
        const response = await ask((ctx) => {
          ctx.session.a = 1;
          act(ctx);
        });
        expect(response.status).toBe(status);
        expect(await does((ctx) => ctx.session.a)).toBe(1);
      }
      const { ask, does } = setUp();
      await ask(change, { method: "HEAD" });
      expect(await does((ctx) => ctx.session.a)).toBe(1);
    });

    it("sets its cookie for an application that answers by itself", async () => {
      const { ask, does } = setUp();
      const response = await ask((ctx) => {
        ctx.session.a = 1;
        ctx.respond = false;
        setImmediate(() => setImmediate(() => setTimeout(() => ctx.res.end("by hand"), 20)));
      });
      expect(await response.text()).toBe("by hand");
      expect(await does((ctx) => ctx.session.a)).toBe(1);
    });

    it("says so when a change comes too late for its cookie", async () => {
      const { ask, errors } = setUp();
      const response = await ask((ctx) => {
        ctx.respond = false;
        ctx.res.write("already ");
        ctx.session.a = 1;
        setTimeout(() => ctx.res.end("sent"), 20);
      });
      expect(response.headers.getSetCookie()).toEqual([]);
      await response.text().catch(() => "");
      expect(errors).toContainEqual(expect.objectContaining({ code: "ERR_COOKIE_NOT_POSSIBLE" }));
    });

    it("shows the session to those who look after the handler, and takes no change from them", async () => {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
      const seen: unknown[] = [];
      const { ask, does } = setUp([
        async (ctx, next) => {
          await next();
          seen.push(ctx.session.a);
          try {
            ctx.session.a = 99;
          } catch (error) {
            seen.push((error as StateError).code);
          }
        },
      ]);
      await ask(change);
      await ask(() => {});
      // As with koa-session-store, a late change is lost in the compatible mode, and breaks nothing.
      expect(seen).toEqual(options().secrets === undefined ? [1, 1] : [1, "ERR_SESSION_COMMITTED", 1, "ERR_SESSION_COMMITTED"]);
      expect(await does((ctx) => ctx.session.a)).toBe(1);
      expect(warn).toHaveBeenCalledTimes(options().secrets === undefined ? 1 : 0);
      warn.mockRestore();
    });

    it("gives each middleware its own session, by name", async () => {
      const admin = session<Data>({ name: "admin", onEvent: () => {} }) as unknown as Act;
      let after: unknown;
      const look: Act = async (ctx, next) => {
        await next();
        after = ctx.session.level;
      };
      const { ask, does, browser } = setUp([admin, look]);
      await ask((ctx) => {
        getSession(ctx, "admin").data.level = 9;
        ctx.session.a = 1;
      });
      expect(browser.cookies.has("admin")).toBe(true);
      expect(await does((ctx) => [ctx.session.a, ctx.session.level, getSession(ctx, "admin").data.level])).toEqual([
        1,
        undefined,
        9,
      ]);
      expect(after).toBe(9);
    });
  });
}

describe("Koa 3", () => {
  it("sends the cookies of a web Response, and ours, each in a line of its own", async () => {
    const { ask, does } = makeApp(Koa, { secrets: SECRET });
    const response = await ask((ctx) => {
      ctx.session.a = 1;
      ctx.body = new Response("web", { headers: { "X-Web": "yes", "Set-Cookie": "theme=dark" } });
    });
    expect([await response.text(), response.headers.get("X-Web")]).toEqual(["web", "yes"]);
    expect(response.headers.getSetCookie().map((line) => line.split("=")[0])).toEqual(["theme", VISITOR_COOKIE]);
    expect(await does((ctx) => ctx.session.a)).toBe(1);
  });

  it("keeps a session of a web server upgrade out of the way", async () => {
    const sessions = session({ secrets: SECRET });
    const res = { headersSent: true, getHeader: () => undefined, setHeader: () => {}, removeHeader: () => {} };
    const ctx = { req: { headers: {} }, res, app: {}, secure: false, status: 101 } as never as Context;
    await expect(sessions(ctx as never, async () => ctx.session.a)).resolves.toBeUndefined();
    const changing = sessions(ctx as never, async () => {
      ctx.session.a = 1;
    });
    await expect(changing).rejects.toMatchObject({ code: "ERR_COOKIE_NOT_POSSIBLE" });
  });
});

describe("ctx.session with secrets", () => {
  it("has the library's cookies, timeouts and events", async () => {
    const clock = new Clock();
    const events: string[] = [];
    const { ask, does } = makeApp(Koa, {
      secrets: SECRET,
      now: clock.now,
      idleTimeout: HOUR,
      onEvent: ({ type }) => events.push(type),
    });
    const [line] = (await ask((ctx) => getSession(ctx).login("alice"))).headers.getSetCookie();
    expect(line).toMatch(new RegExp(String.raw`^${USER_COOKIE}=[\w.-]+; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax$`));
    expect(await does((ctx) => getSession(ctx).subject)).toBe("alice");
    clock.pass(HOUR);
    expect(await does((ctx) => getSession(ctx).subject)).toBeUndefined();
    expect(events).toEqual(["created", "regenerated", "loaded", "expired"]);
  });

  it("keeps data in a store of three methods, and the rest in an encrypted token", async () => {
    const rows = new Map<string, string>();
    const store = plainRows(rows, async (act) => act());
    const clock = new Clock();
    for (const given of [store, plain(store)]) {
      rows.clear();
      const { ask, does, browser } = makeApp(Koa, { secrets: SECRET, store: given, now: clock.now });
      await ask((ctx) => {
        getSession(ctx).login("alice");
        ctx.session.cart = "apple";
      });
      expect([...rows.values()]).toEqual(['{"cart":"apple"}']);
      clock.pass(20 * HOUR);
      expect(await does((ctx) => [getSession(ctx).subject, ctx.session.cart])).toEqual(["alice", "apple"]);
      clock.pass(20 * HOUR);
      expect(await does((ctx) => [getSession(ctx).subject, ctx.session.cart])).toEqual(["alice", "apple"]);
      await ask((ctx) => getSession(ctx).update((data) => Object.assign(data, { count: 1 })));
      expect([...rows.values()]).toEqual(['{"cart":"apple","count":1}']);
      clock.pass(DAY);
      expect(await does((ctx) => getSession(ctx).subject)).toBeUndefined();
      expect(browser.cookieHeader()).not.toContain("alice");
    }
  });

  it("throws before it is loaded, where the application asked for that", async () => {
    const { ask, does } = makeApp(Koa, { secrets: SECRET, store: memory(), lazy: true });
    expect((await ask(change)).status).toBe(500);
    await ask(async (ctx) => {
      await getSession(ctx).ready();
      ctx.session.a = 1;
    });
    expect(
      await does(async (ctx) => {
        await getSession(ctx).ready();
        return ctx.session.a;
      }),
    ).toBe(1);
  });

  it("answers 503 when the store fails, and reports the handler's own error first", async () => {
    const store = failingStore();
    const { ask, errors } = makeApp(Koa, { secrets: SECRET, store });
    await ask(change);
    store.fail("update", "remove");
    const response = await ask((ctx) => {
      ctx.session.a = 2;
    });
    expect([response.status, await response.text()]).toEqual([503, "Service Unavailable"]);
    await ask((ctx) => {
      ctx.session = null as never;
      throw new Error("the handler's own");
    });
    expect(errors.at(-1)?.message).toBe("the handler's own");
  });
});

describe("getSession()", () => {
  it("says what to do when no middleware ran", () => {
    expect(() => getSession({})).toThrow(expect.objectContaining({ code: "ERR_SESSION_MISSING" }));
  });
});

describe("session()", () => {
  it("refuses options there are none of, and those that cannot work, at creation", () => {
    for (const options of [
      { sotre: {} },
      { name: "a b" },
      { name: "a;b" },
      { cookie: { maxAge: -1 } },
      { cookie: { path: "/;" } },
      { cookie: { domain: "a b" } },
      { cookie: { sameSite: "lacks" } },
      { idleTimeout: 0 },
      { secrets: "short" },
    ]) {
      expect(() => session(options as Options), JSON.stringify(options)).toThrow(
        expect.objectContaining({ name: "OptionError" }),
      );
    }
  });
});
