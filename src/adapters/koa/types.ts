/**
 * The types of the Koa middleware: its options, and what it reads from and adds to Koa's context.
 *
 * @module
 */
import type { KoaCookieOptions } from "../../cookie/koa.ts";
import type { CookieSessionOptions, Session, Sessions, StoredOptions } from "../../index.ts";
import type { RequestOptions } from "../../manager/options.ts";
import type { DefinedStore } from "../../stored/define.ts";
import type { PlainStore } from "../../stores/bridges/plain.ts";
import type { SessionMethods } from "../express-methods.ts";
import type { NodeResponse } from "./response.ts";
import type { KoaStore } from "./store.ts";

/** Options of the compatible mode. Durations are in seconds, except `cookie.maxAge`. */
export interface CompatibleOptions extends RequestOptions {
  /** The cookie's name, used unchanged. Default: `"koa:sess"`. */
  name?: string;
  /** The cookie's options, as in Koa's `cookies` package. */
  cookie?: KoaCookieOptions;
  /** A session that is not used for this long expires. Default: `cookie.maxAge`, or never. */
  idleTimeout?: number;
  /** A session this old expires, used or not. Default: never. */
  absoluteTimeout?: number;
  /** Use of a session is recorded at most this often. Default: a quarter of the idle timeout. */
  touchEvery?: number;
  /**
   * The hash for signatures if `app.keys` is a list. Default: `"sha1"`, as everywhere in Koa. Changing it logs
   * everybody out.
   */
  signatureAlgorithm?: "sha1" | "sha256";
}

/** Koa's `app.keys`: a list of keys, newest first, or a Keygrip. */
export type AppKeys =
  | readonly (string | undefined)[]
  | { sign(text: string): string; index(text: string, signature: string): number };

/** Options without `secrets`: the cookies of koa-session-store, signed with `app.keys`. */
export interface KoaOptions<Store = KoaStore | null | undefined> extends CompatibleOptions {
  /** Where the data is kept. Default: `"cookie"`, where anyone who sees the cookie can read it. */
  store?: Store;
  /** With `secrets`, the options are {@link KoaSecretOptions}. */
  secrets?: never;
}

/** Options with `secrets` and a store: this library's own tokens and cookie rules. */
// biome-ignore lint/suspicious/noExplicitAny: options without a schema fit sessions of any data.
export interface KoaStoredOptions<Data extends object = any, Store = DefinedStore | PlainStore>
  extends Omit<StoredOptions<Data>, "store"> {
  /** Where sessions are kept. A store with three methods works too. */
  store: Store;
}

/** Options with `secrets` for sessions in encrypted cookies. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export interface KoaCookieSessionOptions<Data extends object = any> extends Omit<CookieSessionOptions<Data>, "store"> {
  /** Default: `"cookie"`. */
  store?: "cookie" | null | undefined;
}

/** Options with `secrets`. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type KoaSecretOptions<Data extends object = any> = KoaStoredOptions<Data> | KoaCookieSessionOptions<Data>;

/** The part of Koa's context that the middleware uses. */
export interface KoaContext {
  /** Node's request. */
  readonly req: {
    readonly method?: string | undefined;
    readonly headers: { readonly [name: string]: string | string[] | undefined; readonly cookie?: string | undefined };
  };
  /** Node's response. Socket contexts, such as those of koa-websocket, have none. */
  readonly res?: NodeResponse | undefined;
  readonly app: { readonly keys?: AppKeys | undefined };
  readonly secure: boolean;
  readonly status: number;
}

/**
 * A session's data, with the methods that passport and Express middleware call. A key of the data with the same name
 * hides the method.
 */
export type KoaData<Data extends object> = Partial<Data> &
  (string extends keyof Data ? SessionMethods : Omit<SessionMethods, keyof Data>);

/**
 * What the middleware adds to Koa's context: the session's data. Set null to end the session, or an object to replace
 * the data.
 */
export interface KoaSession<Data extends object> {
  /**
   * The data, which you change in place. Any key may be missing, since sessions end. It inherits methods that are not
   * part of it.
   */
  get session(): KoaData<Data>;
  /** An object replaces the data. Null ends the session. */
  set session(data: Partial<Data> | null);
}

/** The middleware. `Manager` is {@link StoredSessions} if there is a store. */
export interface KoaMiddleware<Data extends object, Manager = Sessions<Data>> {
  (ctx: KoaContext & KoaSession<Data>, next: () => Promise<unknown>): Promise<void>;
  /**
   * The manager, for `read()` and, with a store, `list()`, `revoke()` and `revokeAll()`.
   *
   * @throws OptionError before the first request if there are no `secrets`, as the application's keys sign the cookies.
   */
  readonly sessions: Manager;
}

/** The Session of a request, as {@link getSession} returns it. */
export interface KoaVisitor<Data extends object = Record<string, unknown>> extends Session<Data> {
  /**
   * Commits now and puts the cookie on Koa's response, for responses that are sent before the middleware finishes: with
   * `ctx.flushHeaders()` or `ctx.respond = false`. The session cannot be changed afterwards.
   *
   * @throws StoreError, DataError or GoneError if saving fails.
   */
  commit(): Promise<void>;
}
