/**
 * Carries out what a request did to its session, and makes the Set-Cookie lines that tell the browser.
 *
 * @module
 */

import { copyLines } from "../features/copy.ts";
import { assertFits } from "../features/schema.ts";
import { ConflictError, GoneError, StateError } from "../ground/errors.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { SessionData } from "../session/data.ts";
import type { Gone, Kept } from "../session/found.ts";
import { applyPatch } from "../session/patch.ts";
import type { SessionState } from "../session/visit.ts";
import { follow, type Whereabouts } from "../stored/follow.ts";
import { carryOut, type Outcome } from "../stored/write.ts";
import type { Claims } from "../token/claims.ts";
import { endOld } from "./ending.ts";
import { type Engine, placeOf } from "./manager.ts";
import { needsNewKey, needsWhereabouts, type Plan, planFor, type Surroundings } from "./plan.ts";
import { setCookieLines } from "./set-cookie.ts";

/**
 * What can be done with cookies here: `send` them; only `changes`, where the response may be cached for everybody;
 * `later`, with the response to come; `impossible`, on a response that carries none.
 */
export type CookieMode = "send" | "changes" | "later" | "impossible";

/** Methods whose requests change nothing that a user would miss: RFC 9110, section 9.2.1. */
const SAFE = ["GET", "HEAD", "OPTIONS"];

/** Sessions may move, or be changed by others, while they are written. More often than this within one request they are not. */
const MAX_PLANS = 20;
const LONGEST_PAUSE_MS = 64;

/**
 * Writes what changed and waits for it; answers with the Set-Cookie lines. At once where nothing is to be waited for.
 *
 * @param status The status of the answer: one that tells of a failure is not replaced by another.
 * @throws DataError, StoreError, StateError, GoneError: then nothing is promised to the browser.
 */
export function commit(state: SessionState, engine: Engine, mode: CookieMode, status = 200): MaybePromise<string[]> {
  if (state.writing !== null) return commitNext(state, engine, mode, status);
  // Most requests never look at their session.
  if (!state.used) return [];
  const writing = write({ state, engine, mode, status, count: 1 });
  return writing instanceof Promise ? written(state, writing) : writing;
}

/**
 * Commits for the answer that is about to leave. What is called from now on comes too late, and is told so.
 *
 * @throws as {@link commit}: then the same can be tried once more, for the answer that says so.
 */
export function commitAnswer(state: SessionState, engine: Engine, mode: CookieMode, status: number): MaybePromise<string[]> {
  state.close("closing", engine.onLateChange);
  return after(commit(state, engine, mode, status), (lines) => {
    state.phase = "committed";
    return lines;
  });
}

/** Commits when those before are done: a save() that nobody awaited may still be on its way. */
async function commitNext(state: SessionState, engine: Engine, mode: CookieMode, status: number): Promise<string[]> {
  while (state.writing !== null) await state.writing.catch(() => {});
  return commit(state, engine, mode, status);
}

async function written(state: SessionState, writing: Promise<string[]>): Promise<string[]> {
  state.writing = writing;
  try {
    return await writing;
  } finally {
    state.writing = null;
  }
}

/** One attempt to commit. */
interface Attempt {
  readonly state: SessionState;
  readonly engine: Engine;
  readonly mode: CookieMode;
  readonly status: number;
  /** Which attempt it is. */
  readonly count: number;
}

function write(attempt: Attempt): MaybePromise<string[]> {
  const { state, engine, mode } = attempt;
  const { turns } = state;
  return after(look(state, engine, mode), (around) => {
    // A login that came meanwhile needs another part of the store.
    if (state.turns !== turns) return write(attempt);
    return after(planOrEnd(state, engine, around), (plan) => carry(plan, turns, attempt));
  });
}

/** @param turns `state.turns` when the plan was made; a difference means that login, new id or destroy happened meanwhile. */
function carry(plan: Plan, turns: number, attempt: Attempt): MaybePromise<string[]> {
  const { state, engine, mode, status } = attempt;
  // Logged in now, or not at all: what came with the request is settled in the same moment.
  if (plan.next !== null && state.renewal === "login") state.settle();
  if (state.ended.length > 0) return endOld(state, engine).then(() => carry(plan, turns, attempt));
  if (mode === "impossible") assertNoCookieNeeded(state, plan);
  if (plan.step === "lost") reportLoss(state, engine, plan.gone, mode, status);
  return perform(plan, turns, attempt);
}

/** Tries once more: the plan rested on what is not so any more. */
async function again({ state, engine, mode, status, count }: Attempt, outcome: "again" | "conflict"): Promise<string[]> {
  if (outcome === "conflict") await pause(count);
  if (count < MAX_PLANS) return write({ state, engine, mode, status, count: count + 1 });
  throw new ConflictError("ERR_CONFLICT", "Cannot save the session: other requests change it all the time");
}

/** Waits a random moment, longer from try to try, so that many writers do not meet again at once. */
export function pause(tries: number): Promise<void> {
  const longest = Math.min(2 ** tries, LONGEST_PAUSE_MS);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}

const KNOWN_KEY: Surroundings = { route: undefined, went: null, canSetCookie: true };
const KNOWN_KEY_WITHOUT_COOKIE: Surroundings = { ...KNOWN_KEY, canSetCookie: false };

