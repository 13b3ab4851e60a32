/** The adapters' contract on Koa 3 and Koa 2, with the library's own tokens, over HTTP. */
import { Readable } from "node:stream";
import Koa from "koa";
import Koa2 from "koa2";
import { afterAll } from "vitest";
import { getSession, session } from "../../src/adapters/koa/index.ts";
import type { AdapterRoute } from "../../src/testing/index.ts";
import { holdToContract } from "../contracts/adapter.ts";
import { closeServers, serveNode } from "../support/koa.ts";

afterAll(closeServers);

/** What a route answers, as Koa's handlers say it. */
async function answer(ctx: Koa.Context, route: AdapterRoute): Promise<void> {
  const response = await respond();
  ctx.body = response.body === null ? "" : Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  ctx.status = response.status;
  for (const [name, value] of response.headers) if (name !== "set-cookie") ctx.set(name, value);
  for (const line of response.headers.getSetCookie()) ctx.append("Set-Cookie", line);

  async function respond(): Promise<Response> {
    try {
      return await route(getSession(ctx), new Request(ctx.href));
    } catch (thrown) {
      if (thrown instanceof Response) ctx.throw(thrown.status);
      throw thrown;
    }
  }
}

for (const [name, Application] of [
  ["Koa 3", Koa],
  ["Koa 2", Koa2 as unknown as typeof Koa],
] as const) {
  holdToContract(name, (options, routes) => {
    const app = new Application();
    app.silent = true;
    app.use(session(options as Parameters<typeof session>[0]));
    app.use((ctx) => answer(ctx as unknown as Koa.Context, async (...args) => (routes[ctx.path] as AdapterRoute)(...args)));
    return { serve: serveNode(app.callback()) };
  });
}
