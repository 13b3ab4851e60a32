/**
 * Redeemed tokens: an accepted token becomes one session, once, and an entry in the store says which.
 *
 * The entry is a record under a hash of what the token proves. It is written after the session and never
 * overwritten. Of several parallel requests with one token, one writes it and the others use its session.
 *
 * @module
 */
import { encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import { isStoreError } from "../ground/errors.ts";
import { parseData } from "../ground/json.ts";
import { isSessionId } from "../ground/session-id.ts";
import type { Imported, Living, Redemption } from "../session/found.ts";
import { isMoved, type Key, type Move, markFor, type Redeemed } from "../session/record.ts";
import type { Visit, Wish } from "../session/visit.ts";
import { REDEEMED } from "./contract.ts";
import { follow, goneFrom, inGrace, isInGrace } from "./follow.ts";
import type { GuardedStore, Stored } from "./guarded.ts";
import { joinImported, lose } from "./rebase.ts";
import { endBeyondLimit } from "./users.ts";

/** The key of a token's entry. @param identity What the token proves, and who made it. */
export async function redemptionKey(store: Pick<GuardedStore, "recordRoute">, identity: string): Promise<Key> {
  const bytes = encodeUtf8(`web-session-store\0redeemed\0${identity}`);
  const id = REDEEMED + encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  const route = await store.recordRoute(id);
  return route === undefined ? { id } : { id, route };
}

/** The entry of a token, or null if the token has not been redeemed. */
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

/**
 * Writes the entry. @param move Set if the session got another id
 * in the same request: then later requests cannot use the token.
 */
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

/** How long the replaced id still works. Seconds. */
export const graceOf = (wish: Wish): number => (wish.to === "stay" ? 0 : wish.graceSeconds);

/** Redeems a token for a session that was just created. True if another request was faster. */
export async function redeemFor(
  next: Living,
  redemption: Redemption,
  imported: Imported,
  wish: Wish,
  visit: Visit,
  stored: Stored,
): Promise<boolean> {
  const { manager, store } = stored;
  const { key, record } = next;
  const { wish: now } = visit;
  const move = wish.to === "stay" ? null : { by: wish.to, graceSeconds: graceOf(wish) };
  try {
    await redeem(store, redemption, key, move, manager.now());
  } catch (error) {
    visit.nextId = undefined;
    const entry = await findRedeemed(store, redemption.key, manager.now());
    // The store may have written the entry although it threw.
    if (entry?.key?.id !== key.id) {
      await store.remove(key);
      if (entry === null) throw error;
      await goWithRedeemed(visit, stored, imported, redemption, entry, now);
      return true;
    }
  }
  try {
    await endBeyondLimit(stored, record.subject, key);
  } catch (error) {
    // The session exists by now, so the next login enforces the limit.
    if (!isStoreError(error)) throw error;
    manager.emit({ type: "store-error", operation: error.operation });
  }
  return false;
}

/** Another request with the same token was faster, so this one continues with its session. */
async function goWithRedeemed(
  visit: Visit,
  stored: Stored,
  { remember }: Imported,
  redemption: Redemption,
  entry: Redeemed,
  wish: Wish,
): Promise<void> {
  const { manager, store } = stored;
  const now = manager.now();
  if (visit.found.is !== "imported" || visit.wish !== wish) return;
  const found = entry.key === null || entry.mark !== null ? null : await store.load(entry.key, { now });
  const key = entry.key ?? redemption.key;
  const mark = entry.mark ?? (found !== null && isMoved(found) ? found : null);
  const went = mark !== null && isInGrace(mark, now) ? await follow(stored, mark) : null;
  if (went?.inGrace) joinImported(visit, inGrace({ cookie: "missing", remember }, went));
  else if (found !== null && !isMoved(found))
    joinImported(visit, { is: "living", key, record: found, cookie: "missing", remember });
  else lose(visit, goneFrom(key, mark, went, now));
}
