/**
 * Koa's cookies, those of koa-session-store and of the compatible mode, to be read on any runtime while an application moves.
 *
 * @module
 */
import { type KoaCookieOptions, koaCookie } from "../cookie/koa.ts";
import type { CookieValues } from "../cookie/parse.ts";
import { cannot } from "../ground/errors.ts";
import { after } from "../ground/maybe-promise.ts";
import { checkGiven, clock, refuseUnknown, seconds } from "../ground/option-values.ts";
import { isMoved } from "../session/record.ts";
import type { SessionStore } from "../stored/contract.ts";
import type { PlainStore } from "../stores/bridges/plain.ts";
import { settled } from "../stores/bridges/settled.ts";
import type { Opened, TokenCodec, TokenFault } from "../token/codec.ts";
import { keygripTokens, splitKeygripToken } from "../token/keygrip.ts";
import { storeValues } from "../token/koa-session-store-values.ts";
import { type AcceptedCodec, defineCodec } from "./define.ts";
import { fitsHere, fromStore, identityOf, type KeygripKeys, verifier } from "./keygrip.ts";

export type { KeygripKeys } from "./keygrip.ts";

/** How the cookies were made. */
export interface KoaTokensOptions extends KeygripKeys {
  /** The option `name` that the cookies were made with. Default `"koa:sess"`. */
  name?: string;
  /** The path and domain that the cookie was set with, so that it can be removed. Default: `"/"` and this host alone. */
  cookie?: Pick<KoaCookieOptions, "path" | "domain">;
  /** For cookies that do not say when they end: seconds without use until they do, once read. Default 86,400: a day. */
  idleTimeout?: number;
  /**
   * Where those sessions are, if their cookies hold the id alone: the store that was used before, of three methods or one of this library. Only `load` is
   * called. Default: the data is in the cookie.
   */
  store?: KoaTokensStore;
  /** The time in epoch seconds, a finite number: any other throws OptionError when it is asked for. For tests. Default: the clock. */
  now?: () => number;
}

/** A store that sessions are read from: of three methods, or one of this library. */
export type KoaTokensStore = Pick<PlainStore, "load"> | Pick<SessionStore, "load" | "guarantees">;

/** Reads Koa's cookies; makes none. */
export interface KoaTokens extends TokenCodec {
  /** The pairs of value and signature in a Cookie header. */
  find(header: string | null, name: string): CookieValues;
  /** The Set-Cookie lines that remove both cookies. */
  clear(): string[];
}

const KNOWN: ReadonlySet<string> = new Set<keyof KoaTokensOptions>([
  ...(["keys", "name", "cookie", "signatureAlgorithm", "idleTimeout", "store", "now"] as const),
]);
const DAY = 86_400;

/**
 * A codec for the option `accept`, which reads sessions that a Koa application keeps in signed cookies: with koa-session-store
 * 2.0.0, or with this library and `app.keys`. It runs on Web Crypto, so a Worker can read them too.
 *
 * Where there is a store, each cookie is redeemed once: after the logout or end of its session it brings nobody, though it says no end
 * itself. Without a store it stays good, also after a logout. A user whom the application marked in its data is a visitor here until `login()`.
 *
 * What such an application kept in a store is not in its cookies: give that store, too, and its sessions are read from there. Without it a cookie
 * that holds an id alone is no session, and stays.
 *
 * Risky where a key is easy to guess: whoever knows one can be any of your users. Cookies without a signature are never read.
 *
 * @throws OptionError when an option or a key cannot be used. StoreError, at a request, when that store fails.
 *
 * @see https://github.com/crypto-utils/keygrip
 *
 * @example
 * ```ts
 * const sessions = createSessions({ secrets: SECRET, accept: [koaTokens({ keys: [env.APP_KEY] })] });
 * ```
 */
export function koaTokens(options: KoaTokensOptions): AcceptedCodec<KoaTokens> {
  checkGiven(options, "koaTokens", "{ keys }");
  refuseUnknown(options, KNOWN);
  const { name = "koa:sess", store } = options;
  if (store !== undefined && typeof store.load !== "function")
    cannot("use option store", "it must be an object with the method load");
  const now = clock(options.now);
  const idleTimeout = seconds("idleTimeout", options.idleTimeout ?? DAY, 1);
  const timeouts = { idleTimeout, absoluteTimeout: Number.POSITIVE_INFINITY, touchEvery: 0 };
  const { clear } = koaCookie(name, options.cookie ?? {}, false, now, splitKeygripToken);
  const codec = keygripTokens({ name, signer: verifier(options), values: storeValues(timeouts, now) });
  return defineCodec<KoaTokens>({
    name: `koa:${name}`,
    find: (header) => codec.find?.(header, name) as CookieValues,
    clear,
    open: (token) =>
      after(codec.open(token), (opened) => {
        if (typeof opened === "string") return opened;
        const proved = { ...opened, identity: identityOf(token) };
        if (store !== undefined) return withData(proved, store, now);
        // Without data it is a session of nothing, or one whose data is in a store that is not given here: then it must not be used up.
        return opened.claims.data === "{}" && opened.claims.sub === undefined ? "claims" : proved;
      }),
    seal: codec.seal,
  });
}

/** The same with what the store has for it. */
async function withData(opened: Opened, store: KoaTokensStore, now: () => number): Promise<Opened | TokenFault> {
  const { claims } = opened;
  if (!("guarantees" in store)) {
    const data = await fromStore(() => settled((store as Pick<PlainStore, "load">).load(claims.sid)));
    return data && fitsHere(data) ? { ...opened, claims: { ...claims, data } } : "claims";
  }
  const record = await fromStore(() => store.load({ id: claims.sid }, { now: now() }));
  if (record === null || isMoved(record) || record.expiresAt <= now()) return "claims";
  const { data, subject, startedAt, expiresAt } = record;
  const exp = Math.min(claims.exp, expiresAt);
  return { ...opened, claims: { ...claims, start: startedAt, exp, data, ...(subject !== undefined && { sub: subject }) } };
}
