/**
 * The key pair that JWTs are signed with, and its public part as a JWK Set.
 *
 * @module
 */
import { calculateJwkThumbprint, compactVerify, exportJWK, importJWK, importPKCS8, type JWK, SignJWT } from "jose";
import { cannot } from "../ground/errors.ts";

/** A private key: a JWK, PEM text in PKCS #8, an extractable CryptoKey, or a pair of CryptoKeys. */
export type SigningKey = JWK | string | CryptoKey | SigningKeyPair;

/** A pair of CryptoKeys, as from `crypto.subtle.generateKey()`. Node's types have no global CryptoKeyPair. */
export interface SigningKeyPair {
  /** Signs the JWTs. */
  readonly privateKey: CryptoKey;
  /** Verifies them. `jwks()` publishes it. */
  readonly publicKey: CryptoKey;
}

/** How JWTs are signed. */
export type SigningAlgorithm = "EdDSA" | "ES256";

export interface KeyOptions {
  readonly key: SigningKey;
  readonly algorithm: SigningAlgorithm;
  readonly kid?: string;
  readonly otherKeys?: readonly JWK[];
}

/** A key, ready to sign. */
export interface SigningKeys {
  readonly privateKey: CryptoKey;
  readonly kid: string;
  readonly set: string;
}

const CURVES = { EdDSA: { kty: "OKP", crv: "Ed25519" }, ES256: { kty: "EC", crv: "P-256" } } as const;

/** @throws OptionError if the key does not fit the algorithm. */
export function checkKey({ key, algorithm, otherKeys = [] }: KeyOptions): void {
  if (!Object.hasOwn(CURVES, algorithm)) fail("algorithm", 'it is "EdDSA" or "ES256"');
  if (!otherKeys.every(({ kty, x }) => (kty === "OKP" || kty === "EC") && typeof x === "string"))
    fail("otherKeys", "they must be JWKs of public keys");
  const problem =
    typeof key === "string" ? pemProblem(key) : isPair(key) ? pairProblem(key, algorithm) : keyProblem(key, algorithm);
  if (problem !== undefined) fail("key", problem);
}

function fail(name: string, why: string): never {
  cannot(`use option ${name}`, why);
}

function isPair(key: unknown): key is SigningKeyPair {
  return typeof key === "object" && key !== null && "privateKey" in key;
}

function pemProblem(pem: string): string | undefined {
  if (pem.trimStart().startsWith("-----BEGIN PRIVATE KEY-----")) return undefined;
  return "its text must be PEM in PKCS #8; convert with: openssl pkcs8 -topk8 -nocrypt -in key.pem";
}

function keyProblem(key: unknown, algorithm: SigningAlgorithm): string | undefined {
  const { kty, crv } = CURVES[algorithm];
  if (key instanceof CryptoKey) {
    if (key.type !== "private" || !isOfCurve(key, crv)) return `it must be a private key on ${crv}`;
    return key.extractable ? undefined : "it is not extractable, so give { privateKey, publicKey }";
  }
  const jwk = (key ?? {}) as JWK;
  return jwk.kty === kty && jwk.crv === crv && typeof jwk.d === "string" ? undefined : `it must be a private key on ${crv}`;
}

function pairProblem({ privateKey, publicKey }: SigningKeyPair, algorithm: SigningAlgorithm): string | undefined {
  const { crv } = CURVES[algorithm];
  const keys = [privateKey, publicKey].every((key) => key instanceof CryptoKey && isOfCurve(key, crv));
  return keys && privateKey.type === "private" && publicKey.type === "public" ? undefined : `it must be a pair on ${crv}`;
}

function isOfCurve({ algorithm }: CryptoKey, crv: string): boolean {
  return algorithm.name === crv || (algorithm as EcKeyAlgorithm).namedCurve === crv;
}

/** Imports the key and tests it. @throws OptionError for an invalid key, or a public part that does not match */
export async function prepareKey(options: KeyOptions): Promise<SigningKeys> {
  const { key, algorithm, otherKeys = [] } = options;
  const { privateKey, publicJwk } = await importKey(key, algorithm);
  const shown = [await publicOf({ ...publicJwk, ...(options.kid !== undefined && { kid: options.kid }), alg: algorithm })];
  for (const other of otherKeys) shown.push(await publicOf(other));
  if (new Set(shown.map(({ kid }) => kid)).size < shown.length) fail("otherKeys", "two keys have the same kid");
  return { privateKey, kid: shown[0]?.kid as string, set: JSON.stringify({ keys: shown }) };
}

async function importKey(key: SigningKey, algorithm: SigningAlgorithm): Promise<{ privateKey: CryptoKey; publicJwk: JWK }> {
  try {
    if (isPair(key)) return await proved(key.privateKey, await exportJWK(key.publicKey), algorithm);
    const known = typeof key === "string" ? await importPKCS8(key.trim(), algorithm, { extractable: true }) : key;
    const jwk = known instanceof CryptoKey ? await exportJWK(known) : (known as JWK);
    const { kty, crv, x, y, d, kid } = jwk;
    const bare = Object.fromEntries(Object.entries({ kty, crv, x, y, kid }).filter(([, value]) => value !== undefined)) as JWK;
    return await proved((await importJWK({ ...bare, d: d as string }, algorithm)) as CryptoKey, bare, algorithm);
  } catch {
    // The original error may quote the key.
    cannot("use option key", `it is not a private key for ${algorithm}`);
  }
}

/** Checks that the public key verifies what the private key signs. Otherwise services would refuse every token. */
async function proved(
  privateKey: CryptoKey,
  publicJwk: JWK,
  algorithm: string,
): Promise<{ privateKey: CryptoKey; publicJwk: JWK }> {
  const token = await new SignJWT().setProtectedHeader({ alg: algorithm }).sign(privateKey);
  await compactVerify(token, { ...publicJwk }, { algorithms: [algorithm] });
  return { privateKey, publicJwk };
}

async function publicOf({ kty, crv, x, y, alg, kid }: JWK): Promise<JWK> {
  const point = { kty, crv, x, ...(y !== undefined && { y }) } as JWK;
  return { ...point, kid: kid ?? (await calculateJwkThumbprint(point)), ...(alg !== undefined && { alg }), use: "sig" };
}
