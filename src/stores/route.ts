/**
 * Routes: which part of a store that is split holds a subject's sessions.
 *
 * @module
 */
import { encodeBase64url, encodeUtf8 } from "../encoding.ts";

/** Where routes of this library are told apart from other hashes of the same text. */
const LABEL = "web-session-store/v1/route";
const ROUTE_BYTES = 16;

/**
 * The route of a subject: `u` and 16 bytes of SHA-256, so that no name of a user is seen in names of objects or keys. No
 * secret is in it, so that changing secrets loses no session; changing the salt does.
 */
export async function routeOf(subject: string, salt: string): Promise<string> {
  const text = encodeUtf8(JSON.stringify([LABEL, salt, subject]));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return `u${encodeBase64url(hash.subarray(0, ROUTE_BYTES))}`;
}
