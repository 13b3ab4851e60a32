/**
 * Carries out one step in the store: creates, writes, moves or touches the session.
 *
 * @module
 */
import { ConflictError, GoneError, isStoreError } from "../ground/errors.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { Occasion } from "../manager/contract.ts";
import type { Gone, Living } from "../session/found.ts";
import { applyPatch } from "../session/patch.ts";
import { isMoved, type Key, type MoveReason, type UpdateResult } from "../session/record.ts";
import { livingOf, type Visit, type Wish } from "../session/visit.ts";
import { follow, goneFrom, inGrace } from "./follow.ts";
import type { Stored } from "./guarded.ts";
import { goOnWith, lose } from "./rebase.ts";
import { graceOf, redeemFor } from "./redeem.ts";
import type { StorePlan } from "./steps.ts";

/** One attempt. */
interface Attempt {
  readonly visit: Visit;
  readonly stored: Stored;
  readonly occasion: Occasion;
  /** How many attempts came before. */
  readonly tries: number;
}

/**
 * The result of a step: the session after it, `again` if its plan
 * is out of date, or `conflict` if another request was faster.
 */
type Outcome = Living | "again" | "conflict";

type Step<Name extends StorePlan["step"]> = Extract<StorePlan, { readonly step: Name }>;

/** Sessions may move or be changed by others during a write. After this many tries, the commit gives up. */
const MAX_TRIES = 20;
const LONGEST_PAUSE_MS = 64;
/** Safe methods: a user does not miss a change made by one. RFC 9110, section 9.2.1. */
const SAFE: readonly (string | undefined)[] = ["GET", "HEAD", "OPTIONS"];

/** Carries out the step. @throws StoreError, GoneError if the request must report a loss, ConflictError */
export function carryOut(plan: StorePlan, attempt: Attempt): MaybePromise<Living | null | "again"> {
  const { visit, stored, occasion, tries } = attempt;
  const before = livingOf(visit);
  const doing = stepOf(plan, visit, stored);
  if (doing !== null)
    return doing.then(
      (outcome): MaybePromise<Living | "again"> =>
        typeof outcome === "object" ? withUpdates(plan, visit, outcome, before) : again(outcome, tries),
    );
  return plan.step === "lost" ? reportLoss(plan.gone, attempt) : stored.cookies.carryOut(plan, visit, occasion, tries);
}

/** Starts the step. Null if it does not need the store. */
function stepOf(plan: StorePlan, visit: Visit, stored: Stored): Promise<Outcome> | null {
  if (plan.step === "touch") return touch(plan.next, visit, stored);
  const isWrite = plan.step === "create" || plan.step === "replace" || plan.step === "update" || plan.step === "join";
  if (!isWrite) return null;
  visit.askedAt = stored.manager.now();
  visit.wrote = true;
  if (plan.step === "create") return create(plan, visit, stored);
  return plan.step === "replace" ? replace(plan, visit, stored) : save(plan, visit, stored);
}

/** Asks for another try. */
async function again(outcome: "again" | "conflict", tries: number): Promise<"again"> {
  if (outcome === "conflict") await pause(tries + 1);
  if (tries + 1 < MAX_TRIES) return "again";
  throw new ConflictError("ERR_CONFLICT", "Cannot save the session: other requests keep changing it. Retry the request");
}

/** Waits a random time, longer with each try, so that parallel writers do not collide again. */
export function pause(tries: number): Promise<void> {
  const longest = Math.min(2 ** tries, LONGEST_PAUSE_MS);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}

/** Drops this request's changes. Throws unless the response is already a failure or no one will miss the change. */
function reportLoss({ key, why }: Gone, { visit, stored, occasion: { mode, status } }: Attempt): null {
  const isMissed = why === "moved" && !SAFE.includes(visit.request.method);
  const isTold = mode === "later" || visit.wish.to === "regenerateId" || isMissed;
  if (isTold && status < 400 && !stored.manager.neverGone) throw new GoneError(why);
  stored.manager.emit({ type: "lost", id: key.id, reason: why });
  return null;
}

/** Adds what an `update()` wrote during the step. It must not be written again. */
function withUpdates(plan: StorePlan, visit: Visit, living: Living, before: Living | null): Living {
  const now = livingOf(visit);
  if (now === null || now === before || now.key.id !== before?.key.id) return living;
  const data = "patch" in plan ? applyPatch(now.record.data, plan.patch) : now.record.data;
  return { ...living, record: { ...living.record, data } };
}

