/**
 * Carries out what a request did to its session, and makes the Set-Cookie lines that tell the browser.
 *
 * @module
 */
import { copyLines } from "./copy.ts";
import { type Engine, placeOf } from "./engine.ts";
import { StateError, StoreError } from "./errors.ts";
import { parseData } from "./json.ts";
import { follow } from "./moved.ts";
import { diff, type Patch } from "./patch.ts";
import { needsNewKey, type Plan, planFor } from "./plan.ts";
import type { SessionRecord } from "./record.ts";
import { assertFits } from "./schema.ts";
import { setCookieLines } from "./set-cookie.ts";
import type { Kept, SessionState } from "./state.ts";
import { isMoved, type Key, MOVED_MARK_SECONDS, type UpdateResult } from "./stores/store.ts";

/**
 * What can be done with cookies here: `send` them; only `changes`, where the response may be cached for everybody;
 * `later`, with the response to come; `impossible`, on a response that carries none.
 */
export type CookieMode = "send" | "changes" | "later" | "impossible";

/**
 * Writes what changed and waits for it; answers with the Set-Cookie lines.
 *
 * @throws DataError, StoreError, StateError: then nothing is promised to the browser.
 */
export async function commit(state: SessionState, engine: Engine, mode: CookieMode): Promise<string[]> {
  // A save() that nobody awaited may still be on its way.
  while (state.writing !== null) await state.writing.catch(() => {});
  const writing = write(state, engine, mode);
  state.writing = writing;
  try {
    return await writing;
  } finally {
    state.writing = null;
  }
}

async function write(state: SessionState, engine: Engine, mode: CookieMode): Promise<string[]> {
  const route = state.used && needsNewKey(state) ? await placeOf(engine, state.subject).keeping.route(state.subject) : undefined;
  const { turns } = state;
  const plan = await planOrEnd(state, engine, route, mode !== "impossible");
  if (mode === "impossible") assertNoCookieNeeded(state, plan);
  if (plan.step === "none" && plan.dropped) engine.emit({ type: "moved", id: (state.lost as Key).id, reason: "commit" });
  // The token does not depend on the store's answer, so both are made at the same time.
  const { keeping, codec } = placeOf(engine, plan.next?.record.subject);
  const claims = needsToken(plan.next, state.used, mode) ? keeping.claims(plan.next as Kept, engine.now()) : undefined;
  const sealing = claims && codec.seal(claims);
  if (sealing instanceof Promise) sealing.catch(() => {});
  await endOld(state, engine);
  if (plan.step !== "touch" && (plan.step !== "none" || plan.dropped)) state.changed = true;
  const kept = await carryOut(plan, state, engine);
  if (state.turns !== turns) overtake(state, kept);
  else if (kept !== null) state.written(kept);
  else if (plan.next !== null) state.lose((state.kept ?? plan.next).key);
  if (mode === "later" || mode === "impossible") return [];
  // Of a session that moved meanwhile, the answer that moved it brings the cookie.
  const token = kept !== null && kept.key === plan.next?.key ? await sealing : undefined;
  if (kept !== null && token !== undefined) state.written(withToken(kept, token));
  const lines = setCookieLines(state, engine, token, claims);
  return [...lines, ...(await copyLines(state, engine, mode === "changes"))];
}

/** A login, a new id or an end came while the store was writing: it is still to be carried out, on what is there now. */
function overtake(state: SessionState, kept: Kept | null): void {
  if (kept === null) return;
  if (state.kept === null && state.destroyed) state.end(kept);
  // The new id that was asked for is there already, from another request.
  else if (kept.token.elsewhere && state.renewal === "regenerateId") state.written(kept);
  else state.kept = kept;
}

/** The plan. Data that cannot be kept must not keep a destroyed session alive. */
async function planOrEnd(state: SessionState, engine: Engine, route: string | undefined, keeps: boolean): Promise<Plan> {
  try {
    const plan = planFor(state, engine, route, keeps);
    const saves = "patch" in plan || plan.step === "create";
    if (engine.schema !== undefined && saves) await assertFits(engine.schema, state.content.visible);
    return plan;
  } catch (error) {
    await endOld(state, engine);
    throw error;
  }
}

/** Ends what was to end whatever else failed, where no response can carry a cookie. */
export async function commitEnds(state: SessionState, engine: Engine): Promise<void> {
  state.discard();
  // A new id that save() wrote is one that the browser will never know.
  if (state.renewal !== null || state.kept?.token.renew === "must") state.destroy();
  await endOld(state, engine);
}

function needsToken(next: Kept | null, used: boolean, mode: CookieMode): boolean {
  if (next === null || !used || mode === "later" || mode === "impossible") return false;
  return next.token.renew === "must" || (next.token.renew === "due" && mode === "send");
}

