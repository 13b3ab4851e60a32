/**
 * Signatures of Koa's cookies, verified on any runtime: shared by the codecs that read these cookies.
 *
 * @module
 */
import { decodeBase64url, encodeBase64url, encodeUtf8, utf8Length } from "../ground/encoding.ts";
import { cannot, StoreError } from "../ground/errors.ts";
import { MAX_DATA_BYTES } from "../ground/json.ts";
import { once } from "../ground/maybe-promise.ts";
import { type Signer, splitKeygripToken } from "../token/keygrip.ts";

/** The keys that signed the cookies. */
export interface KeygripKeys {
  /** Koa's `app.keys`. Each of them opens cookies. */
  keys: readonly string[];
  /** The hash of the signatures. Default: `"sha1"`, as everywhere in Koa. */
  signatureAlgorithm?: "sha1" | "sha256";
}

const HASHES = { sha1: "SHA-1", sha256: "SHA-256" } as const;

/**
 * The value and the bytes of its signature, which show whose key made it. The signature's text can be spelled in
 * several ways.
 */
export function identityOf(token: string): string {
  const { value, signature } = splitKeygripToken(token);
  const mac = decodeBase64url(signature);
  return `${mac === null ? "" : encodeBase64url(mac)}\n${value}`;
}

/** Verifies signatures of `keygrip` with Web Crypto, which compares in constant time. */
export function verifier({ keys, signatureAlgorithm = "sha1" }: KeygripKeys): Signer {
  if (!Object.hasOwn(HASHES, signatureAlgorithm)) fail("signatureAlgorithm", 'it is "sha1" or "sha256"');
  if (!Array.isArray(keys) || keys.length === 0)
    fail("keys", "it must be a list of strings: the keys in app.keys or its Keygrip");
  if (!keys.every((key) => typeof key === "string" && key !== "")) fail("keys", "each must be a non-empty string");
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
    cannot("make a token", "this codec only reads them");
  }

  return { index, sign };
}

function fail(name: string, why: string): never {
  cannot(`use option ${name}`, why);
}

export const fitsHere = (data: string): boolean => utf8Length(data) <= MAX_DATA_BYTES;

/**
 * Asks the store of an old application. Its errors may hold session data, so they are not passed on. @throws StoreError
 */
export async function fromStore<Found>(ask: () => Promise<Found>): Promise<Found> {
  try {
    return await ask();
  } catch {
    throw new StoreError("load");
  }
}
