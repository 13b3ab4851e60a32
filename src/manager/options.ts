/**
 * SessionOptions: what an application sets, documented.
 *
 * @module
 */

import type { CookieOptions } from "../cookie/serialize.ts";
import type { Secrets } from "../token/secrets.ts";
import type { SessionCrypto } from "../token/session-crypto.ts";
import type { SessionEvent } from "./events.ts";
import type { AcceptedCodec, BackedStore, CopyFeature, SchemaFeature } from "./imported.ts";

/** What every application may set. Only `secrets` is required. Durations are in seconds. */
// biome-ignore lint/suspicious/noExplicitAny: options without a schema fit sessions of any data.
export interface CommonOptions<Data extends object = any> {
  /**
   * What tokens are made with: at least 32 random bytes, as a string, bytes, or a CryptoKey for HKDF, or a list of them, newest
   * first. All of them open tokens, the first makes them. Secrets that must be fetched, as from Cloudflare's
   * Secrets Store, are given by `fetched()` of `web-session-store/secrets`. To rotate a secret, deploy `[old, new]`, then `[new, old]`, then `[new]`: docs/operations.md says
   * when. Remove a leaked secret at once: whoever has it can act as any user.
   */
  secrets: Secrets;
  /**
   * Further tokens that are read, and never written: of another name, kind, context or library. A visitor with one gets a token of
   * our own with the next response that used the session, and stays logged in. See `ownTokens`, `koaTokens` and `joseTokens`, in
   * `web-session-store/accept/own`, `accept/koa-session-store` and `accept/jose`; a codec of your own is made one by `defineCodec`. With a store, a token that carries data is redeemed once: after its session logged out, logged in, got a new id or expired, it opens nothing. Risky:
   * without a store it is valid until it expires, even after a logout, for anyone who copied it; with one that is not atomic, two requests at the
   * same time may redeem it twice. Two tokens of different sessions in one request are ambiguous, but of a visitor's and a user's of `ownTokens` the user's counts. Default: none.
   */
  accept?: readonly AcceptedCodec[];
  /** Names the application and stage, where several share a secret: tokens of one do not open in another. Default empty. */
  context?: string;
  /**
   * What makes and opens the tokens: `nodeCrypto` of `web-session-store/node` answers without a promise, on Node; on Bun and Deno, for tokens that
   * are signed. The tokens are the same either way. Default: Web Crypto; in Koa, `nodeCrypto`.
   */
  crypto?: SessionCrypto;
  /**
   * The session's name: that of the cookies, after their prefix. Visitors have `__Host-Http-<name>`, users, from `login()` on,
   * `__Host-Http-<name>-user`, and copies `__Host-Http-<name>-copy`. A name that brings a prefix with it, like `__Host-sid`, keeps that
   * prefix. One request has one session of a name. Default `"session"`.
   */
  name?: string;
  /**
   * The cookies' attributes. Defaults: Secure, HttpOnly, SameSite=Lax, Path=/, no Domain, and so the prefix `__Host-Http-`: no other host
   * can set such a cookie, and no script, where the browser knows the prefix; to others it is `__Host-`. With `httpOnly: false` the prefix is `__Host-`, with a domain or a path
   * `__Secure-`, and without Secure there is none.
   */
  cookie?: CookieOptions;
  /** A session not used for this long ends. At most `absoluteTimeout`. Default 86,400 (1 day), or `absoluteTimeout` where that is less. */
  idleTimeout?: number;
  /** A session this old ends, used or not; a login restarts it. Default 2,592,000 (30 days). */
  absoluteTimeout?: number;
  /** How often, at most, use of a session is recorded; it may end this much earlier than `idleTimeout` after its last use. Default: a quarter of `idleTimeout`. */
  touchEvery?: number;
  /** What `session.data` must be: `schema(z.object({ ... }))`, with `schema` of `web-session-store/schema`. Default: anything that JSON can carry. */
  schema?: SchemaFeature<Data> | undefined;
  /** True loads sessions at `await session.ready()` and not before. For applications where most requests need none. Default false. */
  lazy?: boolean;
  /**
   * What a store that cannot be read does to a request. `"fail"`: it throws `StoreError`. `"anonymous"`: the request continues
   * with an empty session; no cookie is written, and whatever would change a session throws. Default `"fail"`.
   */
  onStoreError?: "fail" | "anonymous";
  /** Called for each event. What it throws is ignored: watching must not break a request. Default: none. */
  onEvent?: (event: SessionEvent) => void;
  /** False leaves `Cache-Control` and `Vary` to you. Risky: a shared cache may give one visitor's cookie to another. Default true. */
  cacheHeaders?: boolean;
  /** How many opened tokens are remembered in memory, so that a visitor's next request needs no cryptography; 0 for none. Default 1,000, and at most 2 MB for each kind of cookie. */
  rememberTokens?: number;
  /** The time in epoch seconds, a finite number: any other throws OptionError when it is asked for. For tests. Default: the clock. */
  now?: () => number;
}

/** Options for sessions in a store. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export interface StoredOptions<Data extends object = any> extends CommonOptions<Data> {
  /** Where sessions are kept: what `memory()`, `redis(client)` and the other stores make, or `defineStore(store)` of one of your own. */
  store: BackedStore;
  /**
   * Where visitors who are not logged in are kept. `"store"`: there, too. `"cookie"`: in an encrypted cookie, until a login moves their data
   * into the store; so they cost the store nothing. Data in a cookie can be replayed, and each of several logins at the same time has it: a
   * counter that must hold needs the store. Default `"store"`.
   */
  anonymous?: "store" | "cookie" | undefined;
  /** A copy in a cookie for a minute or so, that spares the store most requests: `copy({ maxAge: 60 })`, with `copy` of `web-session-store/copy`. Default: none. */
  copy?: CopyFeature | undefined;
  /**
   * How many sessions a user may have; a login beyond that ends the one used longest ago. `kv()` and stores that cannot list a user's sessions,
   * like `plain()`, `connect()` and `unstorage()`, end none. Default 100.
   */
  maxSessions?: number | undefined;
  /** Not with a store: its cookies hold no data. */
  readable?: undefined;
}

/** Options for sessions that are in their cookie: nothing can be revoked, and the data must stay below 4 KB. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export interface CookieSessionOptions<Data extends object = any> extends CommonOptions<Data> {
  /** Not here: with a store the options are {@link StoredOptions}. */
  store?: undefined;
  /** True signs the cookie instead of encrypting it: anyone who sees it can read the data. Default false. */
  readable?: boolean | undefined;
  /** Only with a store. */
  anonymous?: undefined;
  /** Only with a store. */
  copy?: undefined;
  /** Only with a store. */
  maxSessions?: undefined;
}

/** What an application sets, whether or not there is a store. What needs one is refused without it when sessions are set up. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export interface SessionOptions<Data extends object = any> extends CommonOptions<Data> {
  /** As in {@link StoredOptions}; undefined: sessions are in their cookie. */
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

/** The options that mean the same whatever the tokens are. */
export type RequestOptions = Pick<
  SessionOptions,
  "lazy" | "onStoreError" | "onEvent" | "cacheHeaders" | "rememberTokens" | "now"
>;
