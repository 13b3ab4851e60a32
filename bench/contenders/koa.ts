/**
 * Koa, and the session libraries for it.
 *
 * @module
 */
import Koa from "koa";
import genericSession from "koa-generic-session";
import koaSession from "koa-session";
import type { App } from "../harness/app.ts";
import type { Contender } from "../harness/contender.ts";
import { type NodeHandler, nodeApp } from "../harness/node-app.ts";
import { act, type Data, type Deeds, noSession, onObject } from "./deeds.ts";
import { SECRET } from "./secrets.ts";

// biome-ignore lint/suspicious/noExplicitAny: every library gives Koa's context another session.
export type KoaContext = any;

/** A Koa application as Node's request handler; `use` adds the session. */
function koaHandler(deeds: Deeds<KoaContext> = noSession, use: (app: Koa) => void = () => {}): NodeHandler {
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

const day = 24 * 60 * 60 * 1000;

/** koa-session with its own cookies, or with a Map that is a store. */
function useKoaSession(kept: "cookie" | "store"): (app: Koa) => void {
  const sessions = new Map<string, object>();
  const store = {
    get: async (key: string) => sessions.get(key),
    set: async (key: string, value: object) => void sessions.set(key, value),
    destroy: async (key: string) => void sessions.delete(key),
  };
  return (app) => app.use(koaSession({ maxAge: day, ...(kept === "store" && { store }) } as never, app as never) as never);
}

function useGenericSession(app: Koa): void {
  app.use(genericSession({ cookie: { maxAge: day } }));
}

const common = { ours: false, framework: "koa" } as const;

export const koaContenders: readonly Contender[] = [
  { ...common, name: "koa-session (cookie)", kind: "signed", app: () => koaApp(ctxSession, useKoaSession("cookie")) },
  { ...common, name: "koa-session (store)", kind: "store", app: () => koaApp(ctxSession, useKoaSession("store")) },
  { ...common, name: "koa-generic-session", kind: "store", app: () => koaApp(ctxSession, useGenericSession) },
];
