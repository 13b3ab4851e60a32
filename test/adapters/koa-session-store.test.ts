/** What applications of koa-session-store rely on, asked of the package itself and of its successor. */
import Koa from "koa";
import convert from "koa-convert";
import oldSession from "koa-session-store";
import Koa2 from "koa2";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { session } from "../../src/adapters/koa/index.ts";
import type { PlainStore } from "../../src/stores/bridges/plain.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { OLD_SECRET, SECRET } from "../support/secrets.ts";

afterAll(closeServers);

type Act = (ctx: { session: Record<string, unknown> | null; body: unknown }) => unknown;
type Options = Record<string, unknown>;

const OLD = Koa2 as unknown as typeof Koa;
const MIDDLEWARES = [
  ["koa-session-store 2.0.0", OLD, (options: Options) => convert(oldSession(options))],
  ["session() on Koa 2", OLD, (options: Options) => session({ onEvent: () => {}, ...options } as never)],
  ["session() on Koa 3", Koa, (options: Options) => session({ onEvent: () => {}, ...options } as never)],
] as const;

/** Rows of a store, and how often it was asked to keep one. */
const rows = new Map<string, string>();
let saves = 0;
const store: PlainStore = {
  *load(sid) {
    return (yield Promise.resolve(rows.get(sid)) as never) as string;
  },
  *save(sid, data) {
    saves++;
    yield Promise.resolve(rows.set(sid, data)) as never;
  },
  *remove(sid) {
    yield Promise.resolve(rows.delete(sid)) as never;
  },
};
beforeEach(() => {
  rows.clear();
  saves = 0;
});

describe.each(MIDDLEWARES)("%s", (_name, Application, make) => {
  /** An application, and a browser that does one thing after the other in it. */
  function start(options: Options, keys: string[] | null = [SECRET, OLD_SECRET]) {
    const app = new Application();
    app.silent = true;
    if (keys !== null) app.keys = keys;
    let act: Act = () => {};
    app.use(make(options) as never);
    app.use((async (ctx: Parameters<Act>[0]) => {
      ctx.body = "done";
      await act(ctx);
    }) as never);
    const browser = new Browser(serveNode(app.callback()));
    return async (next: Act) => {
      act = next;
      const response = await browser.visit("/");
      return { status: response.status, lines: response.headers.getSetCookie() };
    };
  }

  const greet: Act = (ctx) => Object.assign(ctx.session as object, { message: "hello" });
  const read: Act = (ctx) => {
    ctx.body = JSON.stringify(ctx.session);
  };
  const ends: [string, Act][] = [
    [
      "is set to null",
      (ctx) => {
        ctx.session = null;
      },
    ],
    [
      "is set to undefined",
      (ctx) => {
        ctx.session = undefined as never;
      },
    ],
    ["is deleted", (ctx) => delete (ctx as { session?: unknown }).session],
  ];

  describe("signs", () => {
    it("with app.keys, and fails without them", async () => {
      const [value, signature] = (await start({})(greet)).lines;
      expect(value).toMatch(/^koa:sess=\{"message":"hello","_sid":"[\w-]+"\};.* httponly$/);
      expect(signature).toMatch(/^koa:sess\.sig=[\w-]{27};.* httponly$/);
      expect((await start({}, null)(greet)).status).toBe(500);
    });

    it("nothing where it is told so, and needs no keys then", async () => {
      const { status, lines } = await start({ cookie: { signed: false } }, null)(greet);
      expect([status, lines.length]).toEqual([200, 1]);
    });

    it("in a cookie of another name, with other attributes", async () => {
      const ask = start({ name: "mysite", cookie: { path: "/", httpOnly: false, domain: "example.com" } });
      const { lines } = await ask(greet);
      expect(lines.map((line) => line.slice(0, line.indexOf("=")))).toEqual(["mysite", "mysite.sig"]);
      for (const line of lines) expect(line).toMatch(/domain=example\.com/);
      expect(lines.join()).not.toMatch(/httponly/i);
    });
  });

  describe.each([
    ["the cookie", { store: "cookie" }],
    ["a store", { store }],
  ] as const)("with the data in %s", (where, options) => {
    const inStore = where === "a store";

    it("sets and stores nothing for a new session that is untouched, read, or made empty", async () => {
      const acts: Act[] = [
        () => {},
        read,
        (ctx) => {
          ctx.session = {};
        },
      ];
      for (const act of acts) expect(await start(options)(act)).toEqual({ status: 200, lines: [] });
      expect([saves, rows.size]).toEqual([0, 0]);
    });

    it("keeps what a new session is given, key by key or as an object", async () => {
      const whole: Act = (ctx) => {
        ctx.session = { message: "hello" };
      };
      for (const act of [greet, whole]) {
        const { lines } = await start(options)(act);
        expect(lines[0]).toMatch(/^koa:sess=/);
        expect(lines.join().includes("hello")).toBe(!inStore);
        expect([...rows.values()]).toEqual(inStore ? ['{"message":"hello"}'] : []);
        rows.clear();
      }
      expect(saves).toBe(inStore ? 2 : 0);
    });

    it("gives the next request what was kept, and writes nothing again that did not change", async () => {
      const ask = start(options);
      await ask(greet);
      const found: unknown[] = [];
      const acts: Act[] = [
        () => {},
        (ctx) => found.push({ ...ctx.session }),
        (ctx) => {
          found.push(ctx.session?.message);
          Object.assign(ctx.session as object, { message: "hello" });
        },
      ];
      for (const act of acts) expect(await ask(act)).toEqual({ status: 200, lines: [] });
      expect(found).toEqual([{ message: "hello" }, "hello"]);
      expect(saves).toBe(inStore ? 1 : 0);
    });

    it("keeps a change, in a new cookie or under the same id", async () => {
      const ask = start(options);
      await ask(greet);
      const [sid] = rows.keys();
      const { lines } = await ask((ctx) => Object.assign(ctx.session as object, { message: "goodbye" }));
      expect(lines.length > 0).toBe(!inStore);
      if (inStore) expect([...rows]).toEqual([[sid, '{"message":"goodbye"}']]);
      let found: unknown;
      await ask((ctx) => {
        found = ctx.session?.message;
      });
      expect(found).toBe("goodbye");
    });

    it("empties a session that is given an empty object, and goes on with it", async () => {
      const ask = start(options);
      await ask(greet);
      await ask((ctx) => {
        ctx.session = {};
      });
      expect([...rows.values()]).toEqual(inStore ? ["{}"] : []);
      let found: unknown;
      await ask((ctx) => {
        found = { ...ctx.session };
      });
      expect(found).toEqual({});
    });

    it.each(ends)("ends a session that %s: its row and its cookies", async (_what, end) => {
      const ask = start(options);
      await ask(greet);
      const { status, lines } = await ask(end);
      expect(status).toBe(200);
      expect(lines[0]).toMatch(/^koa:sess=; .*expires=Thu, 01 Jan 1970/);
      expect(rows.size).toBe(0);
      let found: unknown;
      await ask((ctx) => {
        found = { ...ctx.session };
      });
      expect(found).toEqual({});
    });

    it("answers 500 to a session that is no object, and keeps what was there", async () => {
      const ask = start(options);
      await ask(greet);
      for (const wrong of ["text", 5, true]) {
        const { status, lines } = await ask((ctx) => {
          ctx.session = wrong as never;
        });
        expect([status, lines]).toEqual([500, []]);
      }
      expect([...rows.values()]).toEqual(inStore ? ['{"message":"hello"}'] : []);
    });
  });

  it("reads a row anew that others wrote, and adds to that", async () => {
    const ask = start({ store });
    await ask(greet);
    const [sid] = rows.keys() as unknown as [string];
    rows.set(sid, '{"hello":"world"}');
    expect((await ask((ctx) => Object.assign(ctx.session as object, { message: "again" }))).lines).toEqual([]);
    expect([...rows]).toEqual([[sid, '{"hello":"world","message":"again"}']]);
  });

  it.each(['"test"', "5", "[1]", "true"])("drops the row of an ended session, when %s is what it holds", async (row) => {
    const ask = start({ store });
    await ask(greet);
    const [sid] = rows.keys() as unknown as [string];
    rows.set(sid, row);
    const { status, lines } = await ask((ctx) => {
      ctx.session = null;
    });
    expect(status).toBe(200);
    expect(lines[0]).toMatch(/^koa:sess=; .*expires=Thu, 01 Jan 1970/);
    expect(rows.size).toBe(0);
  });
});

