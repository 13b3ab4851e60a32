/**
 * SessionOptions: the options of an application.
 *
 * @module
 */

import type { CookieOptions } from "../cookie/serialize.ts";
import type { Secrets } from "../token/secrets.ts";
import type { SessionCrypto } from "../token/session-crypto.ts";
import type { SessionEvent } from "./events.ts";
import type { AcceptedCodec, BackedStore, CopyFeature, SchemaFeature } from "./imported.ts";

/** The options of every application. Only `secrets` is required. Durations are in seconds. */
// biome-ignore lint/suspicious/noExplicitAny: options without a schema fit sessions of any data.
export interface CommonOptions<Data extends object = any> {
  /**
   * The secrets of the tokens: at least 32 random bytes, as a string, bytes or a CryptoKey for HKDF, or a list
   * of these. Every secret opens tokens, and the first one makes them. To rotate, deploy `[old, new]`, then
   * `[new, old]`, then `[new]`: docs/operations.md says when. Remove a leaked secret at once: anyone who has
   * it can act as any user. To fetch secrets, for example from Cloudflare's Secrets Store, use `fetched()`
   * from `web-session-store/secrets`.
   */
  secrets: Secrets;
  /**
   * Other tokens to read but never write: with another name, kind or context, or from another library. Their visitors
   * stay logged in, and get one of our tokens with the next response that used the session. See `ownTokens`,
   * `koaTokens` and `joseTokens` in `web-session-store/accept/own`, `accept/koa-session-store` and `accept/jose`, or
   * wrap your own codec with `defineCodec()`.
   *
   * With a store, a token that carries data is redeemed once: it opens nothing after its session logged out,
   * logged in, got a new id or expired. Risky: without a store it stays valid until it expires, even after a
   * logout, for anyone who copied it. A store that is not atomic may redeem it twice for parallel requests.
   * Tokens of different sessions in one request are ambiguous, except that with `ownTokens` a user's wins
   * over a visitor's. Default: none.
   */
  accept?: readonly AcceptedCodec[];
  /** Separates applications and stages that share a secret: tokens of one do not open in another. Default: empty. */
  context?: string;
  /**
   * `nodeCrypto` from `web-session-store/node` makes and opens tokens without promises: all of them on Node, signed
   * ones on Bun and Deno. The tokens are the same. Default: Web Crypto; with Koa, `nodeCrypto`.
   */
  crypto?: SessionCrypto;
  /**
   * The session's name. Its cookies are `__Host-Http-<name>` for visitors, `__Host-Http-<name>-user` after `login()`
   * and `__Host-Http-<name>-copy` for copies. A prefix in the name, as in `__Host-sid`, is kept. A request has one
   * session for each name. Default: `"session"`.
   */
  name?: string;
  /**
   * The cookies' attributes. Default: Secure, HttpOnly, SameSite=Lax, Path=/ and no Domain, which allows the prefix
   * `__Host-Http-`: no other host can set such a cookie, nor can scripts in browsers that know the prefix (others
   * treat it as `__Host-`). With `httpOnly: false` the prefix is `__Host-`, with a domain or path `__Secure-`; with
   * `secure: false` there is none.
   */
  cookie?: CookieOptions;
  /**
   * A session expires when unused for this long. At most `absoluteTimeout`. Default: 86,400 (1 day),
   * or `absoluteTimeout` if less.
   */
  idleTimeout?: number;
  /** A session expires at this age, even if it is in use. A login restarts it. Default: 2,592,000 (30 days). */
  absoluteTimeout?: number;
  /**
   * The minimum time between two recordings of a session's use. A session may expire up to this much earlier than
   * `idleTimeout` after its last use. Default: a quarter of `idleTimeout`.
   */
  touchEvery?: number;
  /**
   * The shape of `session.data`: `schema(z.object({ ... }))`, with `schema` from
   * `web-session-store/schema`. Default: any JSON.
   */
  schema?: SchemaFeature<Data> | undefined;
  /**
   * True defers loading until `await session.ready()`, for applications where most requests
   * need no session. Default: false.
   */
  lazy?: boolean;
  /**
   * What happens if the store cannot be read. `"fail"`: the request throws `StoreError`. `"anonymous"`: it continues
   * with an empty session; no cookie is written, and changing the session throws. Default: `"fail"`.
   */
  onStoreError?: "fail" | "anonymous";
  /** Called for each event. Its errors are ignored. Default: none. */
  onEvent?: (event: SessionEvent) => void;
  /**
   * False leaves `Cache-Control` and `Vary` to you. Risky: a shared cache may give one visitor's
   * cookie to another. Default: true.
   */
  cacheHeaders?: boolean;
  /**
   * How many opened tokens to remember, so that a visitor's next request needs no cryptography. 0 remembers none.
   * They take at most 2 MB for each kind of cookie. Default: 1,000.
   */
  rememberTokens?: number;
  /**
   * Epoch seconds, for tests. Throws OptionError when used if it returns anything but a
   * finite number. Default: the clock.
   */
  now?: () => number;
}

/** Options for sessions in a store. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export interface StoredOptions<Data extends object = any> extends CommonOptions<Data> {
  /**
   * Where sessions are stored: `memory()`, `redis(client)` or another of our stores, or
   * `defineStore(store)` with your own.
   */
  store: BackedStore;
  /**
   * Where to store visitors who are not logged in. `"cookie"`: in an encrypted cookie until a login moves their data
   * into the store, so that they cost the store nothing. That data can be replayed, and parallel logins each get it:
   * a counter that must be exact needs the store. Default: `"store"`.
   */
  anonymous?: "store" | "cookie" | undefined;
  /**
   * Copies the session into a cookie for a minute or so, which spares the store most requests:
   * `copy({ maxAge: 60 })`, with `copy` from `web-session-store/copy`. Default: none.
   */
  copy?: CopyFeature | undefined;
  /**
   * How many sessions a user may have. A login beyond that ends the one used longest ago, but not in `kv()` and
   * stores that cannot list sessions, like `plain()`, `connect()` and `unstorage()`. Default: 100.
   */
  maxSessions?: number | undefined;
  /** Not with a store, whose cookies hold no data. */
  readable?: undefined;
}

/** Options for sessions in cookies: they cannot be revoked, and their data must stay below 4 KB. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export interface CookieSessionOptions<Data extends object = any> extends CommonOptions<Data> {
  /** With a store, use {@link StoredOptions}. */
  store?: undefined;
  /** True signs the cookie instead of encrypting it: anyone who sees it can read the data. Default: false. */
  readable?: boolean | undefined;
  /** Only with a store. */
  anonymous?: undefined;
  /** Only with a store. */
  copy?: undefined;
  /** Only with a store. */
  maxSessions?: undefined;
}

/** The options with or without a store. Without one, `createSessions` throws for options that need it. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export interface SessionOptions<Data extends object = any> extends CommonOptions<Data> {
  /** As in {@link StoredOptions}. Undefined keeps sessions in their cookies. */
  store?: BackedStore | undefined;
  /** As in {@link StoredOptions}. */
  anonymous?: "store" | "cookie" | undefined;
  /** As in {@link StoredOptions}. */
  copy?: CopyFeature | undefined;
  /** As in {@link StoredOptions}. */
  maxSessions?: number | undefined;
  /** As in {@link CookieSessionOptions}. */
  readable?: boolean | undefined;
}

/** The options that do not depend on the kind of token. */
export type RequestOptions = Pick<
  SessionOptions,
  "lazy" | "onStoreError" | "onEvent" | "cacheHeaders" | "rememberTokens" | "now"
>;
