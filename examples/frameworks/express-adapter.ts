/** Sessions for Express 5. */
import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import { nodeHeaders, put, type Session, type Sessions } from "web-session-store";
import { holdBack } from "./hold-back.ts";

/** Use `app.use(load)` before the handlers, and `app.use(failed)` after them, before other error handlers. */
export function expressSession<Data extends object>(sessions: Sessions<Data>) {
  const visitors = new WeakMap<Request, Session<Data>>();
  const errors = new WeakSet<Request>();

  const load: RequestHandler = async (req, res, next) => {
    const url = `${req.protocol}://${req.host}${req.originalUrl}`;
    const session = await sessions.load({ method: req.method, url, headers: { get: (name) => req.get(name) } });
    visitors.set(req, session);
    const early = Object.entries(res.getHeaders());

    async function commit(again: boolean): Promise<void> {
      const status = res.statusCode;
      const failed = again || (errors.has(req) && status >= 500);
      const headers = res.closed ? null : nodeHeaders(res);
      const committed = await sessions.commit(session, { status, headers, failed });
      if (headers !== null) put(headers, committed);
    }
    /** Headers that the handler set must not go out with the error. */
    function answerError(error: unknown): void {
      for (const name of res.getHeaderNames()) res.removeHeader(name);
      for (const [name, value] of early) if (value !== undefined) res.setHeader(name, value);
      next(error);
    }
    holdBack(res, commit, answerError);
    next();
  };

  const failed: ErrorRequestHandler = (error, req, _res, next) => {
    errors.add(req);
    next(error);
  };

  const get = (req: Request): Session<Data> => {
    const session = visitors.get(req);
    if (session === undefined) throw new Error("Cannot get the session: app.use(load) did not run for this request");
    return session;
  };
  return { load, failed, get };
}
