/**
 * Carries out one plan where the session is kept: creates, writes, moves or touches it. Without a promise where none is needed.
 *
 * @module
 */

import { StoreError } from "../ground/errors.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { migratedData } from "../manager/fitting.ts";
import { type Engine, placeOf } from "../manager/manager.ts";
import type { Plan } from "../manager/plan.ts";
import type { Kept, Redemption } from "../session/found.ts";
import { isMoved, type Key, type Move, type MoveReason, type SessionRecord, type UpdateResult } from "../session/record.ts";
import type { SessionState } from "../session/visit.ts";
import { follow, goneFrom, inGrace, isInGrace } from "./follow.ts";
import { findRedeemed, type Redeemed, redeem } from "./redeem.ts";
import { endBeyondLimit } from "./users.ts";

/**
 * What came of a step: the session after it, null when there is none, or `again`: the plan rests on what is not so any more. `conflict` is the
 * same, because another request was faster to write.
 */
export type Outcome = Kept | null | "again" | "conflict";

/** Does the step. */
export function carryOut(plan: Plan, state: SessionState, engine: Engine): MaybePromise<Outcome> {
  if (plan.step === "none" || plan.step === "lost") return plan.next;
  if (plan.step === "touch") return touch(plan.next, state, engine);
  state.wrote = true;
  state.askedAt = engine.now();
  if (plan.step === "create") return create(plan.next, state, engine);
  if (plan.step === "replace") return replace(plan, state, engine);
  return save(plan, state, engine);
}

function replace(plan: Extract<Plan, { step: "replace" }>, state: SessionState, engine: Engine): MaybePromise<Outcome> {
  const { next, from, patch, ifVersion } = plan;
  const { key, record } = next;
  const { turns } = state;
  const by = state.renewal as MoveReason;
  const move = { ...moveOf(state, by), ...engine.limit, ...(ifVersion !== undefined && { ifVersion }) };
  return after(
    placeOf(engine, record.subject).keeping.replace(from, key, patch, record, move),
    (result): MaybePromise<Outcome> => {
      if (!result.ok) return relocate(state, engine, from, result.why, turns);
      noteVersion(state, record, result);
      engine.nextIds.written(key.id);
      state.madeId = key.id;
      engine.emit({ type: "regenerated", id: key.id, from: from.id, reason: by });
      return next;
    },
  );
}

function moveOf({ graceSeconds }: SessionState, by: MoveReason): Pick<Move, "by" | "graceSeconds"> {
  return { by, graceSeconds: by === "login" ? 0 : graceSeconds };
}

function create(next: Kept, state: SessionState, engine: Engine): MaybePromise<Outcome> {
  const { key, record } = next;
  const { imported, renewal, turns } = state;
  const { keeping } = placeOf(engine, record.subject);
  // Only what is not made in vain counts for the limit.
  const creating = keeping.create(key, record, imported?.redemption ? {} : engine.limit);
  if (!(creating instanceof Promise)) return created();
  return creating.then(
    () => (imported?.redemption ? redeemed(imported.redemption) : created()),
    (error: unknown) => {
      state.dropId();
      throw error;
    },
  );

  function created(): Kept {
    state.known = "exact";
    // Whoever brings an accepted token again finds the session by its entry, unless it got an id of its own at once.
    if (imported?.redemption == null || renewal !== null) state.madeId = key.id;
    engine.emit({ type: "created", id: key.id });
    if (renewal === "login") engine.emit({ type: "regenerated", id: key.id, reason: "login" });
    return next;
  }

  async function redeemed(redemption: Redemption): Promise<Outcome> {
    try {
      await redeem(keeping, redemption, key, renewal && moveOf(state, renewal), engine.now());
    } catch (error) {
      state.dropId();
      const entry = await findRedeemed(keeping, redemption.key, engine.now());
      // The store may have made the entry in spite of what it said.
      if (entry?.key?.id !== key.id) return inVain(redemption, entry, error);
    }
    await endBeyondLimit(engine, record.subject, key).catch(noteStoreError);
    return created();
  }

  /** The session is made by now, so a limit that is passed is left to the next login to mend. */
  function noteStoreError(error: unknown): void {
    if (!(error instanceof StoreError)) throw error;
    engine.emit({ type: "store-error", operation: error.operation });
  }

  async function inVain(redemption: Redemption, entry: Redeemed | null, error: unknown): Promise<Outcome> {
    await keeping.remove(key);
    if (entry === null) throw error;
    await goWithRedeemed(state, engine, redemption, entry, turns);
    return "again";
  }
}