async function replace({ wish, next, from, patch, ifVersion }: Step<"replace">, visit: Visit, stored: Stored): Promise<Outcome> {
  const { manager, store, nextIds } = stored;
  const { key, record } = next;
  const { wish: now } = visit;
  const by = wish.to as MoveReason;
  const move = { by, graceSeconds: graceOf(wish), ...manager.limit, ...(ifVersion !== undefined && { ifVersion }) };
  const result = await store.replace(from, key, patch, record, move);
  if (!result.ok) return relocate(visit, stored, from, result.why, now);
  noteVersion(visit, next, result);
  nextIds.delete(key.id);
  visit.madeId = key.id;
  manager.emit({ type: "regenerated", id: key.id, from: from.id, reason: by });
  return next;
}

async function create({ wish, next }: Step<"create">, visit: Visit, stored: Stored): Promise<Outcome> {
  const { manager, store } = stored;
  const { key, record } = next;
  const { found } = visit;
  const imported = found.is === "imported" ? found : null;
  const redemption = imported?.redemption ?? null;
  try {
    // A session that may lose to another request does not count for the limit yet.
    await store.create(key, record, redemption === null ? manager.limit : {});
  } catch (error) {
    // The store may have written it although it threw.
    visit.nextId = undefined;
    throw error;
  }
  const isVain = imported !== null && redemption !== null && (await redeemFor(next, redemption, imported, wish, visit, stored));
  if (isVain) return "again";
  visit.known = "exact";
  // An accepted token still leads to the session through its entry, unless the session got its own id at once.
  if (redemption === null || wish.to !== "stay") visit.madeId = key.id;
  manager.emit({ type: "created", id: key.id });
  if (wish.to === "login") manager.emit({ type: "regenerated", id: key.id, reason: "login" });
  return next;
}

/** Writes a change of data. */
async function save({ next, patch, ifVersion }: Step<"update" | "join">, visit: Visit, stored: Stored): Promise<Outcome> {
  const { key, record } = next;
  const { wish } = visit;
  const options = { now: record.seenAt, expiresAt: record.expiresAt, ...(ifVersion !== undefined && { ifVersion }) };
  const result = await stored.store.update(key, patch, options);
  if (!result.ok) return relocate(visit, stored, key, result.why, wish);
  noteVersion(visit, next, result);
  stored.manager.emit({ type: "saved", id: key.id });
  return next;
}

/** Whether the record is exactly as this request thinks: only if no one changed it in between. */
function noteVersion(visit: Visit, { record: { version } }: Living, result: UpdateResult): void {
  visit.known = result.ok && result.version === version ? "exact" : "stale";
}

/** Records use of the session. If that fails, the request does not. */
async function touch(next: Living, visit: Visit, stored: Stored): Promise<Outcome> {
  const { manager, store } = stored;
  const { key, record } = next;
  const { wish } = visit;
  try {
    const isThere = await store.touch(key, { now: record.seenAt, expiresAt: record.expiresAt });
    if (isThere) manager.emit({ type: "touched", id: key.id });
    if (isThere) return next;
  } catch (error) {
    if (!isStoreError(error)) throw error;
    manager.emit({ type: "store-error", operation: "touch" });
    return next;
  }
  const outcome = await relocate(visit, stored, key, undefined, wish);
  if (visit.found.is === "gone" && visit.found.why === "ended") manager.emit({ type: "unknown", id: key.id, reason: "commit" });
  return outcome;
}

/**
 * Finds out where the session went, or what it is now, and updates the visit.
 *
 * @param why What the store said. Undefined if it only said that there is nothing to change.
 * @param wish The visit's wish when the step began. A newer one stays, for the next plan.
 */
export async function relocate(
  visit: Visit,
  stored: Stored,
  from: Key,
  why: "gone" | "moved" | "conflict" | undefined,
  wish: Wish,
): Promise<"again" | "conflict"> {
  const { manager, store } = stored;
  if (why === "conflict") manager.emit({ type: "conflict", id: from.id });
  const outcome = why === "conflict" ? why : "again";
  const found = why === "gone" ? null : await store.load(from, { now: manager.now() });
  const mark = found !== null && isMoved(found) ? found : null;
  const went = mark && (await follow(stored, mark));
  const record = went?.inGrace ? went.record : why === "conflict" && found !== null && !isMoved(found) ? found : null;
  const converted = (record && (await manager.hooks.convert?.(record.data))) ?? null;
  const living = livingOf(visit);
  // This request itself may have moved or ended it, or meant to join it under this id. The next plan finds out.
  if (visit.wish !== wish || living?.key.id !== from.id) return outcome;
  const now = manager.now();
  visit.askedAt = now;
  if (went?.inGrace) goOnWith(visit, inGrace(living, went), converted);
  else if (record !== null) goOnWith(visit, { ...living, record }, converted);
  else {
    // A request that saw only a copy may have come after the session moved.
    const atLoad = visit.known === "copy" && mark !== null && mark.movedAt < visit.arrived.at;
    lose(visit, goneFrom(from, mark, went, now, atLoad));
  }
  return outcome;
}
