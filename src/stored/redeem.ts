/**
 * Redeemed tokens: an accepted token becomes one session, once, and an entry in the store says which.
 *
 * The entry is a record of its own under a hash of what the token proves. It is made after the session, and never overwritten, so of
 * parallel requests with one token one makes it, and the others use that request's session.
 *
 * @module
 */
import { encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import { parseData } from "../ground/json.ts";
import { isSessionId } from "../ground/session-id.ts";
import type { Redemption } from "../session/found.ts";
import { isMoved, type Key, type Move, markFor, type Redeemed } from "../session/record.ts";
import { REDEEMED } from "./contract.ts";
import type { GuardedStore } from "./guarded.ts";

/** Where the entry of a token is. @param identity What the token proves, and who made it. */
export async function redemptionKey(store: Pick<GuardedStore, "recordRoute">, identity: string): Promise<Key> {
  const bytes = encodeUtf8(`web-session-store\0redeemed\0${identity}`);
  const id = REDEEMED + encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  const route = await store.recordRoute(id);
  return route === undefined ? { id } : { id, route };
}

/** The entry of a token, or null when the token is still good. */
export async function findRedeemed(store: GuardedStore, key: Key, now: number): Promise<Redeemed | null> {
  const found = await store.load(key, { now });
  if (found === null || isMoved(found)) return null;
  const { sid, route, by, graceUntil } = parseData(found.data) ?? {};
  if (!isSessionId(sid)) return { key: null, mark: null };
  const session = typeof route === "string" ? { id: sid, route } : { id: sid };
  if (by !== "login" && by !== "regenerateId") return { key: session, mark: null };
  const grace = typeof graceUntil === "number" ? { graceUntil } : {};
  return { key: session, mark: { movedAt: found.startedAt, to: session, by, ...grace } };
}

/** Makes the entry. @param move What gave the session another id in the same request: then the token brings nobody who comes later. */
export async function redeem(
  store: GuardedStore,
  { key, expiresAt }: Redemption,
  session: Key | null,
  move: Pick<Move, "by" | "graceSeconds"> | null,
  now: number,
): Promise<void> {
  const { by, graceUntil } = session && move ? markFor(now, session, move) : {};
  const data = JSON.stringify({ ...(session && { sid: session.id, route: session.route }), by, graceUntil });
  await store.create(key, { data, version: 1, startedAt: now, seenAt: now, expiresAt }, {});
}
