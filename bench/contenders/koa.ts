/**
 * The session libraries for Koa.
 *
 * @module
 */
import type Koa from "koa";
import genericSession from "koa-generic-session";
import koaSession from "koa-session";
import { ctxSession, koaApp } from "../frameworks/koa.ts";
import type { Contender } from "../harness/contender.ts";

const day = 24 * 60 * 60 * 1000;

/** koa-session with its own cookies, or with a Map that is a store. */
export function useKoaSession(kept: "cookie" | "store"): (app: Koa) => void {
  const sessions = new Map<string, object>();
  const store = {
    get: async (key: string) => sessions.get(key),
    set: async (key: string, value: object) => void sessions.set(key, value),
    destroy: async (key: string) => void sessions.delete(key),
  };
  return (app) => app.use(koaSession({ maxAge: day, ...(kept === "store" && { store }) } as never, app as never) as never);
}

export function useGenericSession(app: Koa): void {
  app.use(genericSession({ cookie: { maxAge: day } }));
}

const common = { ours: false, framework: "koa" } as const;

export const koaContenders: readonly Contender[] = [
  { ...common, name: "koa-session (cookie)", kind: "signed", app: () => koaApp(ctxSession, useKoaSession("cookie")) },
  { ...common, name: "koa-session (store)", kind: "store", app: () => koaApp(ctxSession, useKoaSession("store")) },
  { ...common, name: "koa-generic-session", kind: "store", app: () => koaApp(ctxSession, useGenericSession) },
];