/** What has to be known for a plan: where a new key is needed, the part of the store that it will name; where a session went. */
function look(state: SessionState, engine: Engine, mode: CookieMode): MaybePromise<Surroundings> {
  const canSetCookie = mode !== "impossible";
  if (!needsNewKey(state)) return canSetCookie ? KNOWN_KEY : KNOWN_KEY_WITHOUT_COOKIE;
  return after(placeOf(engine, state.subject).keeping.route(state.subject), (route) =>
    after(whereabouts(state, engine), (went) => ({ route, went, canSetCookie })),
  );
}

function whereabouts(state: SessionState, engine: Engine): MaybePromise<Whereabouts | null> {
  const mark = state.gone?.mark;
  return mark && needsWhereabouts(state) ? follow(engine, engine.places.session.keeping, mark) : null;
}

/** What this request changed is dropped: it is told so, unless its answer is no success, or nobody will miss the change. */
function reportLoss(state: SessionState, engine: Engine, { key, why }: Gone, mode: CookieMode, status: number): void {
  const isMissed = why === "moved" && !SAFE.includes(state.method ?? "");
  const isTold = mode === "later" || state.renewal === "regenerateId" || isMissed;
  if (isTold && status < 400 && !engine.neverGone) throw new GoneError(why);
  engine.emit({ type: "lost", id: key.id, reason: why });
}

/** Does the step, and answers with the Set-Cookie lines. */
function perform(plan: Plan, turns: number, attempt: Attempt): MaybePromise<string[]> {
  const { state, engine, mode } = attempt;
  // The token does not depend on the store's answer, so both are made at the same time.
  const { keeping, codec } = placeOf(engine, plan.next?.record.subject);
  const claims = needsToken(plan.next, mode) ? keeping.claims(plan.next as Kept, engine.now()) : undefined;
  const sealing = claims && codec.seal(claims);
  if (sealing instanceof Promise) sealing.catch(() => {});
  const before = state.kept;
  return after(carryOut(plan, state, engine), (outcome) => {
    if (outcome === "again" || outcome === "conflict") return again(attempt, outcome);
    if (outcome !== null) take(state, plan, withUpdates(state, plan, outcome, before), turns);
    if (mode === "later" || mode === "impossible") return [];
    const token = outcome === null ? undefined : sealing;
    return after(token, (text) => linesFor(state, engine, mode, outcome, text, claims));
  });
}

function linesFor(
  state: SessionState,
  engine: Engine,
  mode: CookieMode,
  kept: Outcome,
  token: string | undefined,
  claims: Claims | undefined,
): MaybePromise<string[]> {
  if (typeof kept === "object" && kept !== null && token !== undefined) state.written(withToken(kept, token));
  const lines = setCookieLines(state, engine, token, claims);
  if (engine.copies === undefined) return lines;
  return copyLines(state, engine, mode === "changes").then((copies) => [...lines, ...copies]);
}

/** What an update() wrote while the step was carried out is in the session, too, and no change of this request that is still to be written. */
function withUpdates({ kept: now }: SessionState, plan: Plan, kept: Kept, before: Kept | null): Kept {
  if (now === null || now === before || now.key.id !== before?.key.id) return kept;
  const patch = "patch" in plan ? plan.patch : null;
  const data = patch === null ? now.record.data : applyPatch(now.record.data, patch);
  return { ...kept, record: { ...kept.record, data } };
}

/** The session is what was written. A login, a new id or an end that came meanwhile is still to be carried out, on that. */
function take(state: SessionState, plan: Plan, kept: Kept, turns: number): void {
  const isOvertaken = state.turns !== turns;
  if (isOvertaken && state.kept === null && state.destroyed) return void state.end(kept);
  if ("shown" in plan && plan.shown !== undefined) state.content.rebase(plan.shown, kept.record.data);
  if (!isOvertaken) return void state.written(kept);
  state.kept = kept;
  state.imported = null;
  state.gone = null;
}

function planOrEnd(state: SessionState, engine: Engine, around: Surroundings): MaybePromise<Plan> {
  const plain = engine.schema === undefined && state.ended.length === 0;
  return plain ? planFor(state, engine, around) : checkedPlan(state, engine, around);
}

/** The plan. Data that cannot be kept must not keep a destroyed session alive. */
async function checkedPlan(state: SessionState, engine: Engine, around: Surroundings): Promise<Plan> {
  try {
    const plan = planFor(state, engine, around);
    const saves = "patch" in plan || plan.step === "create";
    if (engine.schema !== undefined && saves) await assertFits(engine.schema, SessionData.of(plan.next.record.data).visible);
    return plan;
  } catch (error) {
    await endOld(state, engine);
    throw error;
  }
}

function needsToken(next: Kept | null, mode: CookieMode): boolean {
  if (next === null || mode === "later" || mode === "impossible") return false;
  return next.token.renew === "must" || (next.token.renew === "due" && mode === "send");
}

function assertNoCookieNeeded(state: SessionState, { next }: Plan): void {
  if (next?.token.renew !== "must" && !state.destroyed) return;
  throw new StateError(
    "ERR_COOKIE_NOT_POSSIBLE",
    "Cannot change the session: this response cannot carry a cookie any more, or has status 101; change it before the headers leave",
  );
}

function withToken(kept: Kept, text: string): Kept {
  return { ...kept, token: { temp: kept.token.temp, text, renew: "no" } };
}
