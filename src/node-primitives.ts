/**
 * The primitives on node:crypto: the same bytes as Web Crypto, without a promise and without a trip to another thread.
 *
 * @module
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  getCiphers,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { decodeBase64url } from "./encoding.ts";
import { type Primitives, webCrypto } from "./primitives.ts";
import type { Signer } from "./token/keygrip.ts";

const GCM = "aes-256-gcm";
const KEY_WRAP = "id-aes256-wrap";
/** The initial value of RFC 3394, section 2.2.3.1. */
const KEY_WRAP_IV = new Uint8Array(8).fill(0xa6);

/** Whether this runtime's node:crypto has all that the primitives need: on Cloudflare Workers, and not elsewhere, it lacks AES Key Wrap. */
export function canWrapKeys(): boolean {
  return getCiphers().includes(KEY_WRAP);
}

/** The primitives on node:crypto. */
export const nodeCrypto: Primitives<KeyObject> = {
  derive: (secret, info, length) =>
    secret instanceof CryptoKey
      ? webCrypto.derive(secret, info, length)
      : new Uint8Array(hkdfSync("sha256", secret, "", info, length)),

  importKey: (bytes) => createSecretKey(bytes),

  hmac: (key, message) => createHmac("sha256", key).update(message).digest(),

  verify: (key, message, mac) => mac.length === 32 && timingSafeEqual(createHmac("sha256", key).update(message).digest(), mac),

  seal(key, plaintext, aad) {
    const contentKey = randomBytes(32);
    const wrap = createCipheriv(KEY_WRAP, key, KEY_WRAP_IV);
    const encryptedKey = joined(wrap.update(contentKey), wrap.final());
    const iv = randomBytes(12);
    const cipher = createCipheriv(GCM, contentKey, iv);
    cipher.setAAD(aad);
    const ciphertext = joined(cipher.update(plaintext), cipher.final());
    return { encryptedKey, iv, ciphertext, tag: cipher.getAuthTag() };
  },

  open(key, { encryptedKey, iv, ciphertext, tag }, aad) {
    try {
      const unwrap = createDecipheriv(KEY_WRAP, key, KEY_WRAP_IV);
      const contentKey = joined(unwrap.update(encryptedKey), unwrap.final());
      const decipher = createDecipheriv(GCM, contentKey, iv);
      decipher.setAAD(aad);
      decipher.setAuthTag(tag);
      return joined(decipher.update(ciphertext), decipher.final());
    } catch {
      // Forgery is an answer here, as with Web Crypto.
      return null;
    }
  },
};

/** Signs as the `keygrip` package does by default, with keys made ready once. */
export function keygripSigner(keys: readonly string[], algorithm: "sha1" | "sha256"): Signer {
  const ready = keys.map((key) => createSecretKey(key, "utf8"));
  const mac = (text: string, key: KeyObject): Uint8Array<ArrayBuffer> => createHmac(algorithm, key).update(text).digest();
  return {
    sign: (text) =>
      urlSafe(
        createHmac(algorithm, ready[0] as KeyObject)
          .update(text)
          .digest("base64"),
      ),
    index: (text, signature) => {
      const given = bytesOf(signature);
      return ready.findIndex((key) => {
        const expected = mac(text, key);
        return given.length === expected.length && timingSafeEqual(expected, given);
      });
    },
  };
}

function urlSafe(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function joined(start: Uint8Array, end: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(start.length + end.length);
  whole.set(start);
  whole.set(end, start.length);
  return whole;
}

/** The bytes of a signature; none when it is not the one spelling of them, so that no signature can be varied. */
function bytesOf(signature: string): Uint8Array {
  return decodeBase64url(signature) ?? new Uint8Array(0);
}
