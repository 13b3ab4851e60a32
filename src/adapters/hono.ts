/**
 * Sessions as a Hono middleware.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { cannot, isGoneError } from "../ground/errors.ts";
import {
  type CookieSessionOptions,
  createSessions,
  put,
  type SessionOptions,
  type Sessions,
  StateError,
  type StoredOptions,
  type StoredSessions,
} from "../index.ts";
import { isUpgraded } from "../manager/handshake.ts";
import { isAnswer } from "../manager/headers.ts";
import { Session, visitOf } from "../session/session.ts";
import { perEnv } from "./hono-env.ts";
import { twice } from "./one-name.ts";

/** The type of `c.var` behind the middleware: `new Hono<{ Variables: SessionVariables<Data> }>()`. `Name` is the option `name`. */
export type SessionVariables<Data extends object = Record<string, unknown>, Name extends string = "session"> = {
  [Key in Name]: Session<Data>;
};

/** What a chained `app.use(web)` makes of the application's type: `c.var` has the session, unless its name could be any text. */
export type ChainedEnv<Data extends object, Name extends string> = string extends Name
  ? // biome-ignore lint/suspicious/noExplicitAny: so that Hono leaves the application's type as it is.
    any
  : { Variables: SessionVariables<Data, Name> };

/** The middleware, with a typed way to the request's session. `Manager` is a {@link StoredSessions} where there is a store. */
export interface HonoSession<Data extends object, Name extends string = "session", Manager = Sessions<Data>>
  extends MiddlewareHandler<ChainedEnv<Data, Name>> {
  /** The session of this request. @throws StateError when the middleware did not run for it */
  get(c: Context): Session<Data>;
  /** The manager: for `read()`, and for adapters of your own. @throws OptionError when the options are a function of `env` */
  readonly sessions: Manager;
}

/** A middleware's options, of which the name is known; on Workers, a function of `env` that gives them. */
export type HonoOptions<Options, Name extends string> =
  | (Options & { readonly name?: Name })
  // biome-ignore lint/suspicious/noExplicitAny: the application says what its env is; Hono's own types do the same.
  | ((env: any) => Options & { readonly name?: Name });

/**
 * Makes the middleware. `app.use(web)` loads the session before the handlers, and saves it before the response leaves.
 * The session is `web.get(c)`, typed, or `c.var.session`, typed behind a chained `.use(web)`; with the option `name: "admin"` it is
 * `c.var.admin`, and `session<Data, "admin">` types it.
 *
 * @param options The options, or on Workers a function of `env`; what it gives is remembered for each `env` object. On servers that
 * make a new `env` for each request, it is remembered by what it holds: the same store object, and secrets and other options that say
 * the same. Risky there when the function makes a new store each time, as every request has one of its own then: it is said once, by
 * `console.warn`. Make stores outside of the function.
 * @throws OptionError when an option or a secret cannot be used.
 *
 * @example
 * ```ts
 * const web = session<{ views: number }>({ secrets: SECRET });
 * const app = new Hono().use(web);
 * app.get("/", (c) => c.text(`${web.get(c).data.views}`));
 * ```
 */
