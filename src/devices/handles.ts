/**
 * What stands for a session in a form: a digest of its id. Where a cookie is nothing but an id, the id is a key, so none is shown.
 *
 * @module
 */
import { encodeBase64url } from "../ground/encoding.ts";
import type { ListedSession } from "../manager/seam.ts";

/** The handle of an id: 22 characters that open nothing, and from which nobody finds the id. */
export async function handleOf(id: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`devices\0${id}`));
  return encodeBase64url(new Uint8Array(digest, 0, 16));
}

/** Of these sessions, the one that a handle stands for. */
export async function findByHandle(
  sessions: readonly ListedSession[],
  handle: string | null,
): Promise<ListedSession | undefined> {
  const handles = await Promise.all(sessions.map(({ id }) => handleOf(id)));
  return sessions[handles.indexOf(handle ?? "")];
}
