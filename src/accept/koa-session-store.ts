/**
 * Koa's cookies, those of koa-session-store and of the compatible mode, to be read on any runtime while an application moves.
 *
 * @module
 */
import { type KoaCookieOptions, koaCookie } from "../cookie/koa.ts";
import type { CookieValues } from "../cookie/parse.ts";
import { after } from "../ground/maybe-promise.ts";
import { checkGiven, clock, refuseUnknown, seconds } from "../ground/option-values.ts";
import type { TokenCodec } from "../token/codec.ts";
import { keygripTokens, splitKeygripToken } from "../token/keygrip.ts";
import { storeValues } from "../token/koa-session-store-values.ts";
import { type AcceptedCodec, defineCodec } from "./define.ts";
import { identityOf, type KeygripKeys, verifier } from "./keygrip.ts";

/** How the cookies were made. */
export interface KoaTokensOptions extends KeygripKeys {
  /** The option `name` of then. Default `"koa:sess"`. */
  name?: string;
  /** The path and domain that the cookie was set with, so that it can be removed. Default: `"/"` and this host alone. */
  cookie?: Pick<KoaCookieOptions, "path" | "domain">;
  /** For cookies that do not say when they end: seconds without use until they do, once read. Default 86,400: a day. */
  idleTimeout?: number;
  /** The time in epoch seconds, a finite number: any other throws OptionError when it is asked for. For tests. Default: the clock. */
  now?: () => number;
}

/** Reads Koa's cookies; makes none. */
export interface KoaTokens extends TokenCodec {
  /** The pairs of value and signature in a Cookie header. */
  find(header: string | null, name: string): CookieValues;
  /** The Set-Cookie lines that remove both cookies. */
  clear(): string[];
}

const KNOWN: ReadonlySet<string> = new Set<keyof KoaTokensOptions>([
  ...(["keys", "name", "cookie", "signatureAlgorithm", "idleTimeout", "now"] as const),
]);
const DAY = 86_400;

/**
 * A codec for the option `accept`, which reads sessions that a Koa application keeps in signed cookies: with koa-session-store
 * 2.0.0, or with this library and `app.keys`. It runs on Web Crypto, so a Worker can read them too.
 *
 * Where there is a store, each cookie is redeemed once: after the logout or end of its session it brings nobody, though it says no end
 * itself. Without a store it stays good, also after a logout. A user whom the application marked in its data is a visitor here until `login()`.
 *
 * What such an application kept in a store is not in its cookies: read here, they are sessions without data. Load the data in a codec of
 * your own around this one, as docs/migrating.md shows, or stay with `app.keys` until those sessions have ended.
 *
 * Risky where a key is easy to guess: whoever knows one can be any of your users. Cookies without a signature are never read.
 *
 * @throws OptionError when an option or a key cannot be used.
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
  const { name = "koa:sess" } = options;
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
      after(codec.open(token), (opened) => (typeof opened === "string" ? opened : { ...opened, identity: identityOf(token) })),
    seal: codec.seal,
  });
}
