/** koa-session's own API: every option, method and event of its README does here what it does there, side by side with the package. */
import type Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { session } from "../../src/adapters/koa-session/index.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { packages } from "./packages.ts";

afterAll(closeServers);

// biome-ignore lint/suspicious/noExplicitAny: whatever koa-session and its users put there.
type Any = any;
type Make = (options: object, app: Koa) => Koa.Middleware;
type Act = (ctx: Any) => unknown;

const theirs: Make = packages("koa-session").createSession;
const ours = session as unknown as Make;
const Application: new () => Koa = packages("koa3").default ?? packages("koa3");

/** An application, and a browser that visits it. */
function serve(make: Make, more: object = {}) {
  const options = { maxAge: DAY, ...more };
  const app = new Application();
  app.keys = [SECRET];
  app.silent = true;
  app.proxy = true;
  const events: unknown[] = [];
  for (const event of ["session:missed", "session:expired", "session:invalid"])
    app.on(event, ({ key, value, ctx }: Any) => events.push([event, key, value, typeof ctx]));
  app.use(make(options, app));
  const acts = new Map<string, Act>();
  app.use(async (ctx) => {
    ctx.body = { result: (await acts.get(ctx.path)?.(ctx)) ?? null };
  });
  const answer = serveNode(app.callback());
  const browser = new Browser(async () => new Response());
  let count = 0;
  const asks = async (act: Act, headers: Record<string, string> = {}, by = browser): Promise<Response> => {
    const path = `/${count++}`;
    acts.set(path, act);
    const cookie = by.cookieHeader();
    const sent = new Headers({ ...(cookie !== "" && { Cookie: cookie }), ...headers });
    const response = await answer(new Request(`http://app.example.com${path}`, { headers: sent }));
    by.receive(response);
    return response;
  };
  const does = async (act: Act, headers: Record<string, string> = {}, by = browser): Promise<Any> => {
    const response = await asks(act, headers, by);
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return ((await response.json()) as { result: unknown }).result;
  };
  return { asks, does, browser, events };
}

const DAY = 86_400_000;
const seen: Act = (ctx) => ctx.session.toJSON();
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A store that writes down how it is called. */
function memoryStore() {
  const rows = new Map<string, string>();
  const calls: unknown[] = [];
  const note = (name: string, key: string, ...said: Any[]) =>
    calls.push([name, key.length > 0, ...said.map((one) => (one?.ctx ? { ...one, ctx: typeof one.ctx } : one))]);
  return {
    rows,
    calls,
    async get(key: string, maxAge: unknown, options: unknown) {
      note("get", key, maxAge, options);
      return JSON.parse(rows.get(key) ?? "null");
    },
    async set(key: string, value: Any, maxAge: unknown, options: unknown) {
      note(
        "set",
        key,
        Object.keys(value).filter((name) => !["_sub", "_start"].includes(name)),
        maxAge,
        options,
      );
      rows.set(key, JSON.stringify(value));
    },
    async destroy(key: string, options: unknown) {
      note("destroy", key, options);
      rows.delete(key);
    },
  };
}

/** Ours reads what is there before it writes, so that it changes no more than it has to. */
const written = (calls: unknown[]) => calls.filter((call) => (call as unknown[])[0] !== "get");

/** Set-Cookie lines, with what differs from run to run masked. */
const lines = (response: Response) =>
  response.headers.getSetCookie().map((line) => line.replace(/=[^;]*/, "=*").replace(/expires=[^;]*/, "expires=*"));

