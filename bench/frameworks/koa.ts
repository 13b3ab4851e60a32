/**
 * Koa under test. Separate from the libraries for it, so that ours can be timed without installing them.
 *
 * @module
 */
import Koa from "koa";
import { act, type Data, type Deeds, noSession, onObject } from "../contenders/deeds.ts";
import { SECRET } from "../contenders/secrets.ts";
import type { App } from "../harness/app.ts";
import { type NodeHandler, nodeApp } from "../harness/node-app.ts";

// biome-ignore lint/suspicious/noExplicitAny: every library gives Koa's context another session.
export type KoaContext = any;

/** A Koa application as Node's request handler; `use` adds the session. */
export function koaHandler(deeds: Deeds<KoaContext> = noSession, use: (app: Koa) => void = () => {}): NodeHandler {
  const app = new Koa();
  app.silent = true;
  app.keys = [SECRET];
  use(app);
  app.use(async (ctx: KoaContext) => {
    ctx.body = await act(deeds, ctx.path, ctx);
  });
  return app.callback();
}

/** The same under test. */
export function koaApp(deeds?: Deeds<KoaContext>, use?: (app: Koa) => void): App {
  return nodeApp(koaHandler(deeds, use));
}

/** `ctx.session`, as all of them have it. */
export const ctxSession: Deeds<KoaContext> = onObject((ctx) => ctx.session as Partial<Data>);
