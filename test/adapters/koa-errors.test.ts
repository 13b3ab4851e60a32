/** Errors behind the Koa middleware: Koa, listeners and outer middleware get the very object, and the headers reach the answer. */
import Koa3 from "koa";
import Koa2 from "koa2";
import { afterEach, describe, expect, it } from "vitest";
import { getSession, session } from "../../src/adapters/koa/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { closeServers, listenOn } from "../support/koa.ts";
import { OLD_SECRET, SECRET } from "../support/secrets.ts";

const KOAS = [
  ["Koa 3", Koa3],
  ["Koa 2", Koa2 as unknown as typeof Koa3],
] as const;
const FORMS = [
  ["with secrets and a store", () => session({ secrets: SECRET, store: memory() })],
  ["with secrets", () => session({ secrets: SECRET })],
  ["with app.keys", () => session()],
] as const;

class PrivateError extends Error {
  readonly #detail = "a private field";
  status = 418;
  expose = true;
  get detail(): string {
    return this.#detail;
  }
}

afterEach(closeServers);

describe.each(KOAS)("%s", (_koa, Koa) => {
  describe.each(FORMS)("%s", (_form, makeSession) => {
    function serve(handler: (ctx: InstanceType<typeof Koa3>["context"]) => unknown) {
      const app = new Koa();
      app.keys = [OLD_SECRET];
      const heard: unknown[] = [];
      const caught: unknown[] = [];
      app.on("error", (error: Error) => {
        heard.push(error);
        // As every listener that writes a log does.
        String(error.message + error.name + error.stack);
      });
      app.use(async (_ctx, next) => {
        try {
          await next();
        } catch (error) {
          caught.push(error);
          throw error;
        }
      });
      app.use(makeSession() as never);
      app.use(handler as never);
      const listening = listenOn(app.callback());
      const ask = async (path = "/") =>
        fetch(`http://127.0.0.1:${await listening}${path}`, { headers: { "X-Forwarded-Proto": "https" } });
      return { ask, heard, caught };
    }

    const THROWN: [string, () => Error, number][] = [
      ["a DOMException of AbortSignal.timeout()", () => new DOMException("The operation timed out", "TimeoutError"), 500],
      ["an error with private fields", () => new PrivateError("teapot"), 418],
      ["an error of the application", () => Object.assign(new Error("no"), { status: 404, expose: true }), 404],
    ];

    it.each(THROWN)("hands on %s itself, and answers", async (_what, make, status) => {
      const error = make();
      const { ask, heard, caught } = serve((ctx) => {
        (ctx as unknown as { session: Record<string, unknown> }).session.views = 1;
        throw error;
      });
      const response = await ask();
      expect(response.status).toBe(status);
      expect(caught).toEqual([error]);
      expect(caught[0]).toBe(error);
      if (heard.length > 0) expect(heard[0]).toBe(error);
      if (error instanceof PrivateError) expect((caught[0] as PrivateError).detail).toBe("a private field");
      // What failed with 5xx is dropped; with 4xx it is kept, and its cookie goes with the error.
      expect(response.headers.getSetCookie().length > 0).toBe(status < 500);
      if (status < 500) expect(response.headers.get("Cache-Control")).toBe("no-store");
      expect(Object.keys(error)).not.toContain("headers");
    });

    it("answers an error with the headers that an answer of that status has", async () => {
      const { ask } = serve((ctx) => {
        const own = ctx as unknown as {
          session: Record<string, unknown>;
          throw(status: number): never;
          status: number;
          path: string;
        };
        void own.session.views;
        if (own.path === "/thrown") own.throw(404);
        own.status = 404;
      });
      const [thrown, set] = [await ask("/thrown"), await ask("/set")];
      for (const name of ["Vary", "Cache-Control", "Set-Cookie"])
        expect([name, thrown.headers.get(name)]).toEqual([name, set.headers.get(name)]);
    });

    it("sends the cookie of what is done also when a middleware outside throws afterwards", async () => {
      const app = new Koa();
      app.silent = true;
      app.keys = [OLD_SECRET];
      app.use(async (ctx, next) => {
        await next();
        if (ctx.path === "/fails") ctx.throw(503);
      });
      app.use(makeSession() as never);
      app.use((ctx) => {
        const own = ctx as unknown as { session: { views?: number } };
        own.session.views = (own.session.views ?? 0) + 1;
        ctx.body = String(own.session.views);
      });
      const at = `http://127.0.0.1:${await listenOn(app.callback())}`;
      const failed = await fetch(`${at}/fails`);
      expect([failed.status, failed.headers.get("Cache-Control")]).toEqual([503, "no-store"]);
      const Cookie = failed.headers
        .getSetCookie()
        .map((line) => line.split(";")[0])
        .join("; ");
      expect(await (await fetch(at, { headers: { Cookie } })).text()).toBe("2");
    });

    it("sends Clear-Site-Data with a logout and a throw", async () => {
      const { ask } = serve((ctx) => {
        getSession(ctx).logout({ clearSiteData: ["cache"] });
        (ctx as unknown as { throw(status: number): never }).throw(403);
      });
      expect((await ask()).headers.get("Clear-Site-Data")).toBe('"cache"');
    });
  });
});

describe("contexts without a response", () => {
  it("run their handlers, as koa-websocket's do, and what needs a cookie says that there is none", async () => {
    const middleware = session({ secrets: SECRET, store: memory() });
    const run = (act: (ctx: object) => void) => {
      const ctx = { req: { headers: {} }, app: {}, secure: true, status: 404 };
      return middleware(ctx as never, async () => act(ctx));
    };
    let ran = false;
    await run((ctx) => {
      ran = getSession(ctx).isNew;
    });
    expect(ran).toBe(true);
    await expect(run((ctx) => getSession(ctx).login("alice"))).rejects.toMatchObject({ code: "ERR_COOKIE_NOT_POSSIBLE" });
  });
});
