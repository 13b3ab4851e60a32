/**
 * Session ids: random, public, and checked before they reach a store.
 *
 * @module
 */
import { encodeBase64url } from "./encoding.ts";

/** A session's public id. Safe to log: without its token, it opens nothing. */
export type SessionId = string;

const ID_BYTES = 24;
const ID_SYNTAX = /^[\w-]{15,64}$/;
/**
 * Ids are drawn a few at a time, because a draw costs 2 of the 16 µs that a new
 * session takes on Node. Only a few, because a cloned machine would repeat them. Only
 * ids, because they are public: keys and nonces always come fresh from the runtime.
 */
const DRAWN_AT_ONCE = 16;

// Filled on first use: Workers do not allow random bytes while a module loads.
let drawn = new Uint8Array(0);
let taken = 0;

/** Returns a new id: 192 random bits as 32 base64url characters. */
export function newSessionId(): SessionId {
  if (taken === drawn.length) {
    drawn = crypto.getRandomValues(new Uint8Array(DRAWN_AT_ONCE * ID_BYTES));
    taken = 0;
  }
  taken += ID_BYTES;
  return encodeBase64url(drawn.subarray(taken - ID_BYTES, taken));
}

/** Whether a value has the form of a session id: 15 to 64 letters, digits, `-` or `_`. */
export function isSessionId(value: unknown): value is SessionId {
  return typeof value === "string" && ID_SYNTAX.test(value);
}
