/**
 * Commit: writes a request's changes to its session, and makes the Set-Cookie lines.
 *
 * @module
 */
import { StateError } from "../ground/errors.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { SessionData } from "../session/data.ts";
import { discard } from "../session/discard.ts";
import { type Ending, endingOf, type Living, needsCookie } from "../session/found.ts";
import { idOf, livingOf, shownText, type Visit } from "../session/visit.ts";
import { destroy, settleRivals } from "../session/wish.ts";
import { isTouchDue } from "../token/timeouts.ts";
import { claimsOf } from "./backend.ts";
import type { Occasion, Plan } from "./contract.ts";
import { channelOf, type Manager } from "./manager.ts";
import { assertFits, type NewToken, setCookieLines } from "./set-cookie.ts";

const NO_LINES: readonly string[] = [];

/**
 * Writes the changes and returns the Set-Cookie lines, without a promise if nothing has to be waited for.
 *
 * @throws DataError, StoreError, StateError, GoneError: then nothing is promised to the browser.
 */
export function commit(visit: Visit, manager: Manager, occasion: Occasion): MaybePromise<readonly string[]> {
  if (visit.writing !== null) return commitNext(visit, manager, occasion);
  if (!visit.used) return NO_LINES;
  const writing = write({ visit, manager, occasion, tries: 0 });
  return writing instanceof Promise ? whileWriting(visit, writing) : writing;
}

/** Waits for earlier commits: a save() that nobody awaited may still be under way. */
async function commitNext(visit: Visit, manager: Manager, occasion: Occasion): Promise<readonly string[]> {
  while (visit.writing !== null) await visit.writing.catch(() => {});
  return commit(visit, manager, occasion);
}

async function whileWriting<Result>(visit: Visit, writing: Promise<Result>): Promise<Result> {
  visit.writing = writing;
  try {
    return await writing;
  } finally {
    visit.writing = null;
  }
}

interface Attempt {
  readonly visit: Visit;
  readonly manager: Manager;
  readonly occasion: Occasion;
  readonly tries: number;
}

function write(attempt: Attempt): MaybePromise<readonly string[]> {
  const { visit, manager, occasion } = attempt;
  const planned = after(planOrEnd(attempt), (plan) => {
    // Rival sessions end in the same moment as the login.
    if (plan.next !== null && visit.wish.to === "login") settleRivals(visit);
    return visit.ended.length > 0 ? endAll(visit, manager).then(() => plan) : plan;
  });
  return after(planned, (plan) => {
    if (occasion.mode === "impossible") assertNoCookieNeeded(visit, plan);
    const { next, saves } = plan;
    if (occasion.mode !== "later" || next === null || !saves) return carryOut(plan, attempt);
    return after(assertFits(next, manager), () => carryOut(plan, attempt));
  });
}

function planOrEnd(attempt: Attempt): MaybePromise<Plan> {
  const { visit, manager, occasion } = attempt;
  if (manager.hooks.check !== undefined || visit.ended.length > 0) return checkedPlan(attempt);
  return planFor(visit, manager, occasion);
}

/** Requests that only read, with nothing due, ask no backend. */
function planFor(visit: Visit, manager: Manager, occasion: Occasion): MaybePromise<Plan> {
  const { found, wish } = visit;
  const living = found.is === "living" ? found : null;
  const shown = shownText(visit);
  const text = visit.data.json(shown);
  const isSame = living !== null && wish.to === "stay" && shown === text;
  if (isSame && !isTouchDue(living.record, manager.timeouts, manager.now()))
    return { wish, step: "none", next: living, saves: false };
  return manager.backend.plan(visit, text, occasion);
}

/** Invalid data must not keep a destroyed session alive. */
async function checkedPlan({ visit, manager, occasion }: Attempt): Promise<Plan> {
  try {
    const plan = await planFor(visit, manager, occasion);
    if (plan.saves && plan.next !== null) await manager.hooks.check?.(SessionData.of(plan.next.record.data).visible);
    return plan;
  } catch (error) {
    await endAll(visit, manager);
    throw error;
  }
}

/** Carries the plan out, and seals the token in parallel, since it does not depend on the store. */
function carryOut(plan: Plan, attempt: Attempt): MaybePromise<readonly string[]> {
  const { visit, manager, occasion, tries } = attempt;
  const sealing = plan.next === null ? undefined : seal(plan.next, manager, occasion);
  if (sealing?.token instanceof Promise) sealing.token.catch(() => {});
  const doing = plan.step === "none" ? plan.next : manager.backend.carryOut(plan, visit, occasion, tries);
  return after(doing, (living) => {
    if (living === "again") return write({ ...attempt, tries: tries + 1 });
    if (living !== null) take(visit, plan, living);
    if (occasion.mode === "later" || occasion.mode === "impossible") return NO_LINES;
    return after(living === null ? undefined : sealing?.token, (token) =>
      lines(
        visit,
        manager,
        occasion,
        living && token !== undefined ? { living, token, claims: sealing?.claims as NewToken["claims"] } : null,
      ),
    );
  });
}