export function session<Data extends object = Record<string, unknown>>(
  options: HonoOptions<StoredOptions<Data>, "session">,
): HonoSession<Data, "session", StoredSessions<Data>>;
/** Makes the middleware for sessions that are in their cookies. */
export function session<Data extends object = Record<string, unknown>>(
  options: HonoOptions<CookieSessionOptions<Data>, "session">,
): HonoSession<Data>;
/** Makes the middleware for a session of another name, in a store: `c.var` has it under that. */
export function session<Data extends object = Record<string, unknown>, const Name extends string = string>(
  options: HonoOptions<StoredOptions<Data>, Name>,
): HonoSession<Data, Name, StoredSessions<Data>>;
/** Makes the middleware for a session of another name: `c.var` has it under that. */
export function session<Data extends object = Record<string, unknown>, const Name extends string = string>(
  options: HonoOptions<CookieSessionOptions<Data>, Name>,
): HonoSession<Data, Name>;
/** Makes the middleware, with a store or without one: `"list" in web.sessions` tells. */
export function session<Data extends object = Record<string, unknown>, const Name extends string = string>(
  options: HonoOptions<SessionOptions<Data>, Name>,
): HonoSession<Data, Name, Sessions<Data> | StoredSessions<Data>>;
export function session<Data extends object>(
  options: SessionOptions<Data> | ((env: object) => SessionOptions<Data>),
): HonoSession<Data, string> {
  const fixed = typeof options === "function" ? undefined : manage<Data>(options);
  const managedFor = typeof options === "function" ? perEnv(options, manage<Data>) : () => fixed as Managed<Data>;
  // Where Hono itself keeps what belongs to a request: a WeakMap would take longer than the session's own work.
  const own = Symbol("session");
  const running = (c: Context): Session<Data> | undefined => c.get(own as never);

  const middleware: MiddlewareHandler = async function session(c, next) {
    if (running(c) !== undefined) return next();
    const { sessions, variable } = managedFor(c.env);
    if (c.get(variable) instanceof Session) throw twice(variable);
    const loading = sessions.load(c.req.raw);
    const visitor = loading instanceof Promise ? await loading : loading;
    visitOf(visitor).failing = () => c.error !== undefined;
    c.set(own as never, visitor as never);
    c.set(variable, visitor);
    try {
      await next();
    } catch (thrown) {
      // Hono answers errors itself; what still arrives here is a thrown value of another kind.
      if (!isAnswer(thrown)) {
        await sessions.commit(visitor, { headers: null, failed: true });
        throw thrown;
      }
      throw await sessions.apply(visitor, thrown).catch((error) => withdraw(c, sessions, visitor, error));
    }
    const failed = c.error !== undefined && c.res.status >= 500;
    try {
      if (isUpgraded(c.req.raw, c.env)) await sessions.commit(visitor, { headers: null, failed });
      else replaceResponse(c, await sessions.apply(visitor, c.res, { failed }));
    } catch (error) {
      await withdraw(c, sessions, visitor, error);
    }
  };

  return Object.defineProperties(middleware, {
    get: {
      value: (c: Context): Session<Data> => {
        const visitor = running(c);
        if (visitor !== undefined) return visitor;
        throw new StateError(
          "ERR_SESSION_MISSING",
          "Cannot get the session: its middleware did not run for this request; app.use() it before the handler",
        );
      },
    },
    sessions: {
      get: () => {
        if (fixed !== undefined) return fixed.sessions;
        return cannot("get the sessions", "their options are a function of env, so they differ by request");
      },
    },
  }) as HonoSession<Data, string>;
}

/** The answer is not given: Hono would put its headers on the one that says so. The cookie of an id that save() wrote goes along. */
async function withdraw<Data extends object>(
  c: Context,
  sessions: Sessions<Data>,
  visitor: Session<Data>,
  error: unknown,
): Promise<never> {
  c.res = undefined;
  // Hono takes this for a sign that there is an answer whose headers can be set.
  c.finalized = false;
  const status = isGoneError(error) ? error.status : 500;
  const isOver = isUpgraded(c.req.raw, c.env);
  const answer = isOver ? { headers: null, failed: true } : { status, failed: true };
  const committed = await sessions.commit(visitor, answer);
  const headers = new Headers();
  put(headers, committed);
  // What is set by c.header() is on answers that the context makes, and on no Response that an onError makes itself.
  if (committed.setCookie.length + committed.headers.length > 0) c.res = new Response(null, { headers });
  throw error;
}

interface Managed<Data extends object> {
  readonly sessions: Sessions<Data>;
  readonly variable: string;
}

function manage<Data extends object>(options: SessionOptions): Managed<Data> {
  return { sessions: createSessions<Data>(options), variable: options.name ?? "session" };
}

/** Hono copies the headers of the old response onto a new one, unless the old one is taken away first. */
function replaceResponse(c: Context, response: Response): void {
  if (response === c.res) return;
  c.res = undefined;
  c.res = response;
}
