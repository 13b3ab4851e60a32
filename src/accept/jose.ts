/**
 * Tokens of other software, read with jose.
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
   * The algorithms that may sign the tokens, such as `["RS256"]`, or with `encryption` those that may wrap their key,
   * such as `["dir"]`. A token's header can only select among these. Refused: `none` and encryption with a public key,
   * as anybody can make such tokens; `PBES2`; and secrets and public keys in one list.
   */
  algorithms: readonly string[];
  /** The algorithms that may encrypt the tokens, such as `["A256GCM"]`. Default: the tokens are signed. */
  encryption?: readonly string[];
  /** The key: for `HS*` a secret of at least 32 bytes, for encryption a secret, otherwise the public key. */
  key?: JoseKey;
  /**
   * Finds the key for a token, instead of `key`: for example jose's `createRemoteJWKSet(url)`. Null or undefined means
   * that there is none. A key of the wrong kind opens nothing. If it throws, the request fails, except for jose's own
   * errors that no key fits.
   */
  getKey?: GetKey;
  /**
   * The tokens' cookie: its name, or an object that also has the `path` and `domain` it was set with, so that it can be
   * removed when the session ends. Default: the session's own cookie, the one for visitors.
   */
  cookie?: string | ForeignCookie;
  /**
   * Maps a verified token to claims, or to null if it is not a session. Check `iss` and `aud` here if one key signs for
   * several purposes. If it throws, the token is invalid. Default: the token's own `start`, `exp`, `sub` and `data`.
   */
  claims?: (payload: JWTPayload, header: JWSHeaderParameters) => ForeignClaims | null;
  /** The `typ` that the token's header must have, without `application/`. Default: any. */
  typ?: string;
}

/** A cookie of other software. */
export interface ForeignCookie {
  /** The full name, including a prefix. */
  readonly name: string;
  /** Default: `"/"`. */
  readonly path?: string;
  /** Default: none. */
  readonly domain?: string;
}

/** Reads tokens of other software, but makes none. */
export interface JoseTokens extends TokenCodec {
  /** The tokens in a Cookie header. `name` is the session's own cookie, the one for visitors. */
  find(header: string | null, name: string): CookieValues;
  /** The Set-Cookie lines that remove the cookie. None if it is the session's own. */
  clear(): string[];
}

const KNOWN: ReadonlySet<string> = new Set<keyof JoseTokensOptions>([
  ...(["algorithms", "encryption", "key", "getKey", "cookie", "claims", "typ"] as const),
]);

/**
 * A codec for the option `accept` that reads sessions made by other software: JWS and JWE in compact form, made with a
 * secret or signed with a private key. It needs the package `jose`.
 *
 * With a store, a token is redeemed once if `claims` returns a `sub` or `sid` for it, or if it has a `sid` or `jti`:
 * under a hash of the signed or encrypted content, never under its `sid`. Other tokens are copied each time.
 *
 * Risky: anyone who can make such a token can be any user that `claims` lets it name. Once read, the session is kept
 * like your own. Without a store, the token stays valid until it expires, even after a logout.
 *
 * @throws OptionError if an algorithm proves nothing or a key does not fit.
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
    // Signatures and wrapped keys can be spelled in several ways. What they prove has one spelling.
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
    cannot("make a token", "joseTokens() only reads them. Use it in option accept.");
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

/** Without `secure`, the name gets no prefix. */
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

/** The token's header, if the token is well-formed and uses the pinned algorithms. Nothing is verified yet. */
function readToken(token: string, { algorithms, encryption, typ }: Settled): Found | TokenFault {
  const parts = token.split(".", 6).map(decodeBase64url);
  const header = parts[0] && parseObject(decodeUtf8(parts[0]));
  if (parts.length !== (encryption === undefined ? 3 : 5) || parts.includes(null) || !header) return "malformed";
  const { alg, enc, kid } = header;
  // No `crit` extension is supported, and compressed content may expand to any size.
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

/** RFC 7515, section 4.1.9: `application/` is optional, and case does not matter. */
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

/** jose's errors by code. All others mean that the key does not fit the algorithm. */
const FAULTS: Record<string, TokenFault> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "forged",
  ERR_JWE_DECRYPTION_FAILED: "forged",
  ERR_JWS_INVALID: "malformed",
  ERR_JWE_INVALID: "malformed",
};

/** A mapping that throws has found no session. */
function attempt<Value>(map: () => Value): Value | null {
  try {
    return map();
  } catch {
    return null;
  }
}
