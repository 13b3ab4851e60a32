/**
 * Koa's cookies, those of koa-session-store and of the compatible mode, to be read on any runtime while an application moves.
 *
 * @module
 */
import { type KoaCookieOptions, koaCookie } from "../cookie/koa.ts";
import type { CookieValues } from "../cookie/parse.ts";
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import { cannot } from "../ground/errors.ts";
import { after, once } from "../ground/maybe-promise.ts";
import { checkGiven, clock, refuseUnknown, seconds } from "../ground/option-values.ts";
import type { TokenCodec } from "../token/codec.ts";
import { keygripTokens, type Signer, splitKeygripToken } from "../token/keygrip.ts";
import { storeValues } from "../token/koa-session-store-values.ts";
import { type AcceptedCodec, defineCodec } from "./define.ts";

/** How the cookies were made. */
export interface KoaTokensOptions {
  /** Koa's `app.keys`. Each of them opens cookies. */
  keys: readonly string[];
  /** The option `name` of then. Default `"koa:sess"`. */
  name?: string;
  /** The path and domain that the cookie was set with, so that it can be removed. Default: `"/"` and this host alone. */
  cookie?: Pick<KoaCookieOptions, "path" | "domain">;
  /** The hash in the signatures. Default `"sha1"`, as everywhere in Koa. */
  signatureAlgorithm?: "sha1" | "sha256";
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
const HASHES = { sha1: "SHA-1", sha256: "SHA-256" } as const;

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

/** The value, and the bytes of its signature, which tell whose key made it. Their text may be spelled in several ways. */
function identityOf(token: string): string {
  const { value, signature } = splitKeygripToken(token);
  const mac = decodeBase64url(signature);
  return `${mac === null ? "" : encodeBase64url(mac)}\n${value}`;
}

/** Checks signatures as `keygrip` makes them, with Web Crypto, whose comparison takes the same time for every wrong one. */
function verifier({ keys, signatureAlgorithm = "sha1" }: KoaTokensOptions): Signer {
  if (!Object.hasOwn(HASHES, signatureAlgorithm)) fail("signatureAlgorithm", 'it is "sha1" or "sha256"');
  if (!Array.isArray(keys) || keys.length === 0)
    fail("keys", "it must be a list of strings: what app.keys, or its Keygrip, was made of");
  if (!keys.every((key) => typeof key === "string" && key !== "")) fail("keys", "each must be a string that is not empty");
  const hmac = { name: "HMAC", hash: HASHES[signatureAlgorithm] };
  const imported = once(() =>
    Promise.all(keys.map((key) => crypto.subtle.importKey("raw", encodeUtf8(key), hmac, false, ["verify"]))),
  );

  async function index(text: string, signature: string): Promise<number> {
    const mac = decodeBase64url(signature);
    if (mac === null) return -1;
    const bytes = encodeUtf8(text);
    const proved = await Promise.all((await imported()).map((key) => crypto.subtle.verify("HMAC", key, mac, bytes)));
    return proved.indexOf(true);
  }

  function sign(): never {
    cannot("make a token", "koaTokens() reads tokens and makes none");
  }

  return { index, sign };
}

function fail(name: string, why: string): never {
  cannot(`use option ${name}`, why);
}
