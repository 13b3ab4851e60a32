/**
 * The cookies of koa-session-store and of the compatible mode, read on any runtime during a migration.
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
  /** The option `name` that the cookies were made with. Default: `"koa:sess"`. */
  name?: string;
  /** The path and domain that the cookie was set with, so that it can be removed. Default: `"/"` and this host only. */
  cookie?: Pick<KoaCookieOptions, "path" | "domain">;
  /**
   * The idle timeout of cookies that carry no expiry, counted from when they are read. Seconds. Default: 86,400, a day.
   */
  idleTimeout?: number;
  /**
   * The store used before, if the cookies hold only an id: one with three methods, or one of this library. Only `load`
   * is called. Default: the data is in the cookie.
   */
  store?: KoaTokensStore;
  /**
   * The time in epoch seconds, for tests. If it returns anything but a finite number, OptionError is thrown. Default:
   * the clock.
   */
  now?: () => number;
}

/** A store that sessions are read from: one with three methods, or one of this library. */
export type KoaTokensStore = Pick<PlainStore, "load"> | Pick<SessionStore, "load" | "guarantees">;

/** Reads Koa's cookies, but makes none. */
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
 * A codec for the option `accept` that reads sessions from the signed cookies of a Koa application: those of
 * koa-session-store 2.0.0, or of this library with `app.keys`. It uses Web Crypto, so it runs on Workers too.
 *
 * With a store, each cookie is redeemed once, and is useless after its session ended. Without a store it stays valid,
 * even after a logout. A user whom the application marked in its data is a visitor here until `login()`.
 *
 * If the application kept its sessions in a store, pass that as `store`. Otherwise a cookie that holds only an id is
 * ignored and not removed.
 *
 * Risky if a key is easy to guess: anyone who knows one can be any of your users. Unsigned cookies are never read.
 *
 * @throws OptionError if an option or a key cannot be used. During a request, StoreError if that store fails.
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
        // Without data the session is empty, or its data is in a store that was not passed. Then the cookie must not be
        // used up.
        return opened.claims.data === "{}" && opened.claims.sub === undefined ? "claims" : proved;
      }),
    seal: codec.seal,
  });
}

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