function seal(next: Living, manager: Manager, { mode }: Occasion) {
  const isNeeded = needsCookie(next) || (next.cookie === "due" && mode === "send");
  if (!isNeeded || mode === "later" || mode === "impossible") return undefined;
  const channel = channelOf(manager, next.record.subject);
  const claims = claimsOf(next, { mode: channel.mode, timeouts: manager.timeouts, now: manager.now() });
  return { claims, token: channel.codec.seal(claims) };
}

function lines(visit: Visit, manager: Manager, { mode }: Occasion, made: NewToken | null): MaybePromise<readonly string[]> {
  if (made !== null) written(visit, { ...made.living, text: made.token, cookie: "good" }, visit.converted);
  const isSilent = made === null && visit.farewell === null;
  const own = isSilent ? NO_LINES : setCookieLines(visit, manager, made);
  const { lines: further } = manager.hooks;
  if (further === undefined) return own;
  return after(further(visit, mode === "changes", isSilent), (more) => (more.length === 0 ? own : [...own, ...more]));
}

/** Takes over what was written. @param converted The data as it is still shown. Use alone does not write it. */
function written(visit: Visit, living: Living, converted: string | null): void {
  visit.loggedIn ||= visit.wish.to === "login";
  visit.found = living;
  visit.wish = { to: "stay" };
  visit.nextId = undefined;
  visit.converted = converted;
}

/**
 * Takes over the session as written. If a login, a new id or a logout came meanwhile, it is still to be carried out.
 */
function take(visit: Visit, plan: Plan, living: Living): void {
  const isOvertaken = visit.wish !== plan.wish;
  if (isOvertaken && visit.found.is === "new" && visit.farewell !== null) return void visit.ended.push(endingOf(living));
  if (plan.shown !== undefined) visit.data.rebase(plan.shown, living.record.data);
  if (isOvertaken || living === visit.found) visit.found = living;
  else written(visit, living, plan.saves || plan.shown !== undefined ? null : visit.converted);
}

function assertNoCookieNeeded(visit: Visit, { next }: Plan): void {
  if ((next === null || !needsCookie(next)) && visit.farewell === null) return;
  throw new StateError(
    "ERR_COOKIE_NOT_POSSIBLE",
    "Cannot change the session: this response can no longer set a cookie, or has status 101. Change it before the headers are sent",
  );
}

/**
 * Waits for calls that nobody awaited.
 *
 * @param failed Whether the handler failed, so that its own error is reported.
 * @throws the error of such a call, after ending what the request wants ended.
 */
export async function pendingCalls(visit: Visit, manager: Manager, failed: boolean): Promise<void> {
  try {
    await visit.pending?.done();
  } catch (error) {
    if (failed) return;
    await endAll(visit, manager);
    throw error;
  }
}

/** Ends what the request wants ended. The cookies go with the response. */
async function endAll(visit: Visit, manager: Manager): Promise<void> {
  for (const ending of visit.ended) await end(ending, manager);
  visit.ended = [];
}

async function end(ending: Ending, manager: Manager): Promise<void> {
  if (ending.is === "accepted") {
    const endings = (await manager.hooks.endings?.(ending.header)) ?? [];
    for (const one of endings) await end(one, manager);
    return;
  }
  await manager.backend.end(ending);
  if (ending.is === "session" && ending.token !== undefined) manager.channels[ending.of].forget(ending.token);
}

/** Ends what the request wants ended, if no response can carry a cookie. */
export async function commitEnds(visit: Visit, manager: Manager): Promise<void> {
  discard(visit);
  // The browser never learns a new id that save() wrote, unless another response brings it.
  const living = livingOf(visit);
  if (living !== null && needsCookie(living) && living.key.id === visit.madeId) destroy(visit);
  await endAll(visit, manager);
}

/** Closes the session to changes. @param onLate Called for late changes. Without it they throw. */
export function closeVisit(visit: Visit, stage: "closing" | "closed", onLate: Visit["onLate"]): void {
  visit.stage = stage;
  visit.onLate = onLate;
  if (visit.found.is !== "unread") visit.data.close(onLate && (() => onLate(idOf(visit))));
}

/**
 * Commits for the response. Changes from now on come too late.
 *
 * @throws as {@link commit}. Then commit once more for the error response.
 */
export function commitAnswer(visit: Visit, manager: Manager, occasion: Occasion): MaybePromise<readonly string[]> {
  closeVisit(visit, "closing", manager.onLateChange);
  return after(commit(visit, manager, occasion), (lines) => {
    visit.stage = "closed";
    return lines;
  });
}
