/**
 * Sessions as a middleware for `fetch` handlers and for frameworks that pass a Request and a `next`.
 *
 * @module
 */
import { createSessions, type Session, type SessionOptions, type Sessions } from "../index.ts";

/** The middleware, with the manager behind it. */
export interface FetchSession<Data extends object> {
  (request: Request, next: (session: Session<Data>) => Response | Promise<Response>): Promise<Response>;
  /** The manager: for `read()`, and for adapters of your own. */
  readonly sessions: Sessions<Data>;
}

/**
 * Makes the middleware. It loads the request's session, runs `next` with it, saves it, and answers with the response.
 *
 * @throws OptionError when an option or a secret cannot be used.
 *
 * @example
 * ```ts
 * const web = session<{ views: number }>({ secrets: SECRET });
 * export default { fetch: (request: Request) => web(request, (visitor) => router.handle(request, visitor)) };
 * ```
 */
export function session<Data extends object = Record<string, unknown>>(options: SessionOptions<Data>): FetchSession<Data> {
  const sessions = createSessions<Data>(options);
  const run: (request: Request, next: (session: Session<Data>) => Response | Promise<Response>) => Promise<Response> = (
    request,
    next,
  ) => sessions.handler((_, visitor) => next(visitor))(request);
  return Object.assign(run, { sessions });
}
