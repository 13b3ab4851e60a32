/**
 * Session ids: random, public, and checked before they reach a store.
 *
 * @module
 */
import { encodeBase64url } from "./encoding.ts";
import { randomBytes } from "./random.ts";

/** A session's public id. Safe to log: without the token around it, it opens nothing. */
export type SessionId = string;

const ID_BYTES = 24;
const ID_SYNTAX = /^[\w-]{15,64}$/;

/** A new id: 192 random bits as 32 characters of base64url. */
export function newSessionId(): SessionId {
  return encodeBase64url(randomBytes(ID_BYTES));
}

/** Whether a value has the form of a session id: 15 to 64 letters, digits, `-` or `_`. */
export function isSessionId(value: unknown): value is SessionId {
  return typeof value === "string" && ID_SYNTAX.test(value);
}
