/** The methods that passport and Express's middleware call on `ctx.session`. */
import Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import {
  getSession,
  type KoaOptions,
  type KoaSecretOptions,
  type SessionMethods,
  session,
} from "../../src/adapters/koa/index.ts";
import type { SessionEvent } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { failingStore } from "../support/failing-store.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { plainRows } from "../support/plain-rows.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);

// biome-ignore lint/suspicious/noExplicitAny: the data of these applications is whatever a test puts there.
type Context = Koa.Context & { session: Record<string, any> & SessionMethods };

const FORMS: [string, { hasStore: boolean; hasSecrets: boolean }, () => KoaOptions | KoaSecretOptions][] = [
  ["with secrets, in a cookie", { hasStore: false, hasSecrets: true }, () => ({ secrets: SECRET })],
  ["with secrets, in a store", { hasStore: true, hasSecrets: true }, () => ({ secrets: SECRET, store: memory() })],
  [
    "with secrets, in three methods",
    { hasStore: true, hasSecrets: true },
    () => ({ secrets: SECRET, store: plainRows(new Map()) }),
  ],
  ["compatible, in a cookie", { hasStore: false, hasSecrets: false }, () => ({})],
  ["compatible, in a store", { hasStore: true, hasSecrets: false }, () => ({ store: memory() })],
  ["compatible, in three methods", { hasStore: true, hasSecrets: false }, () => ({ store: plainRows(new Map()) })],
];

function makeApp(options: KoaOptions | KoaSecretOptions) {
  const app = new Koa();
  app.keys = [SECRET];
  app.proxy = true;
  app.silent = true;
  const events: SessionEvent[] = [];
  app.use(session({ ...options, onEvent: (event: SessionEvent) => events.push(event) } as never) as never);
  const acts = new Map<string, (ctx: Context) => unknown>();
  let count = 0;
  app.use(async (ctx) => {
    ctx.body = { result: (await acts.get(ctx.path)?.(ctx as unknown as Context)) ?? null };
  });
  const serve = serveNode(app.callback());
  const newBrowser = () =>
    new Browser((request) => {
      request.headers.set("X-Forwarded-Proto", "https");
      return serve(request);
    });
  const browser = newBrowser();
  const answers = (act: (ctx: Context) => unknown, by = browser, method = "GET") => {
    const path = `/${count++}`;
    acts.set(path, act);
    return by.visit(path, { method });
  };
  const does = async (act: (ctx: Context) => unknown, by = browser, method = "GET") => {
    const answer = await answers(act, by, method);
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    return ((await answer.json()) as { result: unknown }).result;
  };
  return { answers, does, browser, newBrowser, events };
}

const seen = (ctx: Context) => ({ ...ctx.session });