/** Another request with the same accepted token was faster: its session is the one that this request goes on with. */
async function goWithRedeemed(
  state: SessionState,
  engine: Engine,
  redemption: Redemption,
  entry: Redeemed,
  turns: number,
): Promise<void> {
  const { keeping } = engine.places.session;
  const now = engine.now();
  const { imported } = state;
  if (imported === null || state.turns !== turns) return;
  const found = entry.key === null || entry.mark !== null ? null : await keeping.loadKey(entry.key, { now });
  const token = { temp: imported.temp, renew: "must" } as const;
  const key = entry.key ?? redemption.key;
  const mark = entry.mark ?? (found !== null && isMoved(found) ? found : null);
  const went = mark !== null && isInGrace(mark, now) ? await follow(engine, keeping, mark) : null;
  if (went?.inGrace) state.joinImported(inGrace(token, went));
  else if (found !== null && !isMoved(found)) state.joinImported({ key, record: found, token });
  else state.lose(goneFrom(key, mark, went, now));
}

/** Writes a change of data. */
function save(plan: Extract<Plan, { step: "update" | "join" }>, state: SessionState, engine: Engine): MaybePromise<Outcome> {
  const { next, patch, ifVersion } = plan;
  const { key, record } = next;
  const { seenAt: now, expiresAt } = record;
  const { turns } = state;
  return after(
    placeOf(engine, record.subject).keeping.update(key, patch, { now, expiresAt, ...(ifVersion !== undefined && { ifVersion }) }),
    (result): MaybePromise<Outcome> => {
      if (!result.ok) return relocate(state, engine, key, result.why, turns);
      noteVersion(state, record, result);
      engine.emit({ type: "saved", id: key.id });
      return next;
    },
  );
}

/** Whether the record is now as this request thinks: only if nobody changed it between. */
function noteVersion(state: SessionState, { version }: SessionRecord, result: UpdateResult): void {
  state.known = result.ok && result.version === version ? "exact" : "stale";
}

/**
 * Finds out where the session is that is not where it was, or what it is now, and has the state say so.
 *
 * @param why What the store said; undefined when it said no more than that there is nothing to change.
 * @param turns `state.turns` when the step began: what came meanwhile stands, and the next plan sees to it.
 */
export async function relocate(
  state: SessionState,
  engine: Engine,
  from: Key,
  why: "gone" | "moved" | "conflict" | undefined,
  turns: number,
): Promise<"again" | "conflict"> {
  const { keeping } = engine.places.session;
  const { emit } = engine;
  if (why === "conflict") emit({ type: "conflict", id: from.id });
  const outcome = why === "conflict" ? why : "again";
  const found = why === "gone" ? null : await keeping.loadKey(from, { now: engine.now() });
  const mark = found !== null && isMoved(found) ? found : null;
  const went = mark && (await follow(engine, keeping, mark));
  const living = went?.inGrace ? went.record : why === "conflict" && found !== null && !isMoved(found) ? found : null;
  const migrated = living && (await migratedData(living.data, engine));
  // This very request may have moved or ended it, or was to join it under this id: then the next plan finds out.
  if (state.turns !== turns || state.kept?.key.id !== from.id) return outcome;
  const now = engine.now();
  state.askedAt = now;
  if (went?.inGrace) state.goOnWith(inGrace(state.kept.token, went), migrated);
  else if (living !== null) state.goOnWith({ ...state.kept, record: living }, migrated);
  else {
    // Who saw no more than a copy may have come after the session moved.
    const atLoad = state.known === "copy" && mark !== null && mark.movedAt < state.loadedAt;
    state.lose(goneFrom(from, mark, went, now, atLoad));
  }
  return outcome;
}

/** Writes down that the session was used. That this failed is no reason to fail the request. */
function touch(next: Kept, state: SessionState, engine: Engine): MaybePromise<Outcome> {
  const { key, record } = next;
  const { keeping } = placeOf(engine, record.subject);
  const { turns } = state;
  const touching = after(
    keeping.touch(key, { now: record.seenAt, expiresAt: record.expiresAt }),
    (touched): MaybePromise<Outcome> => {
      if (!touched) return missed();
      engine.emit({ type: "touched", id: key.id });
      return next;
    },
  );
  if (!(touching instanceof Promise)) return touching;
  return touching.catch((error) => {
    if (!(error instanceof StoreError)) throw error;
    engine.emit({ type: "store-error", operation: "touch" });
    return next;
  });

  async function missed(): Promise<Outcome> {
    const outcome = await relocate(state, engine, key, undefined, turns);
    if (state.gone?.why === "ended") engine.emit({ type: "unknown", id: key.id, reason: "commit" });
    return outcome;
  }
}
