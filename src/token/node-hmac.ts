/**
 * HMAC (RFC 2104) on Node, from two one-shot hashes.
 *
 * Twice as fast as Node's own Hmac, which creates a C++ object for every message, with the same bytes. The key stays in
 * memory, as it does in the application.
 *
 * @module
 */
import { hash, timingSafeEqual } from "node:crypto";

/** The hashes for HMAC. Both have blocks of 64 bytes. */
export type HmacHash = "sha1" | "sha256";

const BLOCK = 64;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
/** The initial room for a message. It grows for longer ones. */
const USUAL_BYTES = 4096;

const utf8 = new TextEncoder();

export class HmacKey {
  readonly #algorithm: HmacHash;
  /** The key with the inner pad, followed by room for the message. Safe to reuse, as nothing runs in between. */
  #inner: Uint8Array<ArrayBuffer>;
  /** The key with the outer pad, followed by room for the inner hash. */
  readonly #outer: Uint8Array<ArrayBuffer>;

  constructor(algorithm: HmacHash, key: Uint8Array) {
    // RFC 2104, section 2: a key longer than a block is hashed first.
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
    // A UTF-16 code unit takes at most three bytes.
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