function assertNoCookieNeeded(state: SessionState, { next }: Plan): void {
  if (next?.token.renew !== "must" && !state.destroyed) return;
  throw new StateError(
    "ERR_COOKIE_NOT_POSSIBLE",
    "Cannot change the session: this response cannot carry a cookie any more, or has status 101",
  );
}

async function endOld(state: SessionState, engine: Engine): Promise<void> {
  for (const { key, token, place } of state.ended) {
    const { keeping, forget } = engine.places[place];
    await keeping.remove(key);
    if (token !== undefined) forget(token);
    engine.emit({ type: "destroyed", id: key.id });
  }
  state.ended = [];
}

/** Does the step; answers with the session after it. Null when it is gone or has moved: then what was written is dropped. */
async function carryOut(plan: Plan, state: SessionState, engine: Engine): Promise<Kept | null> {
  if (plan.step === "none") return plan.next;
  if (plan.step === "touch") return touch(plan.next, engine);
  state.wrote = true;
  state.askedAt = engine.now();
  if (plan.step === "create") return create(plan.next, state, engine);
  if (plan.step === "update") return save(plan.next, plan.patch, state, engine);
  const { key, record } = plan.next;
  const { keeping } = placeOf(engine, record.subject);
  const reason = state.renewal as "login" | "regenerateId";
  const options = { follow: reason === "regenerateId", ...engine.limit };
  const result = await keeping.replace(plan.from, key, plan.patch, record, options);
  // Whoever logs in is logged in, also when the visitor's session ended meanwhile.
  if (!result.ok && reason === "login") return create(plan.next, state, engine);
  // Two requests want a new id at the same time: the session has one, and what this one changed goes there.
  if (!result.ok && result.why === "moved") return save({ ...plan.next, key: plan.from }, plan.patch, state, engine);
  if (!survived(result, plan.from.id, engine)) return null;
  noteVersion(state, record, result);
  engine.emit({ type: "regenerated", id: key.id, from: plan.from.id, reason });
  return plan.next;
}

async function create(next: Kept, state: SessionState, engine: Engine): Promise<Kept | null> {
  const { key, record } = next;
  const { renewal } = state;
  try {
    await placeOf(engine, record.subject).keeping.create(key, record, engine.limit);
  } catch (error) {
    const imported = await importedMeanwhile(next, state, engine);
    if (imported !== null) return imported;
    state.dropId();
    throw error;
  }
  state.known = "exact";
  engine.emit({ type: "created", id: key.id });
  if (renewal === "login") engine.emit({ type: "regenerated", id: key.id, reason: "login" });
  return next;
}

/** Another request with the same accepted token was faster to keep its session: what this one changed goes there. */
async function importedMeanwhile(next: Kept, state: SessionState, engine: Engine): Promise<Kept | null> {
  const { imported } = state;
  if (imported === null || state.renewal !== null) return null;
  const { keeping } = placeOf(engine, next.record.subject);
  const found = await keeping.loadKey(next.key, { now: engine.now() });
  if (found === null || isMoved(found)) return null;
  const patch = diff(parseData(imported.data) ?? {}, parseData(next.record.data) ?? {});
  return patch === null ? next : save(next, patch, state, engine);
}

/** Writes a change of data. A session that got a new id meanwhile gets the change there. */
async function save(next: Kept, patch: Patch, state: SessionState, engine: Engine): Promise<Kept | null> {
  const { key, record } = next;
  const { seenAt: now, expiresAt } = record;
  const result = await placeOf(engine, record.subject).keeping.update(key, patch, { now, expiresAt });
  if (!result.ok && result.why === "moved") {
    const moved = await newPlace(next, engine);
    if (moved !== null) return save(moved, patch, state, engine);
  }
  if (!survived(result, key.id, engine)) return null;
  noteVersion(state, record, result);
  engine.emit({ type: "saved", id: key.id });
  return next;
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
async function touch(next: Kept, engine: Engine): Promise<Kept | null> {
  const { key, record } = next;
  const { keeping } = placeOf(engine, record.subject);
  try {
    const touched = await keeping.touch(key, { now: record.seenAt, expiresAt: record.expiresAt });
    const kept = touched ? next : await newPlace(next, engine);
    engine.emit(kept === null ? { type: "unknown", id: key.id, reason: "commit" } : { type: "touched", id: kept.key.id });
    return kept;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    engine.emit({ type: "store-error", operation: "touch" });
    return next;
  }
}

/** Whether the change was made; reports why not. */
export function survived(result: UpdateResult, id: string, { emit }: Engine): boolean {
  if (!result.ok) emit({ type: result.why === "moved" ? "moved" : "unknown", id, reason: "commit" });
  return result.ok;
}

function withToken(kept: Kept, text: string): Kept {
  return { ...kept, token: { temp: kept.token.temp, text, renew: "no" } };
}
