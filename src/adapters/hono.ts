/**
 * Sessions as Hono middleware.
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

/**
 * The type of `c.var` behind the middleware, for `new Hono<{ Variables: SessionVariables<Data> }>()`. `Name` is the
 * option `name`.
 */
export type SessionVariables<Data extends object = Record<string, unknown>, Name extends string = "session"> = {
  [Key in Name]: Session<Data>;
};

/** How a chained `app.use(web)` types the application: `c.var` has the session, unless `Name` is just `string`. */
export type ChainedEnv<Data extends object, Name extends string> = string extends Name
  ? // biome-ignore lint/suspicious/noExplicitAny: so that Hono leaves the application's type as it is.
    any
  : { Variables: SessionVariables<Data, Name> };

/**
 * The middleware, with typed access to the request's session. `Manager` is {@link StoredSessions} if there is a store.
 */
export interface HonoSession<Data extends object, Name extends string = "session", Manager = Sessions<Data>>
  extends MiddlewareHandler<ChainedEnv<Data, Name>> {
  /** The session of this request. @throws StateError if the middleware did not run for it. */
  get(c: Context): Session<Data>;
  /**
   * The manager, for `read()` and for your own adapters. @throws OptionError if the options are a function of `env`.
   */
  readonly sessions: Manager;
}

/** The options of the middleware or, on Workers, a function of `env` that returns them. The type knows the name. */
export type HonoOptions<Options, Name extends string> =
  | (Options & { readonly name?: Name })
  // biome-ignore lint/suspicious/noExplicitAny: the application says what its env is; Hono's own types do the same.
  | ((env: any) => Options & { readonly name?: Name });

/**
 * Returns the middleware. `app.use(web)` loads the session before the handlers and saves it before the response is
 * sent. Get the session with `web.get(c)`, or as `c.var.session`, which is typed behind a chained `.use(web)`. With the
 * option `name: "admin"` it is `c.var.admin`, typed by `session<Data, "admin">`.
 *
 * @param options The options or, on Workers, a function of `env`, whose result is cached per `env` object. Servers that
 * make a new `env` for each request cache it by the options instead: the same store object, equal secrets, equal other
 * options. Risky there: a function that makes a new store each time gives every request its own, which `console.warn`
 * reports once. Create stores outside the function.
 * @throws OptionError if an option or a secret cannot be used.
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
/** Returns the middleware for sessions kept in cookies. */
export function session<Data extends object = Record<string, unknown>>(
  options: HonoOptions<CookieSessionOptions<Data>, "session">,
): HonoSession<Data>;
/** Returns the middleware for sessions with another name, kept in a store. `c.var` has them under that name. */
export function session<Data extends object = Record<string, unknown>, const Name extends string = string>(
  options: HonoOptions<StoredOptions<Data>, Name>,
): HonoSession<Data, Name, StoredSessions<Data>>;
/** Returns the middleware for sessions with another name. `c.var` has them under that name. */
export function session<Data extends object = Record<string, unknown>, const Name extends string = string>(
  options: HonoOptions<CookieSessionOptions<Data>, Name>,
): HonoSession<Data, Name>;
/** Returns the middleware, with or without a store. Check with `"list" in web.sessions`. */
export function session<Data extends object = Record<string, unknown>, const Name extends string = string>(
  options: HonoOptions<SessionOptions<Data>, Name>,
): HonoSession<Data, Name, Sessions<Data> | StoredSessions<Data>>;
export function session<Data extends object>(
  options: SessionOptions<Data> | ((env: object) => SessionOptions<Data>),
): HonoSession<Data, string> {
  const fixed = typeof options === "function" ? undefined : manage<Data>(options);
  const managedFor = typeof options === "function" ? perEnv(options, manage<Data>) : () => fixed as Managed<Data>;
  // Kept in Hono's own per-request variables: a WeakMap would cost more than the session's own work.
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
      // Hono handles errors itself. Only thrown values that are not Errors get here.
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
          "Cannot get the session: its middleware did not run for this request. Call app.use() with it before the handler.",
        );
      },
    },
    sessions: {
      get: () => {
        if (fixed !== undefined) return fixed.sessions;
        return cannot("get the sessions", "the options are a function of env, so each env has its own. Use get(c).");
      },
    },
  }) as HonoSession<Data, string>;
}

/**
 * Drops the response, as Hono would copy its headers onto the error response. The cookie of an id that save() wrote is
 * kept.
 */
async function withdraw<Data extends object>(
  c: Context,
  sessions: Sessions<Data>,
  visitor: Session<Data>,
  error: unknown,
): Promise<never> {
  c.res = undefined;
  // To Hono, true means that there is a response whose headers can be set.
  c.finalized = false;
  const status = isGoneError(error) ? error.status : 500;
  const isOver = isUpgraded(c.req.raw, c.env);
  const answer = isOver ? { headers: null, failed: true } : { status, failed: true };
  const committed = await sessions.commit(visitor, answer);
  const headers = new Headers();
  put(headers, committed);
  // Headers set by c.header() reach only responses that the context makes, not a Response that an onError makes itself.
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

/** Hono copies the old response's headers onto the new one unless the old one is removed first. */
function replaceResponse(c: Context, response: Response): void {
  if (response === c.res) return;
  c.res = undefined;
  c.res = response;
}
