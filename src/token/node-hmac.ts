/**
 * HMAC (RFC 2104) on Node, put together from two hashes of one call each.
 *
 * The same bytes as Node's own Hmac, in half the time: that is an object of C++ for every message, which must be made and cleared
 * away. The key stands in memory here as it does in the application that gave it.
 *
 * @module
 */
import { hash, timingSafeEqual } from "node:crypto";

/** The hashes that HMAC is used with here. Both take blocks of 64 bytes. */
export type HmacHash = "sha1" | "sha256";

const BLOCK = 64;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
/** Room for a message of so many bytes; a longer one gets more. */
const USUAL_BYTES = 4096;

const utf8 = new TextEncoder();

/** One key, made ready. */
export class HmacKey {
  readonly #algorithm: HmacHash;
  /** The key with the inner pad, and room for the message after it. Nothing else runs while it is in use. */
  #inner: Uint8Array<ArrayBuffer>;
  /** The key with the outer pad, and room for the inner hash. */
  readonly #outer: Uint8Array<ArrayBuffer>;

  constructor(algorithm: HmacHash, key: Uint8Array) {
    // Section 2 of the RFC: a key that is longer than a block is hashed first.
    const short = key.length > BLOCK ? hash(algorithm, key, "buffer") : key;
    this.#algorithm = algorithm;
    this.#inner = padded(short, INNER_PAD, USUAL_BYTES);
    this.#outer = padded(short, OUTER_PAD, algorithm === "sha1" ? 20 : 32);
  }

  /** The HMAC of a text's UTF-8, in base64url without padding. */
  sign(text: string): string {
    this.#hashInside(text);
    return hash(this.#algorithm, this.#outer, "base64url");
  }

  /** Whether this is the HMAC of a text's UTF-8, compared in constant time. */
  verify(text: string, mac: Uint8Array): boolean {
    if (mac.length !== this.#outer.length - BLOCK) return false;
    this.#hashInside(text);
    return timingSafeEqual(hash(this.#algorithm, this.#outer, "buffer"), mac);
  }

  #hashInside(text: string): void {
    // A character takes three bytes at most.
    const room = BLOCK + text.length * 3;
    if (room > this.#inner.length) this.#inner = grown(this.#inner, room);
    const { written } = utf8.encodeInto(text, this.#inner.subarray(BLOCK));
    this.#outer.set(hash(this.#algorithm, this.#inner.subarray(0, BLOCK + written), "buffer"), BLOCK);
  }
}

function padded(key: Uint8Array, pad: number, room: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK + room).fill(pad, 0, BLOCK);
  for (const [at, byte] of key.entries()) block[at] = byte ^ pad;
  return block;
}

function grown(inner: Uint8Array<ArrayBuffer>, room: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(room);
  larger.set(inner.subarray(0, BLOCK));
  return larger;
}
