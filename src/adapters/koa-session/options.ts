/**
 * The options of koa-session 7: their types and checks.
 *
 * @module
 */
import { type KoaCookieOptions, koaCookie } from "../../cookie/koa.ts";
import type { Advice } from "../../ground/advice.ts";
import { cannot } from "../../ground/errors.ts";
import {
  checkGiven,
  checkValues,
  FLAG,
  FUNCTION,
  type Rule,
  refuseUnknown,
  shown,
  textLike,
} from "../../ground/option-values.ts";
import type { SessionEvent } from "../../manager/events.ts";
import type { PlainResult } from "../../stores/bridges/settled.ts";
import { splitKeygripToken } from "../../token/keygrip.ts";

/**
 * A store of koa-session: an object with these three methods. koa-redis and the stores of koa-generic-session qualify.
 */
export interface KoaSessionStore {
  /** Returns the object set for this key, or nothing. `maxAge` is in milliseconds, or `"session"`. */
  get(key: string, maxAge: never, options: never): PlainResult<object | string | null | undefined>;
  /**
   * Stores the object. `maxAge` is in milliseconds, ten seconds more than the session's, or `"session"`. `changed` is
   * false if only the expiry moved.
   */
  set(key: string, session: never, maxAge: never, options: never): PlainResult<unknown>;
  /** Removes the object. A missing key is not an error. */
  destroy(key: string, options: never): PlainResult<unknown>;
}

/** Where a session's store key is kept, instead of in a cookie. */
export interface ExternalKey {
  /** Returns the key that a request brings, or nothing. */
  get(ctx: never): string | null | undefined;
  /** Sends the key to the client. */
  set(ctx: never, key: string): void;
}

/** Options as koa-session 7 documents them. Durations are in milliseconds. */
export interface KoaSessionOptions
  extends Pick<
    KoaCookieOptions,
    "domain" | "path" | "expires" | "priority" | "partitioned" | "httpOnly" | "overwrite" | "signed"
  > {
  /** The cookie's name. Default: `"koa.sess"`. */
  key?: string;
  /**
   * How long a session lasts after it was last saved. With `"session"`, the cookie ends with the browser and the data
   * never expires. Default: 86,400,000, a day.
   */
  maxAge?: number | "session" | null | undefined;
  /**
   * Whether to commit the session when the middleware finishes. If false, call `ctx.session.manuallyCommit()`. Default:
   * true.
   */
  autoCommit?: boolean | null;
  /** Saves the session at every request, so that it expires `maxAge` after the last one. Default: false. */
  rolling?: boolean;
  /** Like `rolling`, but only if less than half of `maxAge` is left. Default: false. */
  renew?: boolean;
  /** Whether the cookie is sent over https only. Default: true if the request came by https. */
  secure?: boolean | null | undefined;
  /** When requests from other sites carry the cookie. Default: not set, which browsers treat much like `"lax"`. */
  sameSite?: KoaCookieOptions["sameSite"] | undefined;
  /**
   * Keeps the data, so that the cookie holds a key. Default: the data is in the cookie, where anyone who sees it can
   * read it.
   */
  store?: KoaSessionStore | null | undefined;
  /** A class that is instantiated with each request's context to make the store. */
  // biome-ignore lint/suspicious/noExplicitAny: it may take any context.
  ContextStore?: (new (ctx: any) => KoaSessionStore) | null | undefined;
  /**
   * Where the key is kept, instead of in the cookie. Risky: nothing is signed, and anyone who knows a key has its
   * session.
   */
  externalKey?: ExternalKey | null | undefined;
  /** Turns an object into the cookie's value. Default: JSON in base64. */
  encode?: ((session: Record<string, unknown>) => string) | undefined;
  /** The reverse of `encode`. If it throws, the request has no session. */
  decode?: ((value: string) => unknown) | undefined;
  /** Returns the key of a new session in the store. Default: 24 random bytes. Risky if keys can be guessed. */
  // biome-ignore lint/suspicious/noExplicitAny: it may take any context.
  genid?: ((ctx: any) => string) | undefined;
  /** The prefix of new keys in the store. Not used with `genid`. */
  prefix?: string | undefined;
  /** Whether a loaded session may be used. Gets the session with `_expire` and `_maxAge`. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  valid?: ((ctx: any, session: any) => unknown) | undefined;
  /** Called before a session is saved. May change it. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  beforeSave?: ((ctx: any, session: any) => unknown) | undefined;
  /** Called for events of sessions. koa-session does not have this option. */
  onEvent?: ((event: SessionEvent) => void) | undefined;
}

/** The options with defaults filled in. */
export interface Settled extends KoaSessionOptions {
  readonly key: string;
  readonly maxAge: number | "session";
  readonly signed: boolean;
  readonly cookie: KoaCookieOptions;
  /** When the cookie expires, if `maxAge` does not decide it. */
  readonly endsBy: Date | null | undefined;
}

