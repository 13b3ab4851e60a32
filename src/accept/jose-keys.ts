/**
 * Algorithms and keys of other software's tokens: which may be pinned, and which key fits.
 *
 * @module
 */
import { calculateJwkThumbprint, exportJWK, type JWK } from "jose";
import { cannot, OptionError } from "../ground/errors.ts";

/**
 * A key in jose's forms. For `HS*` and for encryption, a secret: bytes, a JWK of type `oct`, or a CryptoKey. Otherwise
 * a public key: a JWK or a CryptoKey.
 */
export type JoseKey = CryptoKey | JWK | Uint8Array;

/**
 * What a token may say about its key. A key inside a token is never used. A type rather than an interface, so that
 * jose's key sets accept it.
 */
export type KeyHint = {
  /** One of `algorithms`. */
  readonly alg: string;
  /** One of `encryption`, if that is set. */
  readonly enc?: string;
  /** The key's id in the token's header. */
  readonly kid?: string;
};

/** Returns the key for a token, or null or undefined if there is none. */
export type GetKey = (hint: KeyHint) => JoseKey | null | undefined | Promise<JoseKey | null | undefined>;

const SIGNED_BY_SECRET = /^HS(256|384|512)$/;
const SIGNED_BY_PAIR = /^([RPE]S(256|384|512)|EdDSA|Ed25519|ML-DSA-(44|65|87))$/;
const ENCRYPTED_BY_SECRET = /^(dir|A(128|192|256)(GCM)?KW)$/;
const ENCRYPTED_BY_PUBLIC_KEY = /^(RSA|ECDH)/;
const CONTENT = /^(A(128|192|256)GCM|A128CBC-HS256|A192CBC-HS384|A256CBC-HS512)$/;
/** RFC 7518, section 3.2: a key for HS256 has at least as many bytes as the hash. */
const MIN_SECRET_BYTES = 32;

/** Without `encryption`, the algorithms must sign. @throws OptionError unless they prove together who made a token. */
export function checkAlgorithms(algorithms: unknown, encryption: unknown): void {
  const wanted = checkList("algorithms", algorithms);
  if (encryption === undefined) {
    checkSigning(wanted);
    return;
  }
  const content = checkList("encryption", encryption).find((enc) => !CONTENT.test(enc));
  if (content !== undefined) refuse("encryption", content, "it is not a content encryption, such as A256GCM");
  for (const alg of wanted) {
    if (ENCRYPTED_BY_PUBLIC_KEY.test(alg)) refuse("algorithms", alg, "anybody can make such a token with the public key");
    if (alg.startsWith("PBES2")) refuse("algorithms", alg, "each token would decide how much work it causes");
    if (!ENCRYPTED_BY_SECRET.test(alg))
      refuse("algorithms", alg, "it does not encrypt. For signed tokens, leave out encryption.");
  }
}

function checkSigning(wanted: readonly string[]): void {
  for (const alg of wanted) {
    if (alg.toLowerCase() === "none") refuse("algorithms", alg, "anybody can make an unsigned token");
    if (SIGNED_BY_SECRET.test(alg) || SIGNED_BY_PAIR.test(alg)) continue;
    refuse("algorithms", alg, "it does not sign. For encrypted tokens, set encryption too.");
  }
  // If a public key were taken for a secret, anybody could sign. So one codec knows one kind of key.
  const secret = wanted.find((alg) => SIGNED_BY_SECRET.test(alg));
  if (secret !== undefined && !wanted.every((alg) => SIGNED_BY_SECRET.test(alg)))
    refuse("algorithms", secret, "the others need a public key. Make one codec for each kind of key.");
}

function checkList(name: string, list: unknown): readonly string[] {
  if (Array.isArray(list) && list.length > 0 && list.every((entry) => typeof entry === "string")) return list;
  cannot(`use option ${name}`, "it must be a list of the algorithms that the tokens use");
}

function refuse(name: string, value: string, why: string): never {
  cannot(`use ${JSON.stringify(value)} in ${name}`, why);
}

export function keyProblem(key: unknown, algorithms: readonly string[]): string | undefined {
  if (algorithms.some((alg) => SIGNED_BY_PAIR.test(alg))) return isPublic(key) ? undefined : "it must be a public key";
  const bits = secretBits(key);
  if (!bits) return "it must be a secret: bytes, a JWK of type oct, or a CryptoKey";
  const signs = algorithms.some((alg) => SIGNED_BY_SECRET.test(alg));
  return signs && bits < MIN_SECRET_BYTES * 8 ? `it is shorter than ${MIN_SECRET_BYTES} bytes` : undefined;
}

function isPublic(key: unknown): boolean {
  if (key instanceof Uint8Array) return false;
  if (key instanceof CryptoKey) return key.type === "public";
  const { kty, d, priv } = (key ?? {}) as JWK;
  return typeof kty === "string" && kty !== "oct" && d === undefined && priv === undefined;
}

function secretBits(key: unknown): number | undefined {
  if (key instanceof Uint8Array) return key.length * 8;
  if (key instanceof CryptoKey) return key.type === "secret" ? (key.algorithm as { length?: number }).length : undefined;
  const { kty, k } = (key ?? {}) as JWK;
  return kty === "oct" && typeof k === "string" ? Math.floor((k.length * 6) / 8) * 8 : undefined;
}

/** A copy, as the application may change its own later, and jose freezes the objects it gets. */
export function copyOfKey(key: JoseKey): JoseKey {
  if (key instanceof Uint8Array) return Uint8Array.from(key);
  return key instanceof CryptoKey ? key : structuredClone(key);
}

/**
 * A name for a key that no other key has, in whatever form it is given: equal tokens of different signers must stay
 * apart. Empty for a CryptoKey that cannot be exported. The cookie's name then stands in.
 */
export async function nameOfKey(key: JoseKey): Promise<string> {
  if (key instanceof CryptoKey && !key.extractable) return "";
  const isJwk = !(key instanceof CryptoKey || key instanceof Uint8Array);
  return calculateJwkThumbprint(isJwk ? key : await exportJWK(key));
}

/** The codes of jose's key sets for no matching key, or several. */
const NO_KEY = new Set(["ERR_JWKS_NO_MATCHING_KEY", "ERR_JWKS_MULTIPLE_MATCHING_KEYS"]);

/** The key that the application finds for a token, or null if none fits. @throws OptionError if finding it fails. */
export async function keyFrom(getKey: GetKey, hint: KeyHint, algorithms: readonly string[]): Promise<JoseKey | null> {
  try {
    const key = await getKey(hint);
    return key && keyProblem(key, algorithms) === undefined ? key : null;
  } catch (error) {
    if (NO_KEY.has(codeOf(error))) return null;
    // The provider's error may hold secrets, so it is not passed on.
    throw new OptionError("ERR_SECRET", "Cannot get the key of a token: its provider failed");
  }
}

export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}
