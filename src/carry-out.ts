/**
 * Carries out one plan where the session is kept: creates, writes, moves or touches it. Without a promise where none is needed.
 *
 * @module
 */
import { type Engine, placeOf } from "./engine.ts";
import { StoreError } from "./errors.ts";
import { parseData } from "./json.ts";
import { after, type MaybePromise } from "./maybe-promise.ts";
import { follow } from "./moved.ts";
import { diff, type Patch } from "./patch.ts";
import type { Plan } from "./plan.ts";
import type { SessionRecord } from "./record.ts";
import type { Kept, SessionState } from "./state.ts";
import { isMoved, MOVED_MARK_SECONDS, type UpdateResult } from "./stores/store.ts";

/** Does the step; answers with the session after it. Null when it is gone or has moved: then what was written is dropped. */
export function carryOut(plan: Plan, state: SessionState, engine: Engine): MaybePromise<Kept | null> {
  if (plan.step === "none") return plan.next;
  if (plan.step === "touch") return touch(plan.next, engine);
  state.wrote = true;
  state.askedAt = engine.now();
  if (plan.step === "create") return create(plan.next, state, engine);
  if (plan.step === "update") return save(plan.next, plan.patch, state, engine);
  return replace(plan, state, engine);
}

function replace(plan: Extract<Plan, { step: "replace" }>, state: SessionState, engine: Engine): MaybePromise<Kept | null> {
  const { next, from, patch } = plan;
  const { key, record } = next;
  const reason = state.renewal as "login" | "regenerateId";
  const options = { follow: reason === "regenerateId", ...engine.limit };
  const replacing = placeOf(engine, record.subject).keeping.replace(from, key, patch, record, options);
  return after(replacing, (result) => {
    // Whoever logs in is logged in, also when the visitor's session ended meanwhile.
    if (!result.ok && reason === "login") return create(next, state, engine);
    // Two requests want a new id at the same time: the session has one, and what this one changed goes there.
    if (!result.ok && result.why === "moved") return save({ ...next, key: from }, patch, state, engine);
    if (!survived(result, from.id, engine)) return null;
    noteVersion(state, record, result);
    engine.emit({ type: "regenerated", id: key.id, from: from.id, reason });
    return next;
  });
}

function create(next: Kept, state: SessionState, engine: Engine): MaybePromise<Kept | null> {
  const { key, record } = next;
  const { renewal } = state;
  const creating = placeOf(engine, record.subject).keeping.create(key, record, engine.limit);
  return creating instanceof Promise
    ? creating.then(created, (error: unknown) => createdElsewhere(next, state, engine, error))
    : created();

  function created(): Kept {
    state.known = "exact";
    engine.emit({ type: "created", id: key.id });
    if (renewal === "login") engine.emit({ type: "regenerated", id: key.id, reason: "login" });
    return next;
  }
}

/** Another request with the same accepted token was faster to keep its session: what this one changed goes there. */
async function createdElsewhere(next: Kept, state: SessionState, engine: Engine, error: unknown): Promise<Kept | null> {
  const { imported } = state;
  if (imported !== null && state.renewal === null) {
    const { keeping } = placeOf(engine, next.record.subject);
    const found = await keeping.loadKey(next.key, { now: engine.now() });
    if (found !== null && !isMoved(found)) {
      const patch = diff(parseData(imported.data) ?? {}, parseData(next.record.data) ?? {});
      return patch === null ? next : save(next, patch, state, engine);
    }
  }
  state.dropId();
  throw error;
}

/** Writes a change of data. A session that got a new id meanwhile gets the change there. */
function save(next: Kept, patch: Patch, state: SessionState, engine: Engine): MaybePromise<Kept | null> {
  const { key, record } = next;
  const { seenAt: now, expiresAt } = record;
  return after(placeOf(engine, record.subject).keeping.update(key, patch, { now, expiresAt }), (result) => {
    if (!result.ok && result.why === "moved") return saveAtNewPlace(next, patch, state, engine);
    if (!survived(result, key.id, engine)) return null;
    noteVersion(state, record, result);
    engine.emit({ type: "saved", id: key.id });
    return next;
  });
}

async function saveAtNewPlace(next: Kept, patch: Patch, state: SessionState, engine: Engine): Promise<Kept | null> {
  const moved = await newPlace(next, engine);
  if (moved !== null) return save(moved, patch, state, engine);
  survived({ ok: false, why: "moved" }, next.key.id, engine);
  return null;
}

/** Whether the record is now as this request thinks: only if nobody changed it between. */
function noteVersion(state: SessionState, { version }: SessionRecord, result: UpdateResult): void {
  state.known = result.ok && result.version === version ? "exact" : "stale";
}

/**
 * A session under its new id, when it got one while this request ran. Only where the mark says where to, and only for a
 * request that loaded the session while its old id was good: the cookie with the new id is another answer's to give.
 */
export async function newPlace({ key, record, token }: Kept, engine: Engine): Promise<Kept | null> {
  const { keeping } = placeOf(engine, record.subject);
  const mark = await keeping.loadKey(key, { now: engine.now() });
  const followed = mark !== null && isMoved(mark) ? await follow(engine, keeping, mark, MOVED_MARK_SECONDS) : null;
  return followed && { key: followed.key, record, token: { temp: token.temp, renew: "no", elsewhere: true } };
}

/** Writes down that the session was used. That this failed is no reason to fail the request. */
function touch(next: Kept, engine: Engine): MaybePromise<Kept | null> {
  const { key, record } = next;
  const { keeping } = placeOf(engine, record.subject);
  const touching = after(keeping.touch(key, { now: record.seenAt, expiresAt: record.expiresAt }), (touched) =>
    after(touched ? next : newPlace(next, engine), (kept) => {
      engine.emit(kept === null ? { type: "unknown", id: key.id, reason: "commit" } : { type: "touched", id: kept.key.id });
      return kept;
    }),
  );
  if (!(touching instanceof Promise)) return touching;
  return touching.catch((error) => {
    if (!(error instanceof StoreError)) throw error;
    engine.emit({ type: "store-error", operation: "touch" });
    return next;
  });
}

/** Whether the change was made; reports why not. */
export function survived(result: UpdateResult, id: string, { emit }: Engine): boolean {
  if (!result.ok) emit({ type: result.why === "moved" ? "moved" : "unknown", id, reason: "commit" });
  return result.ok;
}
