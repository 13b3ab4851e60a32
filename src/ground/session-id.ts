/**
 * Session ids: random, public, and checked before they reach a store.
 *
 * @module
 */
import { encodeBase64url } from "./encoding.ts";

/** A session's public id. Safe to log: without the token around it, it opens nothing. */
export type SessionId = string;

const ID_BYTES = 24;
const ID_SYNTAX = /^[\w-]{15,64}$/;
/**
 * Ids are drawn a few at a time: a draw takes Node 2 µs, of the 16 that a new session takes. Only a few, because a machine that is cloned
 * has them twice; and nothing but ids, which are public. Keys and nonces come from the runtime when they are needed.
 */
const DRAWN_AT_ONCE = 16;

// Filled at the first use: Workers allow no random bytes while a module loads.
let drawn = new Uint8Array(0);
let taken = 0;

/** A new id: 192 random bits as 32 characters of base64url. */
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
