/**
 * Stands for a session in a form: a digest of its id. If a cookie holds nothing but the id, the id is a key and must
 * not be shown.
 *
 * @module
 */
import { encodeBase64url } from "../ground/encoding.ts";
import type { ListedSession } from "../manager/seam.ts";

/** Returns the handle of an id: 22 characters that open nothing and do not reveal the id. */
export async function handleOf(id: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`devices\0${id}`));
  return encodeBase64url(new Uint8Array(digest, 0, 16));
}

/** Returns the session that a handle stands for. */
export async function findByHandle(
  sessions: readonly ListedSession[],
  handle: string | null,
): Promise<ListedSession | undefined> {
  const handles = await Promise.all(sessions.map(({ id }) => handleOf(id)));
  return sessions[handles.indexOf(handle ?? "")];
}
