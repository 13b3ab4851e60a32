/**
 * The backend for sessions in a store. Cookies carry only the session's id.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { shown } from "../ground/option-values.ts";
import type { AcceptedTokens, Ask, Backend, Candidate, Channel, CookieBackend, Loaded } from "../manager/contract.ts";
import { channelOf, type Manager } from "../manager/manager.ts";
import type { Ending, Gone, Living, Redemption } from "../session/found.ts";
import { isMoved, keyOf, MAX_GRACE_SECONDS, type MovedMark, recordFromToken } from "../session/record.ts";
import { subjectOf, type Visit } from "../session/visit.ts";
import { expiryOf, timeoutsIn, timeoutsOf } from "../token/timeouts.ts";
import type { SessionStore } from "./contract.ts";
import { follow, inGrace, isFresh, isInGrace } from "./follow.ts";
import { guardedStore, type Stored } from "./guarded.ts";
import { patch } from "./patch.ts";
import { findRedeemed, redeem, redemptionKey } from "./redeem.ts";
import { planFor, type StorePlan } from "./steps.ts";
import { refresh, update } from "./update.ts";
import { members } from "./users.ts";
import { carryOut } from "./write.ts";

/** Returns the backend that keeps a manager's sessions in a store. */
export function inStore(given: SessionStore, manager: Manager, cookies: CookieBackend): Backend {
  const stored: Stored = { manager, cookies, store: guardedStore(given), nextIds: new Map() };
  return {
    waits: true,
    members: members(stored),
    watch: stored.store.watch,
    tokens: acceptedTokens(stored),
    load: (channel, candidate, ask) =>
      channel.mode === "cookie" ? cookies.load(channel, candidate, ask) : load(stored, channel, candidate, ask),
    plan: (visit, text, occasion) => planFor(visit, stored, text, occasion),
    carryOut: (plan, visit, occasion, tries) => carryOut(plan as StorePlan, { visit, stored, occasion, tries }),
    end: (ending) => (ending.is === "token" ? endToken(ending.redemption, stored) : endSession(ending, stored)),
    update: (visit, change) => update(visit, stored, change),
    patch: (visit, changes, load) => patch(visit, stored, changes, load),
    refresh: (visit) => refresh(visit, stored),
    noteNextId: (next, former) => noteNextId(next, former, stored),
    assertGrace: (visit, graceSeconds) => assertGrace(visit, graceSeconds, stored),
  };
}

function load(stored: Stored, channel: Channel, candidate: Candidate, ask: Ask): MaybePromise<Loaded | null> {
  const { answer } = stored.manager.hooks;
  if (answer === undefined || ask.fresh) return askStore(stored, channel, candidate, ask);
  return after(answer(ask.visit.cookie, candidate.claims), (copied) =>
    copied === null
      ? askStore(stored, channel, candidate, ask)
      : stored.manager.living(channel, candidate, copied, ask.visit, true),
  );
}

async function askStore(stored: Stored, channel: Channel, candidate: Candidate, ask: Ask): Promise<Loaded | null> {
  const { manager, store } = stored;
  const { claims } = candidate;
  const timeouts = timeoutsOf(timeoutsIn(claims), manager.timeouts);
  const now = manager.now();
  const span = { seenAfter: now - timeouts.idleTimeout, seenBefore: now - timeouts.touchEvery };
  const touch = ask.used ? { touch: { ...span, expiresAt: expiryOf(claims.start, now, timeouts) } } : {};
  const found = await store.load(keyOf(claims), { now, ...touch });
  if (found === null || (isMoved(found) && !isFresh(found, now))) return unknown(stored, claims.sid);
  if (isMoved(found)) return atMark(stored, channel, candidate, found, ask);
  return manager.living(
    channel,
    candidate,
    channel.mode === "data" ? { ...recordFromToken(claims), data: found.data } : found,
    ask.visit,
  );
}

function unknown({ manager }: Stored, id: string): null {
  manager.emit({ type: "unknown", id, reason: "load" });
  return null;
}

/** Loads a session that has moved to another id. The old id works only during its grace. */
async function atMark(stored: Stored, channel: Channel, candidate: Candidate, mark: MovedMark, ask: Ask): Promise<Loaded | null> {
  const { channels, now } = stored.manager;
  const key = keyOf(candidate.claims);
  const anew = channel === channels.visitor && channel !== channels.user;
  const moved: Gone = { is: "gone", key, why: "moved", mark, atLoad: true, anew, shown: null };
  if (!isInGrace(mark, now())) return { found: moved };
  const went = await follow(stored, mark);
  // In grace, the old id stands for the session itself, which has ended since.
  if (went === null) return unknown(stored, key.id);
  if (!went.inGrace) return { found: moved };
  const loaded = stored.manager.living(channel, candidate, went.record, ask.visit);
  return loaded && { ...loaded, found: inGrace(loaded.found as Living, went) };
}

/** How many ids announced to handlers, but not yet written, are remembered at a time. */
const MOST_NEXT_IDS = 10_000;

function noteNextId(next: string, former: string, { nextIds }: Stored): void {
  nextIds.set(next, former);
  // Requests that never got a response leave their id here.
  const [oldest] = nextIds.size > MOST_NEXT_IDS ? nextIds.keys() : [];
  if (oldest !== undefined) nextIds.delete(oldest);
}

function acceptedTokens(stored: Stored): AcceptedTokens {
  const { manager, store } = stored;
  return {
    async redemption(identity) {
      const key = await redemptionKey(store, identity);
      return { key, entry: await findRedeemed(store, key, manager.now()) };
    },
    async session(key, follows) {
      const now = manager.now();
      const found = await store.load(key, { now });
      if (found === null || !isMoved(found)) return found && { key, record: found, isElsewhere: false };
      const went = follows && isInGrace(found, now) ? await follow(stored, found) : null;
      return went?.inGrace ? { key: went.key, record: went.record, isElsewhere: true } : null;
    },
  };
}

async function endSession({ key, of }: Extract<Ending, { is: "session" }>, { manager, store }: Stored): Promise<void> {
  if (manager.channels[of].mode !== "cookie") await store.remove(key);
  manager.emit({ type: "destroyed", id: key.id });
}

/** Ends a token that has not become a session yet. If it became one in the meantime, that session ends. */
async function endToken(redemption: Redemption, stored: Stored): Promise<void> {
  const { manager, store } = stored;
  const now = manager.now();
  try {
    await redeem(store, redemption, null, null, now);
  } catch (error) {
    const entry = await findRedeemed(store, redemption.key, now);
    if (entry === null) throw error;
    if (entry.key !== null) await endSession({ is: "session", key: entry.key, of: "user" }, stored);
  }
}

function assertGrace(visit: Visit, graceSeconds: number, { manager, store }: Stored): void {
  if (!(Number.isSafeInteger(graceSeconds) && graceSeconds >= 1 && graceSeconds <= MAX_GRACE_SECONDS))
    cannot(`use graceSeconds ${shown(graceSeconds)}`, `it must be a whole number of seconds, 1 to ${MAX_GRACE_SECONDS}`);
  // This session was in a store. The commit handles it.
  if (visit.found.is === "gone") return;
  if (channelOf(manager, subjectOf(visit)).mode === "cookie") manager.refuseGrace("the session is in its cookie");
  if (store.guarantees.marks === false) manager.refuseGrace("the store keeps no mark of where a session went");
}