const COOKIE = ["domain", "path", "expires", "priority", "partitioned", "httpOnly", "overwrite", "secure"] as const;
const KNOWN: ReadonlySet<string> = new Set<keyof KoaSessionOptions | "maxage">([
  ...COOKIE,
  ...(["key", "maxAge", "maxage", "autoCommit", "signed", "rolling", "renew", "sameSite", "store", "ContextStore"] as const),
  ...(["externalKey", "encode", "decode", "genid", "prefix", "valid", "beforeSave", "onEvent"] as const),
]);
const ADVICE: Advice = {
  name: "use key, or session of web-session-store/koa",
  "secrets accept anonymous context copy maxSessions readable schema": "it belongs to session of web-session-store/koa",
  "idleTimeout absoluteTimeout touchEvery lazy onStoreError cacheHeaders rememberTokens now":
    "it belongs to session of web-session-store/koa",
  "cookie cookieOptions": "move its options to the top, beside key",
  "ttl expiresIn": "use maxAge, in milliseconds",
};
const DAY = 24 * 60 * 60 * 1000;
/** A hundred years, in milliseconds: an expiry further ahead might not be a valid date. */
const LONGEST = 100 * 365 * 24 * 60 * 60 * 1000;
const RULES: Readonly<Record<string, Rule>> = {
  key: textLike(/^[!-+\--:<>-~]+$/, 'visible characters of ASCII without "=", ";" and ","'),
  prefix: textLike(/^[!-+\--:<-~]*$/, 'visible characters of ASCII without ";" and ","'),
  rolling: FLAG,
  renew: FLAG,
  encode: FUNCTION,
  decode: FUNCTION,
  genid: FUNCTION,
  valid: FUNCTION,
  beforeSave: FUNCTION,
  onEvent: FUNCTION,
};

/**
 * Checks options and fills in defaults. Does not change the caller's object. @throws OptionError if an option cannot be
 * used.
 */
export function settleOptions(given: KoaSessionOptions): Settled {
  checkGiven(given, "session", "{ key }, app");
  refuseUnknown(given, KNOWN, [ADVICE]);
  // In koa-session, null means not given.
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) as KoaSessionOptions;
  checkValues(options, RULES);
  const { key = "koa.sess", signed = true, sameSite = false, store, ContextStore, externalKey } = options;
  const asked = options.maxAge ?? (options as { maxage?: number }).maxage;
  const maxAge = legalMaxAge(asked);
  if (store !== undefined) checkMethods("store", store, ["get", "set", "destroy"]);
  if (ContextStore !== undefined) checkMethods("ContextStore", ContextStore?.prototype, ["get", "set", "destroy"]);
  if (externalKey !== undefined) {
    checkMethods("externalKey", externalKey, ["get", "set"]);
    if ((store ?? ContextStore) === undefined)
      cannot("use option externalKey", "it needs a store; without one the session is in its cookie");
  }
  const cookie = Object.fromEntries(COOKIE.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
  // The option `expires` counts only without maxAge.
  const endsBy = asked ? undefined : options.expires;
  const settled = {
    ...options,
    key,
    maxAge,
    endsBy,
    signed: Boolean(signed),
    cookie: { ...cookie, sameSite, signed: Boolean(signed) },
  };
  koaCookie(key, settled.cookie, false, () => Math.floor(Date.now() / 1000), splitKeygripToken);
  return settled;
}

/** How long a session lasts. Default: a day, as in koa-session. @throws OptionError if it is not a duration. */
export function legalMaxAge(maxAge: unknown): number | "session" {
  if (maxAge === "session") return maxAge;
  if (!maxAge && !Number.isNaN(maxAge)) return DAY;
  if (typeof maxAge === "number" && maxAge > 0 && maxAge <= LONGEST) return maxAge;
  cannot(`use maxAge ${shown(maxAge)}`, 'it must be milliseconds, more than 0 and at most 100 years, or "session"');
}

function checkMethods(name: string, value: unknown, methods: readonly string[]): void {
  const missing = methods.filter((method) => typeof (value as Record<string, unknown> | undefined)?.[method] !== "function");
  if (missing.length === 0) return;
  const isOfOurs = ["load", "create"].some(
    (method) => typeof (value as Record<string, unknown> | undefined)?.[method] === "function",
  );
  if (name === "store" && isOfOurs) cannot("use option store", "a store with load belongs to session of web-session-store/koa");
  const what = name === "ContextStore" ? "it must be a class with" : "it must be an object with";
  cannot(
    `use option ${name}`,
    `${what} the methods ${methods.join(", ")}; ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing`,
  );
}
