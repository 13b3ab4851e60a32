/**
 * Sessions as Koa middleware: the API of koa-session-store or, with `secrets`, this library's own.
 *
 * @module
 */

import { cannot } from "../../ground/errors.ts";
import type { SessionOptions, Sessions, StoredSessions } from "../../index.ts";
import type { DefinedStore } from "../../stored/define.ts";
import type { PlainStore } from "../../stores/bridges/plain.ts";
import { cookieName } from "./compatible.ts";
import { compatible, hasSecrets, ownManager } from "./managers.ts";
import { getSession, middlewareOf } from "./middleware.ts";
import type { KoaCookieSessionOptions, KoaMiddleware, KoaOptions, KoaSecretOptions, KoaStoredOptions } from "./types.ts";

export type { KoaCookieOptions } from "../../cookie/koa.ts";
export type { RequestOptions } from "../../manager/options.ts";
export type { Done, SessionMethods } from "../express-methods.ts";
export { getSession } from "./middleware.ts";
export type { NodeResponse } from "./response.ts";
export type { KoaStore } from "./store.ts";
export type {
  AppKeys,
  CompatibleOptions,
  KoaContext,
  KoaCookieSessionOptions,
  KoaData,
  KoaMiddleware,
  KoaOptions,
  KoaSecretOptions,
  KoaSession,
  KoaStoredOptions,
  KoaVisitor,
} from "./types.ts";

function makeMiddleware<Data extends object>(
  given?: KoaOptions | KoaSecretOptions | null,
  ...more: unknown[]
): KoaMiddleware<Data> {
  if (typeof (more[0] as { use?: unknown } | undefined)?.use === "function")
    cannot(
      "use session(options, app)",
      "this session() takes no application. Leave it out, or for koa-session's API use session of web-session-store/koa-session.",
    );
  const options = given ?? {};
  const managers = hasSecrets(options) ? ownManager(options) : compatible(options);
  const name = hasSecrets(options) ? (options.name ?? "session") : cookieName(options);
  return middlewareOf<Data>({ name, lazy: options.lazy ?? false, managers });
}

/** The type of {@link session}: a function that also has {@link getSession} as a property, for `require()`. */
export interface KoaSessionFunction {
  <Data extends object = Record<string, unknown>>(
    options: KoaStoredOptions<Data, PlainStore> | (KoaOptions<PlainStore> & { store: PlainStore }),
  ): KoaMiddleware<Data, StoredSessions<Data>>;
  <Data extends object = Record<string, unknown>>(
    options: KoaStoredOptions<Data> | (KoaOptions<DefinedStore | PlainStore> & { store: DefinedStore | PlainStore }),
  ): KoaMiddleware<Data, StoredSessions<Data>>;
  <Data extends object = Record<string, unknown>>(
    options?: KoaOptions<"cookie" | null | undefined> | KoaCookieSessionOptions<Data> | null,
  ): KoaMiddleware<Data>;
  <Data extends object = Record<string, unknown>>(
    options: KoaOptions | KoaSecretOptions<Data> | SessionOptions<Data>,
  ): KoaMiddleware<Data, Sessions<Data> | StoredSessions<Data>>;
  /** {@link getSession}, for users of `require()`. */
  readonly getSession: typeof getSession;
  /** The function itself, for `const { session } = require(...)`. */
  readonly session: KoaSessionFunction;
  /** The function itself, for code that compilers make of `import session from`. */
  readonly default: KoaSessionFunction;
}

/**
 * Returns the middleware. `ctx.session` is the visitor's data, loaded on first use. Read it, change it in place, or set
 * it to null to end the session. {@link getSession} returns the whole Session, with login, flash and the rest.
 *
 * Without `secrets`, cookies are those of koa-session-store 2.0.0, signed with `app.keys`, and stay valid when you
 * switch either way. With `secrets`, the middleware uses this library's own tokens and cookie rules.
 *
 * @throws OptionError if an option or a secret cannot be used, and on first use if `app.keys` is missing.
 *
 * @example
 * ```ts
 * app.keys = [process.env.APP_KEY ?? ""];
 * app.use(session());
 * app.use((ctx) => {
 *   ctx.session.views = (ctx.session.views ?? 0) + 1;
 *   ctx.body = `${ctx.session.views} views`;
 * });
 * ```
 */
export const session: KoaSessionFunction = Object.assign(makeMiddleware, { getSession }) as unknown as KoaSessionFunction;
Object.assign(session, { session, default: session });
export default session;
