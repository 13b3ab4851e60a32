/**
 * The cryptography for tokens, behind a small interface. This is the implementation on Web Crypto. Others must produce
 * the same bytes and may work without promises.
 *
 * @module
 */
import { encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";

/** What a key is for: `mac` for HMAC-SHA-256, `wrap` for wrapping content keys with AES-256 Key Wrap. */
export type KeyUse = "mac" | "wrap";

/** The parts of an encrypted message, as JWE (RFC 7516) names them. */
export interface Sealed {
  /** The nonce of AES-256-GCM, 12 bytes. */
  readonly iv: Uint8Array<ArrayBuffer>;
  /** As long as the text. */
  readonly ciphertext: Uint8Array<ArrayBuffer>;
  /** 16 bytes. */
  readonly tag: Uint8Array<ArrayBuffer>;
}

/** A key of 32 bytes for AES-256-GCM. */
export interface NewContentKey<ContentKey> {
  readonly key: ContentKey;
  /** The key, wrapped with AES-256 Key Wrap (RFC 3394): 40 bytes. */
  readonly wrapped: Uint8Array<ArrayBuffer>;
}

/** The interface. `Key` is opaque outside the primitives. */
export interface Primitives<Key = unknown, ContentKey = unknown> {
  /** Whether all of them work without promises, given bytes. */
  readonly atOnce: boolean;
  /** HKDF-SHA-256 (RFC 5869) without a salt, from bytes or an HKDF CryptoKey. */
  derive(
    secret: Uint8Array<ArrayBuffer> | CryptoKey,
    info: Uint8Array<ArrayBuffer>,
    length: number,
  ): MaybePromise<Uint8Array<ArrayBuffer>>;
  /** Makes a key of 32 bytes that cannot be exported. */
  importKey(bytes: Uint8Array<ArrayBuffer>, use: KeyUse): MaybePromise<Key>;
  /** HMAC-SHA-256 (RFC 2104) of a text's UTF-8, in base64url without padding. */
  sign(key: Key, text: string): MaybePromise<string>;
  /** Whether `mac` is the HMAC of a text's UTF-8, compared in constant time. */
  verify(key: Key, text: string, mac: Uint8Array<ArrayBuffer>): MaybePromise<boolean>;
  /** Makes a random content key and wraps it. */
  makeContentKey(key: Key): MaybePromise<NewContentKey<ContentKey>>;
  /** The unwrapped content key, or null if it was changed or another key wrapped it. */
  unwrap(key: Key, wrapped: Uint8Array<ArrayBuffer>): MaybePromise<ContentKey | null>;
  /** Encrypts with AES-256-GCM, with a new random nonce for each message. */
  seal(key: ContentKey, plaintext: Uint8Array<ArrayBuffer>, aad: Uint8Array<ArrayBuffer>): MaybePromise<Sealed>;
  /** The plaintext, or null if any part was changed or another content key made it. */
  open(key: ContentKey, sealed: Sealed, aad: Uint8Array<ArrayBuffer>): MaybePromise<Uint8Array<ArrayBuffer> | null>;
}

const TAG_LENGTH = 16;
const IV_LENGTH = 12;
const GCM = { name: "AES-GCM", length: 256 } as const;

const unwrapKey = (key: CryptoKey, wrapped: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
  crypto.subtle.unwrapKey("raw", wrapped, key, "AES-KW", GCM, false, ["encrypt", "decrypt"]);

export const webCrypto: Primitives<CryptoKey, CryptoKey> = {
  atOnce: false,

  async derive(secret, info, length) {
    const key =
      secret instanceof CryptoKey ? secret : await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
    const algorithm = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
    return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, length * 8));
  },

  importKey(bytes, use) {
    return use === "mac"
      ? crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"])
      : crypto.subtle.importKey("raw", bytes, "AES-KW", false, ["wrapKey", "unwrapKey"]);
  },

  sign: async (key, text) => encodeBase64url(new Uint8Array(await crypto.subtle.sign("HMAC", key, encodeUtf8(text)))),

  verify(key, text, mac) {
    return crypto.subtle.verify("HMAC", key, mac, encodeUtf8(text));
  },

  async makeContentKey(key) {
    const extractable = await crypto.subtle.generateKey(GCM, true, ["encrypt", "decrypt"]);
    const wrapped = new Uint8Array(await crypto.subtle.wrapKey("raw", extractable, key, "AES-KW"));
    // The key that stays in memory cannot be exported.
    return { key: await unwrapKey(key, wrapped), wrapped };
  },

  async unwrap(key, wrapped) {
    try {
      return await unwrapKey(key, wrapped);
    } catch {
      // Web Crypto reports every kind of forgery with the same OperationError.
      return null;
    }
  },

  async seal(key, plaintext, aad) {
    const iv = crypto.getRandomValues(new Uint8Array(IV_LENGTH));
    const encrypted = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: aad }, key, plaintext);
    const end = encrypted.byteLength - TAG_LENGTH;
    return {
      iv,
      ciphertext: new Uint8Array(encrypted, 0, end),
      tag: new Uint8Array(encrypted, end),
    };
  },

  async open(key, { iv, ciphertext, tag }, aad) {
    const encrypted = new Uint8Array(ciphertext.length + tag.length);
    encrypted.set(ciphertext);
    encrypted.set(tag, ciphertext.length);
    try {
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: aad }, key, encrypted));
    } catch {
      // As above.
      return null;
    }
  },
};
