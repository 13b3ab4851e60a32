/**
 * Carries out what a request did to its session, and makes the Set-Cookie lines that tell the browser.
 *
 * @module
 */
import { carryOut } from "./carry-out.ts";
import { copyLines } from "./copy.ts";
import { type Engine, placeOf } from "./engine.ts";
import { StateError } from "./errors.ts";
import { after, type MaybePromise } from "./maybe-promise.ts";
import { needsNewKey, type Plan, planFor } from "./plan.ts";
import { assertFits } from "./schema.ts";
import { setCookieLines } from "./set-cookie.ts";
import type { Kept, SessionState } from "./state.ts";
import type { Key } from "./stores/store.ts";
import type { Claims } from "./token/claims.ts";

/**
 * What can be done with cookies here: `send` them; only `changes`, where the response may be cached for everybody;
 * `later`, with the response to come; `impossible`, on a response that carries none.
 */
export type CookieMode = "send" | "changes" | "later" | "impossible";

/**
 * Writes what changed and waits for it; answers with the Set-Cookie lines. At once where nothing is to be waited for.
 *
 * @throws DataError, StoreError, StateError: then nothing is promised to the browser.
 */
export function commit(state: SessionState, engine: Engine, mode: CookieMode): MaybePromise<string[]> {
  if (state.writing !== null) return commitNext(state, engine, mode);
  const writing = write(state, engine, mode);
  return writing instanceof Promise ? written(state, writing) : writing;
}

/** Commits when those before are done: a save() that nobody awaited may still be on its way. */
async function commitNext(state: SessionState, engine: Engine, mode: CookieMode): Promise<string[]> {
  while (state.writing !== null) await state.writing.catch(() => {});
  return commit(state, engine, mode);
}

async function written(state: SessionState, writing: Promise<string[]>): Promise<string[]> {
  state.writing = writing;
  try {
    return await writing;
  } finally {
    state.writing = null;
  }
}

function write(state: SessionState, engine: Engine, mode: CookieMode): MaybePromise<string[]> {
  return after(routeFor(state, engine), (route) => {
    const { turns } = state;
    return after(planOrEnd(state, engine, route, mode !== "impossible"), (plan) => perform(plan, turns, state, engine, mode));
  });
}

/** Where a new key is needed, the part of the store that it will name. */
function routeFor(state: SessionState, engine: Engine): MaybePromise<string | undefined> {
  return state.used && needsNewKey(state) ? placeOf(engine, state.subject).keeping.route(state.subject) : undefined;
}

/** @param turns How often the session's turn had come when the plan was made. */
function perform(plan: Plan, turns: number, state: SessionState, engine: Engine, mode: CookieMode): MaybePromise<string[]> {
  if (mode === "impossible") assertNoCookieNeeded(state, plan);
  if (plan.step === "none" && plan.dropped) engine.emit({ type: "moved", id: (state.lost as Key).id, reason: "commit" });
  // The token does not depend on the store's answer, so both are made at the same time.
  const { keeping, codec } = placeOf(engine, plan.next?.record.subject);
  const claims = needsToken(plan.next, state.used, mode) ? keeping.claims(plan.next as Kept, engine.now()) : undefined;
  const sealing = claims && codec.seal(claims);
  if (sealing instanceof Promise) sealing.catch(() => {});
  if (plan.step !== "touch" && (plan.step !== "none" || plan.dropped)) state.changed = true;
  const ended = state.ended.length > 0 ? endOld(state, engine) : undefined;
  return after(ended, () =>
    after(carryOut(plan, state, engine), (kept) => {
      if (state.turns !== turns) overtake(state, kept);
      else if (kept !== null) state.written(kept);
      else if (plan.next !== null) state.lose((state.kept ?? plan.next).key);
      if (mode === "later" || mode === "impossible") return [];
      // Of a session that moved meanwhile, the answer that moved it brings the cookie.
      const token = kept !== null && kept.key === plan.next?.key ? sealing : undefined;
      return after(token, (text) => linesFor(state, engine, mode, kept, text, claims));
    }),
  );
}

function linesFor(
  state: SessionState,
  engine: Engine,
  mode: CookieMode,
  kept: Kept | null,
  token: string | undefined,
  claims: Claims | undefined,
): MaybePromise<string[]> {
  if (kept !== null && token !== undefined) state.written(withToken(kept, token));
  const lines = setCookieLines(state, engine, token, claims);
  if (engine.copies === undefined) return lines;
  return copyLines(state, engine, mode === "changes").then((copies) => [...lines, ...copies]);
}

/** A login, a new id or an end came while the store was writing: it is still to be carried out, on what is there now. */
function overtake(state: SessionState, kept: Kept | null): void {
  if (kept === null) return;
  if (state.kept === null && state.destroyed) state.end(kept);
  // The new id that was asked for is there already, from another request.
  else if (kept.token.elsewhere && state.renewal === "regenerateId") state.written(kept);
  else state.kept = kept;
}

function planOrEnd(state: SessionState, engine: Engine, route: string | undefined, keeps: boolean): MaybePromise<Plan> {
  const plain = engine.schema === undefined && state.ended.length === 0;
  return plain ? planFor(state, engine, route, keeps) : checkedPlan(state, engine, route, keeps);
}

/** The plan. Data that cannot be kept must not keep a destroyed session alive. */
async function checkedPlan(state: SessionState, engine: Engine, route: string | undefined, keeps: boolean): Promise<Plan> {
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

function withToken(kept: Kept, text: string): Kept {
  return { ...kept, token: { temp: kept.token.temp, text, renew: "no" } };
}
