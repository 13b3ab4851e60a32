/**
 * Content keys: what encrypts tokens, and stands in each of them, wrapped with the key that was derived from the secret.
 *
 * One serves many tokens, each under a nonce of 96 random bits. Among 2^20 tokens the chance that two have the same nonce is 2^-57; AES-GCM
 * may be used up to 2^-32 (NIST SP 800-38D, section 8.3). Why, and at what price: docs/decisions/018-content-keys-serve-several-tokens.md.
 *
 * @module
 */
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import type { TokenKey } from "./keys.ts";
import type { Primitives, Sealed } from "./web-crypto.ts";

/** How many tokens one seals at most, and for how long. Milliseconds. */
const MOST_TOKENS = 2 ** 20;
const LONGEST = 60 * 60 * 1000;
/** How many are remembered to open tokens with. Every process makes one an hour, so most of the tokens that are out have one of these. */
const MOST_REMEMBERED = 500;
/** Of a wrapped key, 40 bytes, in base64url. */
const WRAPPED_LENGTH = 54;

/** A content key, and its wrapped form as it stands in tokens. */
interface ContentKey {
  readonly key: unknown;
  readonly wrapped: string;
}

/** The one that seals. */
interface Sealing extends ContentKey {
  readonly since: number;
  /** How many tokens it was given out for, also those that came to nothing. */
  tokens: number;
}

/** A message, and the content key that it is encrypted with. */
export interface SealedUnder extends Sealed {
  readonly wrapped: string;
}

/** The content keys under one derived key. They are in this process's memory and nowhere else. */
export class ContentKeys {
  readonly #key: unknown;
  readonly #primitives: Primitives;
  /** The header, which is authenticated with every token. */
  readonly #aad: Uint8Array<ArrayBuffer>;
  #sealing: Sealing | undefined;
  /** By their wrapped form. Only those that opened a token, or were made here: nothing that a client made up is ever in it. */
  readonly #remembered = new Map<string, unknown>();

  constructor({ key, header }: Pick<TokenKey, "key" | "header">, primitives: Primitives) {
    this.#key = key;
    this.#primitives = primitives;
    this.#aad = encodeUtf8(header);
  }

  /** Encrypts one token's text. */
  seal(plaintext: Uint8Array<ArrayBuffer>): MaybePromise<SealedUnder> {
    return after(this.#take() ?? this.#make(), ({ key, wrapped }) =>
      after(this.#primitives.seal(key, plaintext, this.#aad), ({ iv, ciphertext, tag }) => ({ wrapped, iv, ciphertext, tag })),
    );
  }

  /** A token's text by its parts; null where one was changed or is not ours, `malformed` where `wrapped` cannot be a wrapped key. */
  open(wrapped: string, sealed: Sealed): MaybePromise<Uint8Array<ArrayBuffer> | null | "malformed"> {
    const remembered = this.#remembered.get(wrapped);
    if (remembered !== undefined) return this.#primitives.open(remembered, sealed, this.#aad);
    const bytes = wrapped.length === WRAPPED_LENGTH ? decodeBase64url(wrapped) : null;
    if (bytes === null) return "malformed";
    return after(this.#primitives.unwrap(this.#key, bytes), (key) => {
      if (key === null) return null;
      return after(this.#primitives.open(key, sealed, this.#aad), (plaintext) => {
        // Spelled anew: a piece cut out of a Cookie header would keep the whole header in memory.
        if (plaintext !== null) this.#remember({ key, wrapped: encodeBase64url(bytes) });
        return plaintext;
      });
    });
  }

  /** The key that seals, counted for one more token; undefined where another one is due. */
  #take(): Sealing | undefined {
    const sealing = this.#sealing;
    if (sealing === undefined || sealing.tokens >= MOST_TOKENS) return undefined;
    // By the clock, which has gone on when a machine wakes up, or begins as the image of another. Below 0, it was set back.
    const age = Date.now() - sealing.since;
    if (!(age >= 0 && age < LONGEST)) return undefined;
    sealing.tokens++;
    return sealing;
  }

  /** Makes one. Whoever needs one meanwhile makes one, too: on Workers a promise belongs to its request. The first that comes seals. */
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