describe.each(FORMS)("%s", (_form, { hasStore, hasSecrets }, options) => {
  it("has the methods, which are no part of the data", async () => {
    const { does } = makeApp(options());
    await does((ctx) => {
      ctx.session.cart = ["apple"];
    });
    const told = await does((ctx) => {
      const keys = [];
      for (const key in ctx.session) keys.push(key);
      return [JSON.stringify(ctx.session), Object.keys(ctx.session), keys, Object.entries({ ...ctx.session }).length];
    });
    expect(told).toEqual(['{"cart":["apple"]}', ["cart"], ["cart"], 1]);
    const kinds = await does((ctx) =>
      ["regenerate", "save", "destroy", "reload", "touch"].map((name) => typeof ctx.session[name]),
    );
    expect(kinds).toEqual(Array(5).fill("function"));
  });

  it("regenerate() begins another session, empty, and what is held of the old one stays", async () => {
    for (const calls of ["back", "promise"]) {
      const { does, browser } = makeApp(options());
      await does((ctx) => {
        ctx.session.user = "planted";
      });
      const old = browser.copy();
      const told = await does(async (ctx) => {
        const [before, id] = [ctx.session, getSession(ctx).id];
        if (calls === "promise") await before.regenerate();
        else await new Promise<void>((resolve, reject) => before.regenerate((error) => (error ? reject(error) : resolve())));
        const { session } = ctx;
        const said = [{ ...before }, { ...session }, session === before, getSession(ctx).id === id];
        session.passport = { user: 1 };
        await session.save();
        return said;
      });
      expect(told).toEqual([{ user: "planted" }, {}, false, false]);
      expect(await does(seen)).toEqual({ passport: { user: 1 } });
      if (hasStore) expect(await does(seen, old)).toEqual({});
    }
  });

  it("save() writes at once, where there is a store", async () => {
    const { does, browser, newBrowser } = makeApp(options());
    await does((ctx) => {
      ctx.session.count = 1;
    });
    const other = browser.copy();
    const told = await does(async (ctx) => {
      ctx.session.count = 2;
      await ctx.session.save();
      return does(seen, other);
    });
    expect(told).toEqual({ count: hasStore ? 2 : 1 });
    expect(await does(seen)).toEqual({ count: 2 });
    expect(await does(seen, newBrowser())).toEqual({});
  });

  it("destroy() ends the session, and what comes after is another", async () => {
    const { does, browser } = makeApp(options());
    await does((ctx) => {
      ctx.session.user = 1;
    });
    const old = browser.copy();
    expect(await does(async (ctx) => [await ctx.session.destroy(), ctx.session])).toEqual([null, null]);
    expect(browser.cookies.size).toBe(0);
    expect(await does(seen)).toEqual({});
    if (hasStore) expect(await does(seen, old)).toEqual({});
  });

  it("reload() drops what was changed, and reads what others wrote", async () => {
    const { does, browser } = makeApp(options());
    await does((ctx) => {
      ctx.session.count = 1;
    });
    const other = browser.copy();
    const told = await does(async (ctx) => {
      ctx.session.draft = true;
      await does((same) => {
        same.session.count = 2;
      }, other);
      await ctx.session.reload();
      return seen(ctx);
    });
    expect(told).toEqual({ count: hasStore ? 2 : 1 });
    expect(await does((ctx) => ctx.session.reload().then(() => seen(ctx)))).toEqual({ count: hasStore ? 2 : 1 });
    expect(await makeApp(options()).does((ctx) => ctx.session.reload().then(() => seen(ctx)))).toEqual({});
  });

  it("touch() gives the session, and counts as use", async () => {
    const { does } = makeApp(options());
    expect(await does((ctx) => ctx.session.touch() === ctx.session)).toBe(true);
  });

  it("a key of the data that has the name of a method takes its place, and stays", async () => {
    const { does } = makeApp(options());
    await does((ctx) => {
      Object.assign(ctx.session, { save: "yes", touch: 1 });
    });
    expect(await does(seen)).toEqual({ save: "yes", touch: 1 });
    await does((ctx) => {
      delete (ctx.session as Record<string, unknown>).save;
      return ctx.session.save();
    });
    expect(await does(seen)).toEqual({ touch: 1 });
  });

  it("an object that takes the place of the data has the methods, and is not touched", async () => {
    const { does } = makeApp(options());
    const mine: Record<string, unknown> = { user: 1 };
    const told = await does(async (ctx) => {
      ctx.session = mine as never;
      ctx.session.cart = ["apple"];
      await ctx.session.save();
      mine.late = true;
      const same = ctx.session;
      ctx.session = same;
      return [seen(ctx), Object.hasOwn(mine, "save"), "save" in mine, ctx.session === same];
    });
    expect(told).toEqual([{ user: 1, cart: ["apple"], late: true }, false, false, true]);
    expect(mine).toEqual({ user: 1, cart: ["apple"], late: true });
    expect(await does(seen)).toEqual({ user: 1, cart: ["apple"], late: true });
    await does(async (ctx) => {
      ctx.session = mine as never;
      await ctx.session.regenerate();
      ctx.session.fresh = true;
    });
    expect(await does(seen)).toEqual({ fresh: true });
    expect(mine).toHaveProperty("user");
  });

  it("an object of a class in the place of the data keeps its private fields, and a frozen one has the methods, too", async () => {
    class Cart {
      #count = 0;
      total = 0;
      add() {
        this.#count++;
        this.total = this.#count;
        return this.#count;
      }
    }
    const { does } = makeApp(options());
    const told = await does(async (ctx) => {
      ctx.session = new Cart() as never;
      const added = [ctx.session.add(), ctx.session.add()];
      await ctx.session.save();
      return added;
    });
    expect(told).toEqual([1, 2]);
    expect(await does(seen)).toEqual({ total: 2 });
    await does(async (ctx) => {
      ctx.session = Object.freeze({ frozen: true }) as never;
      await ctx.session.save();
    });
    expect(await does(seen)).toEqual({ frozen: true });
  });

  it("are of the session that they are called on", async () => {
    const { does } = makeApp(options());
    const told = await does((ctx) => {
      const { save } = ctx.session;
      try {
        return save.call({} as never);
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(told).toContain("Call it on ctx.session itself");
  });

  it("too late, they fail with secrets, and without are an event", async () => {
    const { does, events } = makeApp(options());
    await does((ctx) => {
      ctx.session.user = 1;
    });
    let held: Context["session"] | undefined;
    await does((ctx) => {
      held = ctx.session;
    });
    const told = await held?.regenerate().then(
      () => "done",
      (error) => error.code,
    );
    expect(told).toBe(hasSecrets ? "ERR_SESSION_COMMITTED" : "done");
    if (!hasSecrets) expect(events.at(-1)).toMatchObject({ type: "lost", reason: "late" });
    expect(await does(seen)).toEqual({ user: 1 });
  });
});

describe.each([
  ["with secrets", { secrets: SECRET }],
  ["compatible", {}],
])("in a store that fails, %s", (_form, more) => {
  async function failing() {
    const store = failingStore();
    const app = makeApp({ ...more, store } as never);
    await app.does((ctx) => {
      ctx.session.user = 1;
    });
    return { ...app, store };
  }

  it("the callback is told, and so is who waits for the promise", async () => {
    const { does, store } = await failing();
    store.fail("update");
    const told = await does(async (ctx) => {
      ctx.session.user = 2;
      const back = await new Promise((resolve) => ctx.session.save((error) => resolve((error as { code?: string })?.code)));
      const promise = await ctx.session.save().catch((error) => error.code);
      await ctx.session.reload();
      return [back, promise, { ...ctx.session }];
    });
    expect(told).toEqual(["ERR_STORE", "ERR_STORE", { user: 1 }]);
  });

  it("a call that nobody waits for fails the answer", async () => {
    const { answers, does, store } = await failing();
    store.fail("remove");
    expect((await answers((ctx) => void ctx.session.regenerate())).status).toBe(503);
    store.recover();
    expect(await does(seen)).toEqual({ user: 1 });
  });
});

describe("a session that ended while a request ran", () => {
  it.each([
    ["with secrets", { secrets: SECRET }],
    ["compatible", {}],
  ])("%s, save() is no error, and regenerate() begins another", async (_form, more) => {
    const { does, browser } = makeApp({ ...more, store: memory() } as never);
    await does((ctx) => {
      ctx.session.user = 1;
    });
    const other = browser.copy();
    await does(async (ctx) => {
      ctx.session.late = true;
      await does((same) => same.session.destroy(), other);
      await ctx.session.save();
      await ctx.session.regenerate();
      ctx.session.user = 2;
      await ctx.session.save();
    });
    expect(await does(seen)).toEqual({ user: 2 });
  });
});
