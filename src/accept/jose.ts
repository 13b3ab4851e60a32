/**
 * Tokens of other software, read through jose.
 *
 * @module
 */
import { compactDecrypt, compactVerify, type JWSHeaderParameters, type JWTPayload } from "jose";
import { type CookieValues, cookieValues } from "../cookie/parse.ts";
import { baseName, type Cookie, createCookie } from "../cookie/serialize.ts";
import { decodeBase64url, decodeUtf8 } from "../ground/encoding.ts";
import { cannot } from "../ground/errors.ts";
import { checkGiven, refuseUnknown } from "../ground/option-values.ts";
import type { Opened, TokenCodec, TokenFault } from "../token/codec.ts";
import { type AcceptedCodec, defineCodec } from "./define.ts";
import { claimsFrom, type ForeignClaims, namesSession, parseObject, readPayload, sameClaims } from "./foreign-claims.ts";
import {
  checkAlgorithms,
  codeOf,
  copyOfKey,
  type GetKey,
  type JoseKey,
  type KeyHint,
  keyFrom,
  keyProblem,
  nameOfKey,
} from "./jose-keys.ts";

export type { ForeignClaims } from "./foreign-claims.ts";
export type { GetKey, JoseKey, KeyHint } from "./jose-keys.ts";

/** Which tokens are read, and how. */
export interface JoseTokensOptions {
  /**
   * What the tokens may be signed with, such as `["RS256"]`, or with `encryption` how their key is wrapped, such as `["dir"]`.
   * What a token says of itself selects among these and nothing else. Not possible: `none`, and encryption by a public key, since
   * anybody can make such tokens; secrets and public keys in one list; `PBES2`.
   */
  algorithms: readonly string[];
  /** What the tokens may be encrypted with, such as `["A256GCM"]`. Default: they are signed. */
  encryption?: readonly string[];
  /** The key: a secret for `HS*`, of at least 32 bytes, and for encryption; else the public key. */
  key?: JoseKey;
  /**
   * In the place of `key`: finds the key for a token, such as jose's `createRemoteJWKSet(url)`. Null and undefined: there is none. A key
   * that is not of the right kind opens nothing. What it throws makes the request fail, unless it is jose's word that no key fits.
   */
  getKey?: GetKey;
  /**
   * The cookie that the tokens stand in: its name, also with the `path` and `domain` it was set with, so that it can be removed when
   * the session ends. Default: the session's own cookie, that of visitors.
   */
  cookie?: string | ForeignCookie;
  /**
   * Makes claims of what a proved token says; null for one that is no session. Check `iss` and `aud` here, where one key signs for
   * several purposes. What it throws makes the token invalid. Default: the token says `start`, `exp`, `sub`, `data` itself.
   */
  claims?: (payload: JWTPayload, header: JWSHeaderParameters) => ForeignClaims | null;
  /** The type that the token's header must have, without `application/`. Default: any. */
  typ?: string;
}

/** A cookie of other software. */
export interface ForeignCookie {
  /** The name as it stands, prefix included. */
  readonly name: string;
  /** Default `"/"`. */
  readonly path?: string;
  /** Default: none. */
  readonly domain?: string;
}

/** Reads tokens of other software; makes none. */
export interface JoseTokens extends TokenCodec {
  /** The tokens in a Cookie header. `name` is the session's own cookie, that of visitors. */
  find(header: string | null, name: string): CookieValues;
  /** The Set-Cookie lines that remove the cookie; none when it is the session's own. */
  clear(): string[];
}

const KNOWN: ReadonlySet<string> = new Set<keyof JoseTokensOptions>([
  ...(["algorithms", "encryption", "key", "getKey", "cookie", "claims", "typ"] as const),
]);

/**
 * A codec for the option `accept`, which reads sessions that other software made: JWS and JWE in compact form, made with a
 * secret or signed with a private key. It needs the package `jose`.
 *
 * A token that gives a `sub` or `sid`, or has a `jti`, is redeemed once where there is a store: under a hash of what is signed or
 * encrypted, and never under its `sid`. Others are copied each time.
 *
 * Risky: whoever can make such a token can be any of your users that `claims` lets it name. A session that was read is kept like your
 * own from then on. Without a store the token stays good until it ends, also after a logout.
 *
 * @throws OptionError when an algorithm proves nothing, or a key does not fit.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8725 JSON Web Token Best Current Practices
 *
 * @example
 * ```ts
 * const old = joseTokens({
 *   cookie: "sid",
 *   algorithms: ["HS256"],
 *   key: new TextEncoder().encode(OLD_SECRET),
 *   claims: ({ iat, exp, sub, cart }) => ({ start: iat, exp, sub, data: { cart } }),
 * });
 * const sessions = createSessions({ secrets: SECRET, accept: [old] });
 * ```
 */
