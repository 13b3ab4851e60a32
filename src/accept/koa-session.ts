/**
 * koa-session's cookies, and what it keeps in a store, to be read on any runtime while an application moves.
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
  /** The option `key` that the cookies were made with. Default `"koa.sess"`. */
  key?: string;
  /** The path and domain that the cookie was set with, so that it can be removed. Default: `"/"` and this host alone. */
  cookie?: Pick<KoaCookieOptions, "path" | "domain">;
  /**
   * The store that was used before, where the cookie holds a key. Only `get` is called: `get(key, maxAge, { ctx: undefined, rolling: false })`, since there is no Koa here. Default:
   * the session is in the cookie.
   */
  store?: { get(key: string, maxAge: never, options: never): PlainResult<object | string | null | undefined> };
  /** The option `decode` that was used before. Default: JSON in base64. */
  decode?: (value: string) => unknown;
  /** For sessions that do not say when they end: seconds without use until they do, once read. Default 86,400: a day. */
  idleTimeout?: number;
  /** The time in epoch seconds, a finite number: any other throws OptionError when it is asked for. For tests. Default: the clock. */
  now?: () => number;
}

/** Reads koa-session's cookies; makes none. */
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
 * A codec for the option `accept`, which reads sessions of koa-session 7, and of `web-session-store/koa-session`: in signed cookies, or in the store
 * that was used before. It runs on Web Crypto, so a Worker can read them too.
 *
 * Where there is a store now, and was one then, each key is redeemed once: after the logout or end of its session it brings nobody. Without a store,
 * then or now, the old cookie stays good until it ends: a cookie that koa-session made itself names neither a user nor a session, so it is copied each
 * time it comes. A user whom the application marked in its data, as passport does, is a visitor here until `login()`.
 *
 * Risky where a key is easy to guess: whoever knows one can be any of your users. Cookies without a signature are never read.
 *
 * @throws OptionError when an option or a key cannot be used. StoreError, at a request, when that store fails.
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

  /** @param key That of the store. */
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
    // What cannot be saved would be an error at each request of its visitor.
    if (!fitsHere(data)) return "claims";
    const claims = { sid, start, iat: saved, exp, data, ...(typeof sub === "string" && { sub }) };
    // Two visitors may have the very same cookie where nothing in it is one session's alone.
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
