/**
 * The types of the Koa middleware: its options, and what it uses of Koa's context and gives to it.
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

/** What an application sets in the compatible mode. Durations are in seconds, but for `cookie.maxAge`. */
export interface CompatibleOptions extends RequestOptions {
  /** The cookie's name, as it stands. Default `"koa:sess"`. */
  name?: string;
  /** The cookie's options, those of Koa's `cookies` package. */
  cookie?: KoaCookieOptions;
  /** A session not used for this long ends. Default: `cookie.maxAge`, else never. */
  idleTimeout?: number;
  /** A session this old ends, used or not. Default: never. */
  absoluteTimeout?: number;
  /** How often, at most, use of a session is recorded. Default: a quarter of the idle timeout. */
  touchEvery?: number;
  /** The hash that signs, where `app.keys` is a list. Default `"sha1"`, as everywhere in Koa; to change it is to log everybody out. */
  signatureAlgorithm?: "sha1" | "sha256";
}

/** Koa's `app.keys`: a list of keys, newest first, or a Keygrip. */
export type AppKeys =
  | readonly (string | undefined)[]
  | { sign(text: string): string; index(text: string, signature: string): number };

/** Options without `secrets`: cookies as koa-session-store has them, signed with `app.keys`. */
export interface KoaOptions<Store = KoaStore | null | undefined> extends CompatibleOptions {
  /** Where the data is kept. Default `"cookie"`: in the cookie, which anyone who sees it can read. */
  store?: Store;
  /** Not here: with `secrets` the options are {@link KoaSecretOptions}. */
  secrets?: never;
}

/** Options with `secrets` and a store: the library's own tokens and cookie rules. */
// biome-ignore lint/suspicious/noExplicitAny: options without a schema fit sessions of any data.
export interface KoaStoredOptions<Data extends object = any, Store = DefinedStore | PlainStore>
  extends Omit<StoredOptions<Data>, "store"> {
  /** Where sessions are kept: also a store of three methods. */
  store: Store;
}

/** Options with `secrets` for sessions in their cookie, encrypted. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export interface KoaCookieSessionOptions<Data extends object = any> extends Omit<CookieSessionOptions<Data>, "store"> {
  /** Default `"cookie"`. */
  store?: "cookie" | null | undefined;
}

/** Options with `secrets`. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type KoaSecretOptions<Data extends object = any> = KoaStoredOptions<Data> | KoaCookieSessionOptions<Data>;

/** What the middleware uses of Koa's context. */
export interface KoaContext {
  /** Node's request. */
  readonly req: {
    readonly method?: string | undefined;
    readonly headers: { readonly [name: string]: string | string[] | undefined; readonly cookie?: string | undefined };
  };
  /** Node's response. Contexts of sockets, like those of koa-websocket, have none. */
  readonly res?: NodeResponse | undefined;
  readonly app: { readonly keys?: AppKeys | undefined };
  readonly secure: boolean;
  readonly status: number;
}

/** A session's data, with the methods that passport and Express's middleware call. A key of the data that has the name of one takes its place. */
export type KoaData<Data extends object> = Partial<Data> &
  (string extends keyof Data ? SessionMethods : Omit<SessionMethods, keyof Data>);

/** What the middleware gives to Koa's context: the session's data. Null ends the session, an object takes its place. */
export interface KoaSession<Data extends object> {
  /** The data, yours to change in place. Any key may be missing, since sessions end. It inherits methods, which are no part of it. */
  get session(): KoaData<Data>;
  /** An object takes the place of the data; null ends the session. */
  set session(data: Partial<Data> | null);
}

/** The middleware. `Manager` is a {@link StoredSessions} where there is a store. */
export interface KoaMiddleware<Data extends object, Manager = Sessions<Data>> {
  (ctx: KoaContext & KoaSession<Data>, next: () => Promise<unknown>): Promise<void>;
  /**
   * The manager: for `read()`, and with a store for `list()`, `revoke()` and `revokeAll()`.
   *
   * @throws OptionError without `secrets` before the first request: its cookies are signed with the application's keys.
   */
  readonly sessions: Manager;
}

/** The Session of a request, as {@link getSession} gives it. */
export interface KoaVisitor<Data extends object = Record<string, unknown>> extends Session<Data> {
  /**
   * Commits now, and puts the cookie on Koa's response: for an answer that leaves before the middleware is done, by `ctx.flushHeaders()` or with
   * `ctx.respond = false`. The session takes no change after that.
   *
   * @throws what saving fails with: StoreError, DataError, GoneError.
   */
  commit(): Promise<void>;
}