/** What is told, by whichever middleware it is. */
const SAME: [string, (make: Make) => unknown][] = [
  [
    "a page that counts",
    async (make) => {
      const { does } = serve(make);
      const told = [];
      for (let at = 0; at < 3; at++)
        told.push(
          await does((ctx) => {
            ctx.session.views = (ctx.session.views ?? 0) + 1;
            return [ctx.session.views, ctx.session.isNew, ctx.session.length, ctx.session.populated];
          }),
        );
      return told;
    },
  ],
  ...(
    [
      {},
      { key: "my.sess" },
      { httpOnly: false },
      { sameSite: "lax" },
      { sameSite: "Strict" },
      { domain: "example.com" },
      { path: "/app" },
      { maxAge: "session" },
      { maxAge: 60_000 },
      { signed: false },
      { overwrite: false },
      { secure: false },
      { priority: "high" },
      { partitioned: true, secure: false },
    ] as object[]
  ).map((options): [string, (make: Make) => unknown] => [
    `the cookie of ${JSON.stringify(options)}`,
    async (make) => {
      const { asks } = serve(make, { ...options });
      const first = await asks((ctx) => {
        ctx.session.a = 1;
      });
      const last = await asks((ctx) => {
        ctx.session = null;
      });
      return [lines(first), lines(last).sort()];
    },
  ]),
  [
    "Session#maxAge",
    async (make) => {
      const { asks, does } = serve(make, { maxAge: 60_000 });
      const first = await asks((ctx) => {
        ctx.session.a = 1;
        ctx.session.maxAge = 7_200_000;
      });
      const [, expires = ""] = /expires=([^;]*)/.exec(first.headers.getSetCookie()[0] ?? "") ?? [];
      const hours = Math.round((Date.parse(expires) - Date.now()) / 3_600_000);
      return [hours, await does((ctx) => [ctx.session.maxAge, ctx.sessionOptions.maxAge, seen(ctx)])];
    },
  ],
  [
    "Session#maxAge of a session that did not change",
    async (make) => {
      const { asks, does } = serve(make);
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      const answer = await asks((ctx) => {
        ctx.session.maxAge = 1000;
      });
      const told = [lines(answer), await does((ctx) => [ctx.session.maxAge, seen(ctx)])];
      await pause(1200);
      return [told, await does(seen)];
    },
  ],
  [
    "a session that expires, and its event",
    async (make) => {
      const { asks, does, events, browser } = serve(make, { maxAge: 300 });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      const old = browser.copy();
      const before = await does(seen, {}, old);
      await pause(400);
      const after = await does((ctx) => [ctx.session.isNew, seen(ctx)], {}, old);
      await pause(10);
      return [before, after, events.map((event) => (event as unknown[])[0])];
    },
  ],
  [
    "a session without an end, with the browser",
    async (make) => {
      const { does } = serve(make, { maxAge: "session" });
      await does((ctx) => {
        ctx.session.a = 1;
      });
      return does((ctx) => [ctx.session.maxAge, seen(ctx)]);
    },
  ],
  [
    "rolling",
    async (make) => {
      const { asks } = serve(make, { rolling: true });
      const told = [lines(await asks((ctx) => seen(ctx)))];
      told.push(
        lines(
          await asks((ctx) => {
            ctx.session.a = 1;
          }),
        ),
        lines(await asks(seen)),
      );
      return told;
    },
  ],
  [
    "rolling, where a store keeps the session",
    async (make) => {
      const store = memoryStore();
      const { asks } = serve(make, { rolling: true, store });
      const told = [lines(await asks(() => {}))];
      told.push(
        lines(
          await asks((ctx) => {
            ctx.session.a = 1;
          }),
        ),
        lines(await asks(seen)),
        lines(await asks(() => {})),
      );
      return [told, written(store.calls)];
    },
  ],
  [
    "renew",
    async (make) => {
      const { asks } = serve(make, { renew: true, maxAge: 1000 });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      const soon = lines(await asks(seen));
      await pause(600);
      return [soon, lines(await asks(seen)), lines(await asks(seen))];
    },
  ],
  [
    "autoCommit: false, and Session#manuallyCommit()",
    async (make) => {
      const { asks, does } = serve(make, { autoCommit: false });
      const lost = lines(
        await asks((ctx) => {
          ctx.session.a = 1;
        }),
      );
      const kept = lines(
        await asks(async (ctx) => {
          ctx.session.a = 2;
          await ctx.session.manuallyCommit();
        }),
      );
      return [lost, kept, await does(seen)];
    },
  ],
  [
    "a store, and what it is told",
    async (make) => {
      const store = memoryStore();
      const { asks, does } = serve(make, { store });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      await asks(seen);
      await asks((ctx) => {
        ctx.session.b = 2;
      });
      const told = await does((ctx) => [seen(ctx), ctx.session.externalKey === [...store.rows.keys()][0]]);
      await asks((ctx) => {
        ctx.session = null;
      });
      return [told, store.rows.size, written(store.calls)];
    },
  ],
  [
    "a store that lost the session, and the event",
    async (make) => {
      const store = memoryStore();
      const { asks, does, events } = serve(make, { store });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      const [key] = [...store.rows.keys()];
      store.rows.clear();
      const told = await does((ctx) => [ctx.session.isNew, seen(ctx)]);
      await pause(10);
      return [told, events.map((event) => [(event as unknown[])[0], (event as unknown[])[1] === key])];
    },
  ],
  [
    "a ContextStore",
    async (make) => {
      const store = memoryStore();
      class Store {
        readonly ctx: Any;
        constructor(ctx: Any) {
          this.ctx = ctx;
        }
        get(key: string) {
          return this.ctx.path.startsWith("/") ? JSON.parse(store.rows.get(key) ?? "null") : null;
        }
        async set(key: string, value: object) {
          store.rows.set(key, JSON.stringify(value));
        }
        async destroy(key: string) {
          store.rows.delete(key);
        }
      }
      const { asks, does } = serve(make, { ContextStore: Store });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      return [await does(seen), store.rows.size];
    },
  ],
  [
    "externalKey",
    async (make) => {
      const store = memoryStore();
      const externalKey = {
        get: (ctx: Any) => ctx.get("x-session"),
        set: (ctx: Any, key: string) => ctx.set("x-session", key),
      };
      const { asks, does } = serve(make, { store, externalKey });
      const answer = await asks((ctx) => {
        ctx.session.a = 1;
      });
      const key = answer.headers.get("x-session") ?? "";
      const other = await asks((ctx) => {
        ctx.session.b = 1;
      });
      return [
        lines(answer),
        store.rows.has(key),
        await does(seen, { "x-session": key }),
        await does(seen, { "x-session": "no-such-key" }),
        other.headers.get("x-session") !== key,
      ];
    },
  ],
  [
    "genid and prefix",
    async (make) => {
      const [one, two] = [memoryStore(), memoryStore()];
      const byId = serve(make, { store: one, genid: (ctx: Any) => `made-for-${ctx.path.slice(1)}` });
      await byId.asks((ctx) => {
        ctx.session.a = 1;
      });
      const byPrefix = serve(make, { store: two, prefix: "app:" });
      await byPrefix.asks((ctx) => {
        ctx.session.a = 1;
      });
      const keys = [...two.rows.keys()].map((key) => key.startsWith("app:"));
      return [
        [...one.rows.keys()],
        await byId.does(seen),
        keys,
        await byPrefix.does((ctx) => [seen(ctx), two.rows.has(ctx.session.externalKey)]),
      ];
    },
  ],
  [
    "valid, and its event",
    async (make) => {
      const { asks, does, events } = serve(make, {
        valid: (_ctx: Any, value: Any) => value.a !== "bad" && typeof value._expire === "number",
      });
      await asks((ctx) => {
        ctx.session.a = "good";
      });
      const good = await does(seen);
      await asks((ctx) => {
        ctx.session.a = "bad";
      });
      const bad = await does((ctx) => [ctx.session.isNew, seen(ctx)]);
      await pause(10);
      return [good, bad, events.map((event) => (event as unknown[])[0])];
    },
  ],
  [
    "beforeSave",
    async (make) => {
      const { asks, does } = serve(make, {
        beforeSave: (ctx: Any, value: Any) => {
          value.saved = ctx.path.length > 0;
        },
      });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      return does(seen);
    },
  ],
  [
    "encode and decode",
    async (make) => {
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("hex");
      const decode = (value: string) => JSON.parse(Buffer.from(value, "hex").toString());
      const { asks, does, browser } = serve(make, { encode, decode });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      return [await does(seen), /^[0-9a-f]+$/.test(browser.cookies.get("koa.sess")?.value ?? "")];
    },
  ],
  [
    "Session#save(), of an empty session, too",
    async (make) => {
      const store = memoryStore();
      const { asks, does } = serve(make, { store });
      const answer = await asks((ctx) => ctx.session.save());
      const again = await does((ctx) => ctx.session.isNew);
      return [lines(answer), store.rows.size, again];
    },
  ],
  [
    "Session#regenerate() keeps the data under another key",
    async (make) => {
      const store = memoryStore();
      const { asks, does } = serve(make, { store });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      const [key] = [...store.rows.keys()];
      await asks(
        (ctx) =>
          new Promise<void>((resolve, reject) => ctx.session.regenerate((error: unknown) => (error ? reject(error) : resolve()))),
      );
      return [await does(seen), store.rows.size, store.rows.has(key ?? "")];
    },
  ],
  [
    "an object in the place of the session",
    async (make) => {
      const { asks, does } = serve(make);
      await asks((ctx) => {
        ctx.session = { a: 1 };
        ctx.session.b = 2;
      });
      const told = await does((ctx) => {
        const before = seen(ctx);
        ctx.session = { c: 3 };
        return [before, seen(ctx)];
      });
      return [
        told,
        await does(seen),
        (
          await asks((ctx) => {
            ctx.session = "text";
          })
        ).status,
      ];
    },
  ],
  [
    "null, and what comes after",
    async (make) => {
      const { asks, does } = serve(make);
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      const told = await does((ctx) => {
        ctx.session = null;
        return ctx.session;
      });
      return [told, await does(seen)];
    },
  ],
  ...(["save", "regenerate"] as const).flatMap((method) =>
    [false, true].map((hasStore): [string, (make: Make) => unknown] => [
      `autoCommit: false, and Session#${method}()${hasStore ? " with a store" : ""}`,
      async (make) => {
        const store = hasStore ? { store: memoryStore() } : {};
        const { asks, does } = serve(make, { autoCommit: false, ...store });
        const answer = await asks(async (ctx) => {
          ctx.session.a = 1;
          await ctx.session.save();
          if (method === "regenerate") await ctx.session.regenerate();
        });
        return [lines(answer).at(-1), await does(seen)];
      },
    ]),
  ),
  [
    "what is written to a session that is held over regenerate()",
    async (make) => {
      const { asks, does } = serve(make, { store: memoryStore() });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      await asks(async (ctx) => {
        const { session: held } = ctx;
        await held.regenerate();
        held.user = 7;
      });
      return does(seen);
    },
  ],
  [
    "rolling with maxAge session asks the store to keep it each time",
    async (make) => {
      const store = memoryStore();
      const { asks } = serve(make, { rolling: true, maxAge: "session", store });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      for (let at = 0; at < 2; at++) {
        await asks(seen);
        await pause(5);
      }
      return written(store.calls).length;
    },
  ],
  [
    "an object with the names of members in the place of the session",
    async (make) => {
      const { asks, does } = serve(make);
      await asks((ctx) => {
        ctx.session = { maxAge: 5000, a: 1 };
      });
      return [await does(seen), await does((ctx) => ctx.session.maxAge)];
    },
  ],
  ...[0, null, undefined].map((maxAge): [string, (make: Make) => unknown] => [
    `Session#maxAge = ${maxAge} is a day`,
    async (make) => {
      const { asks, does } = serve(make, { maxAge: 60_000 });
      await asks((ctx) => {
        ctx.session.a = 1;
      });
      await asks((ctx) => {
        ctx.session.maxAge = maxAge;
      });
      await pause(30);
      return does((ctx) => [seen(ctx), ctx.session.maxAge]);
    },
  ]),
  [
    "expires without maxAge",
    async (make) => {
      const expires = new Date(Date.now() + 30 * DAY);
      const { asks } = serve(make, { maxAge: undefined, expires });
      const answer = await asks((ctx) => {
        ctx.session.a = 1;
      });
      return answer.headers.getSetCookie().map((line) => line.includes(expires.toUTCString()));
    },
  ],
  [
    "an encode() whose value would say attributes is refused",
    async (make) => {
      const { asks } = serve(make, { encode: (value: Any) => value.name });
      const answer = await asks((ctx) => {
        ctx.session.name = "x; Domain=example.com";
      });
      return [answer.status, answer.headers.getSetCookie()];
    },
  ],
  [
    "app.keys that rotate",
    async (make) => {
      const app = new Application();
      app.keys = [SECRET];
      const { does, browser } = serve(make);
      await does((ctx) => {
        ctx.session.a = 1;
      });
      return [browser.cookies.size, await does(seen)];
    },
  ],
];

describe("the same as koa-session 7.0.2", () => {
  it.each(SAME)("%s", async (_what, told) => {
    expect(await told(ours)).toEqual(await told(theirs));
  });
});
