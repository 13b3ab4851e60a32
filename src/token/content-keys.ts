/**
 * Content keys: what encrypts tokens, and stands in each of them, wrapped with the key that was derived from the secret.
 *
 * One serves many tokens, each with a random nonce of 96 bits. With 2^20 tokens at most the chance that two have the same nonce is below 2^-57, far from
 * where AES-GCM must not be used any more (NIST SP 800-38D, section 8.3: 2^-32).
 *
 * @module
 */
import { decodeBase64url, encodeBase64url } from "../ground/encoding.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import type { Primitives } from "./web-crypto.ts";

/** How many tokens one seals, and for how long. Milliseconds. */
const MOST_TOKENS = 2 ** 20;
const LONGEST = 60 * 60 * 1000;
/** How many that were unwrapped are known. Every process makes one an hour, so most tokens have one of these. */
const MOST_KNOWN = 500;
/** Of a wrapped key of 32 bytes, in base64url. */
const WRAPPED_LENGTH = 54;

/** A content key that seals, and its wrapped form as it stands in tokens. */
interface Sealing {
  readonly key: unknown;
  readonly wrapped: string;
}

/** The content keys under one key. They are in this process's memory alone. */
export class ContentKeys {
  readonly #key: unknown;
  readonly #primitives: Primitives;
  #sealing: (Sealing & { readonly since: number; uses: number }) | undefined;
  /** Those that were unwrapped, by their wrapped form. What is no key of ours is never in it. */
  readonly #known = new Map<string, unknown>();

  constructor(key: unknown, primitives: Primitives) {
    this.#key = key;
    this.#primitives = primitives;
  }

  /** One that seals another token. Never the same promise for two who ask: on Workers it would belong to one request. */
  toSeal(): MaybePromise<Sealing> {
    const sealing = this.#sealing;
    const age = sealing === undefined ? LONGEST : Date.now() - sealing.since;
    // A clock that was set back says nothing of the age.
    if (sealing === undefined || sealing.uses >= MOST_TOKENS || age >= LONGEST || age < 0) return this.#next();
    sealing.uses++;
    return sealing;
  }

  #next(): MaybePromise<Sealing> {
    return after(this.#primitives.makeContentKey(this.#key), ({ key, wrapped }) => {
      this.#sealing = { key, wrapped: encodeBase64url(wrapped), since: Date.now(), uses: 1 };
      this.#know(this.#sealing.wrapped, key);
      return this.#sealing;
    });
  }

  /** The content key of a token, by its wrapped form; null where that is none of ours, `malformed` where it is no wrapped key at all. */
  toOpen(wrapped: string): MaybePromise<{ readonly key: unknown } | null | "malformed"> {
    if (this.#known.has(wrapped)) return { key: this.#known.get(wrapped) };
    const bytes = wrapped.length === WRAPPED_LENGTH ? decodeBase64url(wrapped) : null;
    if (bytes === null) return "malformed";
    return after(this.#primitives.unwrap(this.#key, bytes), (key) => {
      if (key === null) return null;
      this.#know(wrapped, key);
      return { key };
    });
  }

  #know(wrapped: string, key: unknown): void {
    this.#known.set(wrapped, key);
    if (this.#known.size <= MOST_KNOWN) return;
    const [oldest] = this.#known.keys();
    this.#known.delete(oldest as string);
  }
}
