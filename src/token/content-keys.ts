/**
 * Content keys: they encrypt tokens, and each token carries its content key, wrapped with the key derived from the
 * secret.
 *
 * One content key serves many tokens, each under a random 96-bit nonce. Among 2^20 tokens, two share a nonce with
 * probability 2^-57. AES-GCM allows up to 2^-32 (NIST SP 800-38D, section 8.3). For the reasons and the cost, see
 * docs/decisions/018-content-keys-serve-several-tokens.md.
 *
 * @module
 */
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import type { TokenKey } from "./keys.ts";
import type { Primitives, Sealed } from "./web-crypto.ts";

/** How many tokens one key seals at most, and for how long. Milliseconds. */
const MOST_TOKENS = 2 ** 20;
const LONGEST = 60 * 60 * 1000;
/** How many keys are cached for opening. Each process makes one an hour, so this covers most tokens in use. */
const MOST_REMEMBERED = 500;
/** The length of a wrapped key, 40 bytes, in base64url. */
const WRAPPED_LENGTH = 54;

interface ContentKey {
  readonly key: unknown;
  readonly wrapped: string;
}

interface Sealing extends ContentKey {
  readonly since: number;
  /** How many tokens it was handed out for, including failed ones. */
  tokens: number;
}

export interface SealedUnder extends Sealed {
  readonly wrapped: string;
}

/** The content keys under one derived key. They exist only in this process's memory. */
export class ContentKeys {
  readonly #key: unknown;
  readonly #primitives: Primitives;
  /** The header, which is authenticated with every token. */
  readonly #aad: Uint8Array<ArrayBuffer>;
  #sealing: Sealing | undefined;
  /** By wrapped form. Only keys that opened a token or were made here, so a client cannot add any. */
  readonly #remembered = new Map<string, unknown>();

  constructor({ key, header }: Pick<TokenKey, "key" | "header">, primitives: Primitives) {
    this.#key = key;
    this.#primitives = primitives;
    this.#aad = encodeUtf8(header);
  }

  seal(plaintext: Uint8Array<ArrayBuffer>): MaybePromise<SealedUnder> {
    return after(this.#take() ?? this.#make(), ({ key, wrapped }) =>
      after(this.#primitives.seal(key, plaintext, this.#aad), ({ iv, ciphertext, tag }) => ({ wrapped, iv, ciphertext, tag })),
    );
  }

  /**
   * Decrypts a token's text. Null if a part was changed or is not ours, `malformed` if `wrapped` cannot be a wrapped
   * key.
   */
  open(wrapped: string, sealed: Sealed): MaybePromise<Uint8Array<ArrayBuffer> | null | "malformed"> {
    const remembered = this.#remembered.get(wrapped);
    if (remembered !== undefined) return this.#primitives.open(remembered, sealed, this.#aad);
    const bytes = wrapped.length === WRAPPED_LENGTH ? decodeBase64url(wrapped) : null;
    if (bytes === null) return "malformed";
    return after(this.#primitives.unwrap(this.#key, bytes), (key) => {
      if (key === null) return null;
      return after(this.#primitives.open(key, sealed, this.#aad), (plaintext) => {
        // Encoded again: a substring of a Cookie header would keep the whole header in memory.
        if (plaintext !== null) this.#remember({ key, wrapped: encodeBase64url(bytes) });
        return plaintext;
      });
    });
  }

  /** The key that seals, counted for one more token, or undefined if a new one is due. */
  #take(): Sealing | undefined {
    const sealing = this.#sealing;
    if (sealing === undefined || sealing.tokens >= MOST_TOKENS) return undefined;
    // By wall clock, which advances while a machine sleeps or is a saved image. A negative age means that the clock was
    // set back.
    const age = Date.now() - sealing.since;
    if (!(age >= 0 && age < LONGEST)) return undefined;
    sealing.tokens++;
    return sealing;
  }

  /**
   * Makes a key. Concurrent callers each make one, as on Workers a promise belongs to its request. The first to finish
   * is used.
   */
  #make(): MaybePromise<Sealing> {
    return after(this.#primitives.makeContentKey(this.#key), ({ key, wrapped }) => {
      const first = this.#take();
      if (first !== undefined) return first;
      const made: Sealing = { key, wrapped: encodeBase64url(wrapped), since: Date.now(), tokens: 1 };
      this.#remember(made);
      this.#sealing = made;
      return made;
    });
  }

  #remember({ key, wrapped }: ContentKey): void {
    this.#remembered.set(wrapped, key);
    if (this.#remembered.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#remembered.keys();
    this.#remembered.delete(oldest as string);
  }
}
