/**
 * Sessions as a Koa middleware: the API of koa-session-store, and with `secrets` the library like everywhere else.
 *
 * @module
 */

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

function makeMiddleware<Data extends object>(given?: KoaOptions | KoaSecretOptions | null): KoaMiddleware<Data> {
  const options = given ?? {};
  const managers = hasSecrets(options) ? ownManager(options) : compatible(options);
  const name = hasSecrets(options) ? (options.name ?? "session") : cookieName(options);
  return middlewareOf<Data>({ name, lazy: options.lazy ?? false, managers });
}

/** {@link session}: a function, with {@link getSession} as a property for those who `require()` it. */
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
  /** {@link getSession}, for those who `require()` the function. */
  readonly getSession: typeof getSession;
  /** The function itself, for those who take it out of what `require()` gives. */
  readonly session: KoaSessionFunction;
  /** The function itself, for what compilers make of `import session from`. */
  readonly default: KoaSessionFunction;
}

/**
 * Makes the middleware. `ctx.session` is the visitor's data, opened when it is first used: read it, change it in place, set it
 * to null to end the session. {@link getSession} gives the whole Session, with login, flash and the rest.
 *
 * Without `secrets` it signs with `app.keys` and keeps cookies as koa-session-store 2.0.0 does, so that they stay good in both
 * directions. With `secrets` it is the library like everywhere else.
 *
 * @throws OptionError when an option or a secret cannot be used; at the first use when `app.keys` is missing.
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
