/**
 * The primitives on node:crypto: the same bytes as Web Crypto, without a promise and without another thread.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createSecretKey, getCiphers, hkdfSync, type KeyObject } from "node:crypto";
import { decodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import type { Signer } from "./keygrip.ts";
import { type HmacHash, HmacKey } from "./node-hmac.ts";
import { type Primitives, webCrypto } from "./web-crypto.ts";

const GCM = "aes-256-gcm";
const CONTENT_KEY_LENGTH = 32;
const IV_LENGTH = 12;
const KEY_WRAP = "id-aes256-wrap";
/** The initial value of RFC 3394, section 2.2.3.1. */
const KEY_WRAP_IV = new Uint8Array(8).fill(0xa6);

/** The primitives that this runtime's node:crypto supports. Bun, Deno and Cloudflare Workers lack AES Key Wrap. */
export function nodePrimitives(): Primitives {
  return getCiphers().includes(KEY_WRAP) ? wholePrimitives : signingPrimitives;
}

const wholePrimitives: Primitives<KeyObject | HmacKey, KeyObject> = {
  atOnce: true,

  derive: (secret, info, length) =>
    ArrayBuffer.isView(secret)
      ? new Uint8Array(hkdfSync("sha256", secret, "", info, length))
      : webCrypto.derive(secret, info, length),

  importKey: (bytes, use) => (use === "mac" ? new HmacKey("sha256", bytes) : createSecretKey(bytes)),

  sign: (key, text) => (key as HmacKey).sign(text),

  verify: (key, text, mac) => (key as HmacKey).verify(text, mac),

  makeContentKey(key) {
    const drawn = crypto.getRandomValues(new Uint8Array(CONTENT_KEY_LENGTH));
    const wrap = createCipheriv(KEY_WRAP, key as KeyObject, KEY_WRAP_IV);
    const wrapped = whole(wrap, drawn);
    // A KeyObject, as Node takes ten times as long to make a cipher from bytes.
    return { key: createSecretKey(drawn), wrapped };
  },

  unwrap(key, wrapped) {
    try {
      const unwrap = createDecipheriv(KEY_WRAP, key as KeyObject, KEY_WRAP_IV);
      const bytes = whole(unwrap, wrapped);
      // For empty input, Node returns empty output without an error.
      return bytes.length === CONTENT_KEY_LENGTH ? createSecretKey(bytes) : null;
    } catch {
      // Forgery is a result, not an error, as with Web Crypto.
      return null;
    }
  },

  seal(key, plaintext, aad) {
    // Drawn from the runtime each time. With a pool, a cloned machine would repeat nonces under the same content key.
    const iv = crypto.getRandomValues(new Uint8Array(IV_LENGTH));
    const cipher = createCipheriv(GCM, key, iv);
    cipher.setAAD(aad);
    const ciphertext = whole(cipher, plaintext);
    return { iv, ciphertext, tag: cipher.getAuthTag() };
  },

  open(key, { iv, ciphertext, tag }, aad) {
    try {
      const decipher = createDecipheriv(GCM, key, iv);
      decipher.setAAD(aad);
      decipher.setAuthTag(tag);
      return whole(decipher, ciphertext);
    } catch {
      return null;
    }
  },
};

/** Signs with node:crypto, encrypts with Web Crypto. */
const signingPrimitives: Primitives<CryptoKey | HmacKey, CryptoKey> = {
  ...(wholePrimitives as Primitives as Primitives<CryptoKey | HmacKey, CryptoKey>),
  atOnce: false,
  importKey: (bytes, use) => (use === "mac" ? new HmacKey("sha256", bytes) : webCrypto.importKey(bytes, use)),
  makeContentKey: (key) => webCrypto.makeContentKey(key as CryptoKey),
  unwrap: (key, wrapped) => webCrypto.unwrap(key as CryptoKey, wrapped),
  seal: webCrypto.seal,
  open: webCrypto.open,
};

/** Signs like the `keygrip` package does by default, with keys prepared once. */
export function keygripSigner(keys: readonly string[], algorithm: HmacHash): Signer {
  const ready = keys.map((key) => new HmacKey(algorithm, encodeUtf8(key)));
  return {
    sign: (text) => (ready[0] as HmacKey).sign(text),
    index: (text, signature) => {
      // Only the canonical spelling counts as a signature, so that tokens cannot be varied.
      const mac = decodeBase64url(signature);
      return mac === null ? -1 : ready.findIndex((key) => key.verify(text, mac));
    },
  };
}

interface Cipher {
  update(piece: Uint8Array): Uint8Array<ArrayBuffer>;
  final(): Uint8Array;
}

/**
 * Runs a cipher on one piece. AES-GCM and AES Key Wrap return all output from update(). final() adds nothing, and
 * throws if a tag is wrong.
 */
function whole(cipher: Cipher, piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const made = cipher.update(piece);
  cipher.final();
  return made;
}
