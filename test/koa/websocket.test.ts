/** koa-websocket: handlers of sockets have the session of whoever connects, by the same middleware. */
import type { Server } from "node:http";
import type Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import type { Browser } from "../support/browser.ts";
import { EVERYWHERE, type Form } from "./forms.ts";
import { packages } from "./packages.ts";
import { dataOf, makeApp, read, visitorsOfServer } from "./visitors.ts";

const websockify = packages("koa-websocket");

interface Websockets {
  readonly clients: Set<{ terminate(): void }>;
}

const servers: [Server, Websockets][] = [];
afterAll(async () => {
  for (const [server, { clients }] of servers) {
    for (const client of clients) client.terminate();
    await new Promise((done) => server.close(done).closeAllConnections());
  }
});

type Handler = (ctx: Koa.Context) => unknown;

/** An application of one handler of sockets; pages show the session, or change it. */
async function makeShop(Application: typeof Koa, form: Form, handler: Handler) {
  const app = websockify(makeApp(Application));
  const middleware = form.make(app);
  app.use(middleware);
  app.use((ctx: Koa.Context) => {
    if (ctx.path === "/put") ctx.session.user = "ada";
    ctx.body = dataOf(ctx);
  });
  const failures: unknown[] = [];
  const handled: Promise<unknown>[] = [];
  // koa-websocket keeps to itself what handlers fail with.
  app.ws.use((_ctx: Koa.Context, next: Koa.Next) => {
    const handling = next().catch((error: unknown) => failures.push(error));
    handled.push(handling);
    return handling;
  });
  app.ws.use(middleware);
  app.ws.use(handler);
  const server: Server = await new Promise((listening) => {
    const opened = app.listen(0, "127.0.0.1", () => listening(opened));
  });
  servers.push([server, app.ws.server]);
  const newBrowser = visitorsOfServer(server);
  const address = server.address() as { port: number };
  /** Opens a socket with a browser's cookies. */
  const connect = (browser: Browser) => {
    const headers = { Cookie: browser.cookieHeader(), "X-Forwarded-Proto": "https" };
    // Node's WebSocket takes headers, which the Web's does not.
    return new WebSocket(`ws://127.0.0.1:${address.port}/socket`, { headers } as never);
  };
  return { newBrowser, connect, handled, failures };
}

const opened = (socket: WebSocket) => new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));

/** What the socket says next, as JSON. */
function said(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => resolve(JSON.parse(data)), { once: true });
    socket.addEventListener("close", ({ code }) => reject(new Error(`closed: ${code}`)), { once: true });
  });
}

const say = (ctx: Koa.Context, what: unknown) => ctx.websocket.send(JSON.stringify(what));

describe.each(EVERYWHERE)("%s, %s", (_koa, _name, form, Application) => {
  it("a socket has the session of its visitor, and another's has another", async () => {
    const { newBrowser, connect, failures } = await makeShop(Application, form, (ctx) => say(ctx, dataOf(ctx)));
    const [ada, other] = [newBrowser(), newBrowser()];
    await read(ada, "/put");
    for (const [browser, data] of [
      [ada, { user: "ada" }],
      [other, {}],
    ] as const) {
      const socket = connect(browser);
      expect(await said(socket)).toEqual(data);
      socket.close();
    }
    expect(await read(ada, "/seen")).toEqual({ user: "ada" });
    expect(failures).toEqual([]);
  });

  it("what a socket's messages read later is the session as it was", async () => {
    const { newBrowser, connect, failures } = await makeShop(Application, form, (ctx) => {
      const { user } = ctx.session;
      ctx.websocket.on("message", () => say(ctx, [user ?? null, dataOf(ctx)]));
    });
    const browser = newBrowser();
    await read(browser, "/put");
    const socket = connect(browser);
    await opened(socket);
    for (let message = 0; message < 2; message++) {
      socket.send("who am I?");
      expect(await said(socket)).toEqual(["ada", { user: "ada" }]);
    }
    socket.close();
    expect(failures).toEqual([]);
  });

  // koa-session sets a cookie whenever it saves, which a socket cannot take.
  if (form.stored && !form.control)
    it("what a socket saves is in the store", async () => {
      const { newBrowser, connect, failures } = await makeShop(Application, form, async (ctx) => {
        ctx.session.socket = "was here";
        await ctx.session.save();
        say(ctx, "saved");
      });
      const browser = newBrowser();
      await read(browser, "/put");
      const socket = connect(browser);
      expect(await said(socket)).toBe("saved");
      expect(await read(browser, "/seen")).toEqual({ user: "ada", socket: "was here" });
      socket.close();
      expect(failures).toEqual([]);
    });

  if (form.stored && !form.control)
    it("what a socket changes is in the store when its handler is done", async () => {
      const { newBrowser, connect, handled, failures } = await makeShop(Application, form, (ctx) => {
        ctx.session.socket = "was here";
      });
      const browser = newBrowser();
      await read(browser, "/put");
      const socket = connect(browser);
      await opened(socket);
      await Promise.all(handled);
      expect(await read(browser, "/seen")).toEqual({ user: "ada", socket: "was here" });
      expect(failures).toEqual([]);
      socket.close();
    });

  it("a page goes on while a socket is open, and sockets opened later see what it changed", async () => {
    const { newBrowser, connect, failures } = await makeShop(Application, form, (ctx) => say(ctx, dataOf(ctx)));
    const browser = newBrowser();
    const early = connect(browser);
    expect(await said(early)).toEqual({});
    await read(browser, "/put");
    const late = connect(browser);
    expect(await said(late)).toEqual({ user: "ada" });
    early.close();
    late.close();
    expect(failures).toEqual([]);
  });
});
