/**
 * Routes: the part of a split store that holds a subject's sessions, or a record that is not a session.
 *
 * @module
 */
import { encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";

/** Separates these hashes from each other and from other hashes of the same text. */
const SUBJECT = "web-session-store/v1/route";
const RECORD = "web-session-store/v1/record-route";
const ROUTE_BYTES = 16;

/**
 * The route of a subject: `u` and 16 bytes of SHA-256, so user names do not show up in object names or
 * keys. It does not depend on a secret: changing secrets loses no session, but changing the salt does.
 */
export async function routeOf(subject: string, salt: string): Promise<string> {
  return `u${await hashOf([SUBJECT, salt, subject])}`;
}

/** The route of a record that is not a session: `r` and 16 bytes of SHA-256 of its id. */
export async function recordRouteOf(id: string, salt: string): Promise<string> {
  return `r${await hashOf([RECORD, salt, id])}`;
}

async function hashOf(texts: readonly string[]): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", encodeUtf8(JSON.stringify(texts)));
  return encodeBase64url(new Uint8Array(hash).subarray(0, ROUTE_BYTES));
}
