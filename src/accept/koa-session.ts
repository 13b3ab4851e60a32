/**
 * The sessions of koa-session, in cookies or in a store, read on any runtime during a migration.
 *
 * @module
 */
import { type KoaCookieOptions, koaCookie } from "../cookie/koa.ts";
import type { CookieValues } from "../cookie/parse.ts";
import { cannot } from "../ground/errors.ts";
import type { JsonObject } from "../ground/json.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { checkGiven, clock, refuseUnknown, seconds } from "../ground/option-values.ts";
import { isSessionId, newSessionId } from "../ground/session-id.ts";
import { type PlainResult, settled } from "../stores/bridges/settled.ts";
import type { Opened, TokenCodec, TokenFault } from "../token/codec.ts";
import { keygripTokens, splitKeygripToken } from "../token/keygrip.ts";
import { dataOf, decodeValue, jsonOf, stampsOf } from "../token/koa-session-values.ts";
import { type AcceptedCodec, defineCodec } from "./define.ts";
import { fitsHere, fromStore, identityOf, type KeygripKeys, verifier } from "./keygrip.ts";

export type { KeygripKeys } from "./keygrip.ts";

/** How the cookies were made. */
export interface KoaSessionTokensOptions extends KeygripKeys {
  /** The option `key` that the cookies were made with. Default: `"koa.sess"`. */
  key?: string;
  /** The path and domain that the cookie was set with, so that it can be removed. Default: `"/"` and this host only. */
  cookie?: Pick<KoaCookieOptions, "path" | "domain">;
  /**
   * The store used before, if the cookies hold a key. Only `get` is called, as `get(key, maxAge, { ctx: undefined,
   * rolling: false })`, as there is no Koa here. Default: the session is in the cookie.
   */
  store?: { get(key: string, maxAge: never, options: never): PlainResult<object | string | null | undefined> };
  /** The option `decode` used before. Default: JSON in base64. */
  decode?: (value: string) => unknown;
  /**
   * The idle timeout of sessions that carry no expiry, counted from when they are read. Seconds. Default: 86,400, a
   * day.
   */
  idleTimeout?: number;
  /**
   * The time in epoch seconds, for tests. If it returns anything but a finite number, OptionError is thrown. Default:
   * the clock.
   */
  now?: () => number;
}

/** Reads koa-session's cookies, but makes none. */
export interface KoaSessionTokens extends TokenCodec {
  /** The pairs of value and signature in a Cookie header. */
  find(header: string | null, name: string): CookieValues;
  /** The Set-Cookie lines that remove both cookies. */
  clear(): string[];
}

const KNOWN: ReadonlySet<string> = new Set<keyof KoaSessionTokensOptions>([
  ...(["keys", "signatureAlgorithm", "key", "cookie", "store", "decode", "idleTimeout", "now"] as const),
]);
const DAY = 86_400;

/**
 * A codec for the option `accept` that reads sessions of koa-session 7 and of `web-session-store/koa-session`, from
 * signed cookies or from the store used before. It uses Web Crypto, so it runs on Workers too.
 *
 * With a store both before and now, each key is redeemed once, and is useless after its session ended. Otherwise the
 * old cookie stays valid until it expires: a cookie made by koa-session itself names neither a user nor a session, so
 * it is copied each time. A user whom the application marked in its data, as passport does, is a visitor here until
 * `login()`.
 *
 * Risky if a key is easy to guess: anyone who knows one can be any of your users. Unsigned cookies are never read.
 *
 * @throws OptionError if an option or a key cannot be used. During a request, StoreError if that store fails.
 *
 * @example
 * ```ts
 * const accept = [koaSessionTokens({ keys: [env.APP_KEY], store: oldStore })];
 * const sessions = createSessions({ secrets: SECRET, store, accept });
 * ```
 */
export function koaSessionTokens(options: KoaSessionTokensOptions): AcceptedCodec<KoaSessionTokens> {
  checkGiven(options, "koaSessionTokens", "{ keys }");
  refuseUnknown(options, KNOWN);
  const { key: name = "koa.sess", store, decode = decodeValue } = options;
  if (store !== undefined && typeof store.get !== "function")
    cannot("use option store", "it must be an object with the method get");
  if (typeof decode !== "function") cannot("use option decode", "it must be a function");
  const now = clock(options.now);
  const idleTimeout = seconds("idleTimeout", options.idleTimeout ?? DAY, 1);
  const { clear } = koaCookie(name, options.cookie ?? {}, false, now, splitKeygripToken);

  function read(value: string): MaybePromise<Opened | TokenFault> {
    if (store === undefined) return openedFrom(decodedBy(decode, value), undefined);
    const asked = { ctx: undefined, rolling: false } as never;
    return fromStore(() => settled(store.get(value, (idleTimeout * 1000) as never, asked))).then((found) =>
      openedFrom(jsonOf(found), value),
    );
  }

  /** @param key The key in the store, if there is a store. */
  function openedFrom(json: JsonObject | null, key: string | undefined): Opened | TokenFault {
    if (json === null) return key === undefined ? "malformed" : "claims";
    const { _expire, _maxAge } = stampsOf(json);
    const { _sid, _sub: sub, _start } = json;
    const exp = _expire === undefined ? now() + idleTimeout : Math.floor(_expire / 1000);
    const saved = _expire !== undefined && _maxAge !== undefined ? Math.floor((_expire - _maxAge) / 1000) : now();
    const start = typeof _start === "number" ? _start : saved;
    if (!Number.isSafeInteger(exp) || !Number.isSafeInteger(start)) return "claims";
    const sid = isSessionId(_sid) ? _sid : newSessionId();
    const data = JSON.stringify(dataOf(json));
    // Data too large to save would fail every request of its visitor.
    if (!fitsHere(data)) return "claims";
    const claims = { sid, start, iat: saved, exp, data, ...(typeof sub === "string" && { sub }) };
    // If nothing in the cookie is unique to one session, two visitors may have the same cookie.
    const isNamed = key !== undefined || isSessionId(_sid) || typeof sub === "string";
    return { claims, ...(!isNamed && { identity: null }), ...(_expire === undefined && { endless: true }) };
  }

  const codec = keygripTokens({ name, signer: verifier(options), values: { read, write: noValue } });
  return defineCodec<KoaSessionTokens>({
    name: `koa-session:${name}`,
    find: (header) => codec.find?.(header, name) as CookieValues,
    clear,
    open: (token) =>
      after(codec.open(token), (opened) => {
        if (typeof opened === "string" || opened.identity === null) return opened;
        return { ...opened, identity: identityOf(token) };
      }),
    seal: codec.seal,
  });
}

function decodedBy(decode: (value: string) => unknown, value: string): JsonObject | null {
  try {
    return jsonOf(decode(value));
  } catch {
    return null;
  }
}

function noValue(): never {
  cannot("make a token", "this codec only reads them");
}
