/**
 * Routes: which part of a store that is split holds a subject's sessions, or a record that is no session.
 *
 * @module
 */
import { encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";

/** Where routes of this library are told apart from other hashes of the same text, and from each other. */
const SUBJECT = "web-session-store/v1/route";
const RECORD = "web-session-store/v1/record-route";
const ROUTE_BYTES = 16;

/**
 * The route of a subject: `u` and 16 bytes of SHA-256, so that no name of a user is seen in names of objects or keys. No
 * secret is in it, so that changing secrets loses no session; changing the salt does.
 */
export async function routeOf(subject: string, salt: string): Promise<string> {
  return `u${await hashOf([SUBJECT, salt, subject])}`;
}

/** The route of a record that is no session: `r` and 16 bytes of SHA-256 of its id. */
export async function recordRouteOf(id: string, salt: string): Promise<string> {
  return `r${await hashOf([RECORD, salt, id])}`;
}

async function hashOf(texts: readonly string[]): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", encodeUtf8(JSON.stringify(texts)));
  return encodeBase64url(new Uint8Array(hash).subarray(0, ROUTE_BYTES));
}