describe("where koa-session-store failed or was open", () => {
  const [, , make] = MIDDLEWARES[2];
  /** The answer to a request with this cookie, which ends its session. */
  async function end(options: Options, Cookie: string) {
    const app = new Koa();
    app.keys = [SECRET];
    app.use(make(options));
    app.use((ctx) => {
      ctx.session = null;
      ctx.body = "done";
    });
    return serveNode(app.callback())(new Request("http://127.0.0.1/", { headers: { Cookie } }));
  }

  it("a row that is no JSON is dropped, too", async () => {
    const app = new Koa();
    app.keys = [SECRET];
    app.use(make({ store }));
    app.use((ctx) => {
      ctx.session = ctx.path === "/end" ? null : { message: "hello" };
      ctx.body = "done";
    });
    const browser = new Browser(serveNode(app.callback()));
    await browser.visit("/");
    for (const sid of rows.keys()) rows.set(sid, "no JSON");
    expect((await browser.visit("/end")).status).toBe(200);
    expect([rows.size, browser.cookies.size]).toEqual([0, 0]);
  });

  it("a cookie that anybody could have made drops nothing that is no session", async () => {
    const Cookie = 'koa:sess={"_sid":"cache-of-the-shop"}';
    rows.set("cache-of-the-shop", '["not", "a session"]');
    expect((await end({ store, cookie: { signed: false } }, Cookie)).status).toBe(200);
    expect((await end({ store }, `${Cookie}; koa:sess.sig=AAAAAAAAAAAAAAAAAAAAAAAAAAA`)).status).toBe(200);
    expect([...rows.keys()]).toEqual(["cache-of-the-shop"]);
  });
});
