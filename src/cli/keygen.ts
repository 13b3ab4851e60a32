/**
 * `keygen`: creates a secret.
 *
 * @module
 */
import { encodeBase64url } from "../ground/encoding.ts";

const SECRET_BYTES = 32;

/** 32 random bytes in characters that need no quoting in a shell, a URL or a list. */
export function keygen(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}
