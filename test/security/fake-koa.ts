/** As much of Koa's context as the middleware uses, so that cookies can be sent that no HTTP client would send. */
import {
  getSession,
  type KoaContext,
  type KoaMiddleware,
  type KoaOptions,
  type KoaSession,
} from "../../src/adapters/koa/index.ts";
import type { Session, SessionOptions } from "../../src/index.ts";
import { OTHER_SECRET, SECRET } from "../support/secrets.ts";

/** The options of Koa's middleware, of both modes. */
export type KoaOptionsUnderTest = KoaOptions | SessionOptions;

/** One request after the other with a Cookie header; what the middleware throws is thrown. */
export function fakeKoa(middleware: KoaMiddleware<Record<string, unknown>>, keys: string[] = [SECRET, OTHER_SECRET]) {
  const app = { keys };
  return async (cookie: string | null, act?: (session: Session) => unknown) => {
    const headers = new Map<string, number | string | string[]>();
    const res: KoaContext["res"] = {
      headersSent: false,
      getHeader: (name) => headers.get(name),
      setHeader: (name, value) => headers.set(name, value),
      removeHeader: (name) => headers.delete(name),
    };
    const req = { headers: cookie === null ? {} : { cookie } };
    const ctx = { req, res, app, secure: true, status: 200, session: {} as KoaSession<Record<string, unknown>>["session"] };
    let shown = { isNew: true, id: undefined as string | undefined, subject: undefined as string | undefined, data: "{}" };
    await middleware(ctx, async () => {
      const visitor = getSession(ctx);
      await act?.(visitor);
      const { isNew, subject } = visitor;
      shown = { isNew, id: isNew ? undefined : visitor.id, subject, data: JSON.stringify(ctx.session) };
    });
    const setCookie = [headers.get("Set-Cookie") ?? []].flat().map(String);
    return { status: ctx.status, setCookie, cacheControl: String(headers.get("Cache-Control") ?? ""), shown };
  };
}
