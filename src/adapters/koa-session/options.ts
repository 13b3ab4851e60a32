/**
 * The options of koa-session 7: their types, and what is wrong with them.
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

/** A store of koa-session: an object with these three methods. koa-redis and the stores of koa-generic-session are some. */
export interface KoaSessionStore {
  /** The object that was set for this key; nothing when there is none. `maxAge` is in milliseconds, or `"session"`. */
  get(key: string, maxAge: never, options: never): PlainResult<object | string | null | undefined>;
  /** Keeps the object. `maxAge` is ten seconds more than the session's, in milliseconds; `changed` is false where only its end moved. */
  set(key: string, session: never, maxAge: never, options: never): PlainResult<unknown>;
  /** Drops it. Nothing to drop is fine. */
  destroy(key: string, options: never): PlainResult<unknown>;
}

/** Where the key of a session in a store is, instead of in a cookie. */
export interface ExternalKey {
  /** The key that a request brings; nothing where it brings none. */
  get(ctx: never): string | null | undefined;
  /** Gives it to the client. */
  set(ctx: never, key: string): void;
}

/** Options as koa-session 7 documents them. Durations are in milliseconds. */
export interface KoaSessionOptions
  extends Pick<
    KoaCookieOptions,
    "domain" | "path" | "expires" | "priority" | "partitioned" | "httpOnly" | "overwrite" | "signed"
  > {
  /** The cookie's name. Default `"koa.sess"`. */
  key?: string;
  /** How long a session lasts after it was last saved; `"session"`: as long as the browser runs, and its data has no end. Default 86,400,000: a day. */
  maxAge?: number | "session" | null | undefined;
  /** Whether the session is committed when the middleware is done. Default true. False: call `ctx.session.manuallyCommit()`. */
  autoCommit?: boolean | null;
  /** Saves the session at every request, so that it ends `maxAge` after the last one. Default false. */
  rolling?: boolean;
  /** The same only when less than half of `maxAge` is left. Default false. */
  renew?: boolean;
  /** Whether only https carries the cookie. Default: when the request came by https. */
  secure?: boolean | null | undefined;
  /** When the cookie goes along with requests from other sites. Default: not said, which browsers take for `"lax"`, or nearly. */
  sameSite?: KoaCookieOptions["sameSite"] | undefined;
  /** Keeps the data, so that the cookie holds a key. Default: the data is in the cookie, and anyone who sees it can read it. */
  store?: KoaSessionStore | null | undefined;
  /** A class whose object, made with the context of each request, is the store. */
  // biome-ignore lint/suspicious/noExplicitAny: it may take any context.
  ContextStore?: (new (ctx: any) => KoaSessionStore) | null | undefined;
  /** Where the key is, instead of in the cookie. Risky: nothing is signed then, and whoever knows a key has its session. */
  externalKey?: ExternalKey | null | undefined;
  /** How an object becomes the cookie's value. Default: JSON in base64. */
  encode?: ((session: Record<string, unknown>) => string) | undefined;
  /** The other way. What it throws for is no session. */
  decode?: ((value: string) => unknown) | undefined;
  /** The key of a new session in the store. Default: 24 random bytes. Risky where keys can be guessed. */
  // biome-ignore lint/suspicious/noExplicitAny: it may take any context.
  genid?: ((ctx: any) => string) | undefined;
  /** What such a key begins with; not with `genid`. */
  prefix?: string | undefined;
  /** Whether a session is used that was found. Gets it with `_expire` and `_maxAge`. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  valid?: ((ctx: any, session: any) => unknown) | undefined;
  /** Is called before a session is saved, and may change it. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  beforeSave?: ((ctx: any, session: any) => unknown) | undefined;
  /** Not one of koa-session: is told what happens to sessions. */
  onEvent?: ((event: SessionEvent) => void) | undefined;
}

/** The options, with what is left out. */
export interface Settled extends KoaSessionOptions {
  readonly key: string;
  readonly maxAge: number | "session";
  readonly signed: boolean;
  readonly cookie: KoaCookieOptions;
  /** When the cookie of a session ends, where that is not after `maxAge`. */
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
/** So that the sum with the time is a date. A hundred years, in milliseconds. */
const DAY = 24 * 60 * 60 * 1000;
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

/** Checks options, and fills in what is left out. The caller's object is not changed. @throws OptionError for what cannot be used */
export function settleOptions(given: KoaSessionOptions): Settled {
  checkGiven(given, "session", "{ key }, app");
  refuseUnknown(given, KNOWN, [ADVICE]);
  // Null stood for what is left out.
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
  // A day that the application has set counts where it says no maxAge.
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

/** How long a session lasts; a day where nothing is said, as for koa-session. @throws OptionError for what is no duration */
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
