/** An application's own object as Koa's whole session: it stays the application's, however many visitors get it. */
import Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { getSession, type KoaOptions, type KoaSecretOptions, session } from "../../src/adapters/koa/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);

type Data = Record<string, unknown>;
type Context = Koa.Context & { session: Data | null };
type Act = (ctx: Context) => unknown;

const FORMS: [string, () => KoaOptions | KoaSecretOptions][] = [
  ["with secrets", () => ({ secrets: SECRET })],
  ["with secrets and a store", () => ({ secrets: SECRET, store: memory() })],
  ["with app.keys", () => ({})],
  ["with app.keys and a store", () => ({ store: memory() })],
];

/** What the application begins every visitor's session with. */
const START = () => ({ cart: ["apple"], seen: { pages: 0 } });

describe.each(FORMS)("%s, an object that is every visitor's first session", (_form, options) => {
  function start() {
    const app = new Koa();
    app.keys = [SECRET];
    app.proxy = true;
    app.use(session<Data>(options() as never) as never);
    let act: Act = () => {};
    app.use(async (ctx) => {
      ctx.body = "done";
      await act(ctx as unknown as Context);
    });
    const serve = serveNode(app.callback());
    const visitor = () => {
      const browser = new Browser((request) => {
        request.headers.set("X-Forwarded-Proto", "https");
        return serve(request);
      });
      return async <Result>(next: (ctx: Context) => Result | Promise<Result>): Promise<Result> => {
        let result: Result | undefined;
        act = async (ctx) => {
          result = await next(ctx);
        };
        expect((await browser.visit("/")).status).toBe(200);
        return result as Result;
      };
    };
    return { visitor };
  }

  const CHANGES: [string, Act, Data][] = [
    [
      "update()",
      (ctx) =>
        getSession<Data>(ctx).update((data) => {
          data.name = "alice";
          (data.cart as string[]).push("pear");
          (data.seen as Data).pages = 1;
        }),
      { cart: ["apple", "pear"], seen: { pages: 1 }, name: "alice" },
    ],
    [
      "an update() that waits, and is not awaited",
      (ctx) =>
        void getSession<Data>(ctx).update(async (data) => {
          await new Promise((resolve) => setImmediate(resolve));
          data.name = "alice";
          delete data.cart;
        }),
      { seen: { pages: 0 }, name: "alice" },
    ],
    [
      "save(), and an update() after it",
      async (ctx) => {
        await getSession(ctx).save();
        await getSession<Data>(ctx).update((data) => Object.assign(data, { cart: [] }));
      },
      { cart: [], seen: { pages: 0 } },
    ],
    ["a login that keeps a part", (ctx) => getSession(ctx).login("alice", { keep: ["cart"] }), { cart: ["apple"] }],
    ["a login that keeps a part, and an update()", loginAndUpdate, { cart: ["apple", "pear"] }],
    ["a flash value", (ctx) => getSession(ctx).flash("note", "hello"), START()],
    ["a new id", (ctx) => getSession(ctx).regenerateId(), START()],
    ["its end", (ctx) => getSession(ctx).destroy(), {}],
    [
      "null",
      (ctx) => {
        ctx.session = null;
      },
      {},
    ],
  ];

  async function loginAndUpdate(ctx: Context): Promise<void> {
    getSession(ctx).login("alice", { keep: ["cart"] });
    await getSession<Data>(ctx).update((data) => void (data.cart as string[]).push("pear"));
  }

  it.each(CHANGES)("is not written into by %s", async (_what, change, wanted) => {
    const shared = START();
    const { visitor } = start();
    const [alice, bob] = [visitor(), visitor()];
    await alice(async (ctx) => {
      ctx.session = shared;
      await change(ctx);
    });
    expect([shared, Object.isFrozen(shared)]).toEqual([START(), false]);
    expect(await bob((ctx) => Object.keys({ ...ctx.session }))).toEqual([]);
    await bob((ctx) => {
      ctx.session = shared;
    });
    expect(await bob((ctx) => ({ ...ctx.session }))).toEqual(START());
    expect(await alice((ctx) => ({ ...ctx.session }))).toEqual(wanted);
  });

  it("is asked for what it holds until other data has to be shown, which is then another object", async () => {
    const { visitor } = start();
    const visit = visitor();
    const own: Data = { a: 1 };
    await visit(async (ctx) => {
      ctx.session = own;
      await getSession(ctx as never).update(() => {});
      own.b = 2;
      expect(ctx.session).toEqual({ a: 1, b: 2 });
      await getSession(ctx as never).patch({ c: 3 });
      expect(ctx.session).toEqual({ a: 1, b: 2, c: 3 });
      expect(own).toEqual({ a: 1, b: 2 });
      Object.assign(ctx.session as Data, { d: 4 });
    });
    expect(await visit((ctx) => ({ ...ctx.session }))).toEqual({ a: 1, b: 2, c: 3, d: 4 });
  });

  it("is what the handler goes on changing, as long as the library has not taken it over", async () => {
    const own = START();
    const { visitor } = start();
    const alice = visitor();
    await alice(async (ctx) => {
      ctx.session = own;
      own.cart.push("pear");
      await getSession<Data>(ctx).update((data) => Object.assign(data, { count: 1 }));
      Object.assign(ctx.session, { note: "after it" });
    });
    expect(own).toEqual({ ...START(), cart: ["apple", "pear"] });
    expect(await alice((ctx) => ({ ...ctx.session }))).toEqual({ ...own, count: 1, note: "after it" });
  });

  it("may be an object of a class: its own fields are kept, and no method", async () => {
    class Cart {
      items = ["apple"];
      count(): number {
        return this.items.length;
      }
    }
    const cart = new Cart();
    const alice = start().visitor();
    await alice((ctx) => {
      ctx.session = cart as never;
    });
    expect(await alice((ctx) => ({ ...ctx.session }))).toEqual({ items: ["apple"] });
    expect(cart).toEqual(new Cart());
  });
});
