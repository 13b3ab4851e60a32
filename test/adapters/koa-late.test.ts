/** Changes of `ctx.session` after the answer, as a forgotten timer makes them: told, and without harm. */
import Koa3 from "koa";
import Koa2 from "koa2";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { getSession, type KoaOptions, type KoaSecretOptions, session } from "../../src/adapters/koa/index.ts";
import type { SessionEvent } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);
afterEach(() => {
  vi.restoreAllMocks();
});

type Data = Record<string, unknown>;
type Context = Koa3.Context & { session: Data | null };

const KOAS = [
  ["Koa 3", Koa3],
  ["Koa 2", Koa2 as unknown as typeof Koa3],
] as const;

/** What a timer may do to a session that it still holds. */
const CHANGES: [string, (ctx: Context) => unknown][] = [
  ["sets a key", (ctx) => Object.assign(ctx.session as Data, { count: 2 })],
  ["sets another key", (ctx) => Object.assign(ctx.session as Data, { other: 2 })],
  ["deletes a key", (ctx) => delete (ctx.session as Data).count],
  ["defines a key", (ctx) => Object.defineProperty(ctx.session, "count", { value: 2 })],
  [
    "sets another object",
    (ctx) => {
      ctx.session = { count: 2 };
    },
  ],
  [
    "sets null",
    (ctx) => {
      ctx.session = null;
    },
  ],
];

describe.each(KOAS)("%s", (_koa, Koa) => {
  /** An application whose visitor has a session; and the context of a request that was answered. */
  async function answered(options: KoaOptions | KoaSecretOptions, touch: (ctx: Context) => unknown) {
    const app = new Koa();
    app.keys = [SECRET];
    app.proxy = true;
    app.use(session(options as never) as never);
    let act = (ctx: Context): unknown => {
      ctx.session = { count: 1 };
      return ctx;
    };
    let context: Context | undefined;
    app.use(async (ctx) => {
      context = ctx as unknown as Context;
      ctx.body = "done";
      await act(context);
    });
    const serve = serveNode(app.callback());
    const browser = new Browser((request) => {
      request.headers.set("X-Forwarded-Proto", "https");
      return serve(request);
    });
    const visit = async (next: typeof act) => {
      act = next;
      expect((await (await browser.visit("/")).text()) === "done").toBe(true);
      return context as Context;
    };
    await visit(act);
    const ctx = await visit(touch);
    const next = async () => {
      let found: unknown;
      await visit((later) => {
        found = { ...later.session };
      });
      return found;
    };
    return { ctx, next };
  }

  const TOUCHES: [string, (ctx: Context) => unknown][] = [
    ["read", (ctx) => ctx.session?.count],
    ["left alone", () => {}],
  ];
  const STORES: [string, () => KoaOptions][] = [
    ["in the cookie", () => ({})],
    ["in a store", () => ({ store: memory() })],
  ];
  describe.each(STORES)("without secrets, with the data %s", (_where, options) => {
    it.each(TOUCHES)("tells the listener of each change of a session that was %s, and keeps none", async (_touched, touch) => {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
      for (const [what, change] of CHANGES) {
        const events: SessionEvent[] = [];
        const { ctx, next } = await answered({ ...options(), onEvent: (event) => events.push(event) }, touch);
        const id = getSession(ctx).id;
        events.length = 0;
        expect(() => change(ctx)).not.toThrow();
        const late = events.filter(({ type }) => type === "lost");
        expect([what, late]).toEqual([what, [{ type: "lost", id, reason: "late" }]]);
        expect([what, await next()]).toEqual([what, { count: 1 }]);
      }
      expect(warn).not.toHaveBeenCalled();
    });

    it("warns once where nobody listens, of however many changes", async () => {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
      const { ctx, next } = await answered(options(), (context) => context.session?.count);
      for (const [, change] of CHANGES) change(ctx);
      expect(warn.mock.calls).toEqual([
        [
          "web-session-store: ctx.session was changed after the response, so the change is lost. Change it earlier, or await the code that does",
        ],
      ]);
      expect(await next()).toEqual({ count: 1 });
      expect(warn).toHaveBeenCalledTimes(1);
    });

    it("keeps nothing that is changed through an object taken before, either", async () => {
      let held: Data | null | undefined;
      const { next } = await answered({ ...options(), onEvent: () => {} }, (context) => {
        held = context.session;
      });
      expect(() => Object.assign(held as Data, { count: 2, other: 2 })).not.toThrow();
      expect(await next()).toEqual({ count: 1 });
    });

    it("throws for what koa-session-store did not have: a login, an end and a new id by getSession()", async () => {
      const { ctx, next } = await answered({ ...options(), onEvent: () => {} }, (context) => context.session?.count);
      const own = getSession(ctx);
      for (const change of [() => own.login("alice"), () => own.destroy(), () => own.regenerateId(), () => own.flash("a", 1)])
        expect(change).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
      expect(await next()).toEqual({ count: 1 });
    });
  });

  it.each(CHANGES)("with secrets, an error says where it is made: %s", async (_what, change) => {
    const { ctx, next } = await answered({ secrets: SECRET, store: memory() }, (context) => context.session?.count);
    expect(() => change(ctx)).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
    expect(await next()).toEqual({ count: 1 });
  });
});