export function joseTokens(options: JoseTokensOptions): AcceptedCodec<JoseTokens> {
  const settled = settle(options);
  const { cookie } = settled;
  const { claims = sameClaims } = options;

  async function open(token: string): Promise<Opened | TokenFault> {
    const found = readToken(token, settled);
    if (typeof found === "string") return found;
    const key = await settled.keyFor(found.hint);
    if (!key) return "unknown-key";
    const proved = await prove(token, key, settled);
    if (typeof proved === "string") return proved;
    const payload = readPayload(decodeUtf8(proved));
    const said = payload && attempt(() => claims(payload, found.header));
    if (!payload || !said) return "claims";
    // A signature, and a wrapped key, may have several spellings; what they prove has one.
    const isSigned = settled.encryption === undefined;
    const text = isSigned
      ? token.slice(0, token.lastIndexOf("."))
      : `${token.slice(0, token.indexOf("."))}.${decodeUtf8(proved)}`;
    const made = await claimsFrom(said, payload, text);
    if (made === null) return "claims";
    const identity = namesSession(said, payload)
      ? JSON.stringify([(await nameOfKey(key)) || (cookie?.name ?? ""), payload.iss ?? null, text])
      : null;
    return { claims: made, olderKey: found.hint.kid ?? found.hint.alg, identity };
  }

  function seal(): never {
    cannot("make a token", "joseTokens() only reads them; it put it in accept");
  }

  return defineCodec<JoseTokens>({
    name: "jose",
    find: (header, name) => cookieValues(header, cookie?.name ?? name),
    clear: () => cookie?.clear() ?? [],
    open,
    seal,
  });
}

interface Settled {
  readonly cookie: Cookie | undefined;
  readonly algorithms: string[];
  readonly encryption: string[] | undefined;
  readonly typ: string | undefined;
  keyFor(hint: KeyHint): Promise<JoseKey | null>;
}

function settle(options: JoseTokensOptions): Settled {
  checkGiven(options, "joseTokens", "{ cookie, algorithms, key }");
  refuseUnknown(options, KNOWN);
  const { algorithms, encryption, key, getKey, cookie, claims, typ } = options;
  checkAlgorithms(algorithms, encryption);
  for (const [name, value] of Object.entries({ getKey, claims })) {
    if (value !== undefined && typeof value !== "function") fail(name, "it must be a function");
  }
  if (typ !== undefined && (typeof typ !== "string" || typ === "")) fail("typ", "it must be a media type, such as JWT");
  if ((key === undefined) === (getKey === undefined)) fail("key", "give either key or getKey");
  const problem = key === undefined ? undefined : keyProblem(key, algorithms);
  if (problem !== undefined) fail("key", problem);
  const pinned = [...algorithms];
  const own = key && copyOfKey(key);
  const keyFor = async (hint: KeyHint) => own ?? keyFrom(getKey as GetKey, hint, pinned);
  return { cookie: settleCookie(cookie), algorithms: pinned, encryption: encryption && [...encryption], typ, keyFor };
}

/** The name stays as it is: without `secure`, no prefix is put before it. */
function settleCookie(cookie: JoseTokensOptions["cookie"]): Cookie | undefined {
  if (cookie === undefined) return undefined;
  const { name, ...place } = typeof cookie === "string" ? { name: cookie } : cookie;
  return createCookie(name, { ...place, secure: baseName(name) !== name });
}

function fail(name: string, why: string): never {
  cannot(`use option ${name}`, why);
}

interface Found {
  readonly header: JWSHeaderParameters;
  readonly hint: KeyHint;
}

/** The token's header, if the token has the form and is made as it is pinned. Nothing is proved yet. */
function readToken(token: string, { algorithms, encryption, typ }: Settled): Found | TokenFault {
  const parts = token.split(".", 6).map(decodeBase64url);
  const header = parts[0] && parseObject(decodeUtf8(parts[0]));
  if (parts.length !== (encryption === undefined ? 3 : 5) || parts.includes(null) || !header) return "malformed";
  const { alg, enc, kid } = header;
  // An extension that must be understood: there is none. What is compressed may be any size.
  if ("crit" in header || "zip" in header || !(kid === undefined || typeof kid === "string")) return "malformed";
  if (typeof alg !== "string" || !algorithms.includes(alg)) return "unknown-key";
  if (encryption !== undefined && !(typeof enc === "string" && encryption.includes(enc))) return "unknown-key";
  if (typ !== undefined && mediaType(header.typ) !== mediaType(typ)) return "unknown-key";
  const named = kid === undefined ? {} : { kid };
  return {
    header: header as JWSHeaderParameters,
    hint: encryption === undefined ? { alg, ...named } : { alg, enc: enc as string, ...named },
  };
}

/** RFC 7515, section 4.1.9: `application/` may be left out, and case does not count. */
function mediaType(typ: unknown): string | undefined {
  return typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : undefined;
}

async function prove(token: string, key: JoseKey, settled: Settled): Promise<Uint8Array | TokenFault> {
  const { algorithms, encryption } = settled;
  try {
    if (encryption === undefined) return (await compactVerify(token, key, { algorithms })).payload;
    const pinned = { keyManagementAlgorithms: algorithms, contentEncryptionAlgorithms: encryption };
    return (await compactDecrypt(token, key, pinned)).plaintext;
  } catch (error) {
    return FAULTS[codeOf(error)] ?? "unknown-key";
  }
}

/** What jose's errors mean. Others say that the key is not for this algorithm. */
const FAULTS: Record<string, TokenFault> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "forged",
  ERR_JWE_DECRYPTION_FAILED: "forged",
  ERR_JWS_INVALID: "malformed",
  ERR_JWE_INVALID: "malformed",
};

/** A mapping that meets what it does not expect has met no session. */
function attempt<Value>(map: () => Value): Value | null {
  try {
    return map();
  } catch {
    return null;
  }
}
