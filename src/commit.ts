/**
 * Carries out what a request did to its session, and makes the Set-Cookie lines that tell the browser.
 *
 * @module
 */
import { cookieValues, MAX_COOKIE_BYTES } from "./cookie/parse.ts";
import type { Cookie } from "./cookie/serialize.ts";
import type { Engine } from "./engine.ts";
import { DataError, StateError, StoreError } from "./errors.ts";
import { parseData } from "./json.ts";
import { needsNewKey, type Plan, planFor } from "./plan.ts";
import type { Kept, SessionState } from "./state.ts";
import type { Key, UpdateResult } from "./stores/store.ts";
import type { Claims } from "./token/claims.ts";

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
  const route = state.used && needsNewKey(state) ? await engine.keeping.route(state.subject) : undefined;
  const { turns } = state;
  const plan = await planOrEnd(state, engine, route);
  if (mode === "impossible") assertNoCookieNeeded(state, plan);
  if (plan.step === "none" && plan.dropped) engine.emit({ type: "moved", id: (state.lost as Key).id, reason: "commit" });
  // The token does not depend on the store's answer, so both are made at the same time.
  const claims = needsToken(plan.next, state.used, mode) ? engine.keeping.claims(plan.next as Kept, engine.now()) : undefined;
  const sealing = claims && engine.codec.seal(claims);
  if (sealing instanceof Promise) sealing.catch(() => {});
  await endOld(state, engine);
  if (plan.step !== "touch" && (plan.step !== "none" || plan.dropped)) state.changed = true;
  const lives = await carryOut(plan, state, engine);
  if (state.turns !== turns) overtake(state, plan.next, lives);
  else if (plan.next !== null && lives) state.wrote(plan.next);
  else if (plan.next !== null) state.lose((state.kept ?? plan.next).key);
  if (mode === "later" || mode === "impossible") return [];
  const token = lives ? await sealing : undefined;
  if (claims === undefined || token === undefined) return setCookieLines(state, engine);
  state.wrote(withToken(plan.next as Kept, token));
  return setCookieLines(state, engine, token, claims);
}

/** A login, a new id or an end came while the store was writing: it is still to be carried out, on what is there now. */
function overtake(state: SessionState, next: Kept | null, lives: boolean): void {
  if (next === null || !lives) return;
  if (state.kept === null && state.destroyed) state.ended.push({ key: next.key });
  else state.kept = next;
}

/** The plan. Data that cannot be kept must not keep a destroyed session alive. */
async function planOrEnd(state: SessionState, engine: Engine, route: string | undefined): Promise<Plan> {
  try {
    return planFor(state, engine, route);
  } catch (error) {
    await endOld(state, engine);
    throw error;
  }
}

/** Ends what was to end whatever else failed, where no response can carry a cookie. */
export async function commitEnds(state: SessionState, engine: Engine): Promise<void> {
  state.discard();
  if (state.renewal !== null) state.destroy();
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

async function endOld(state: SessionState, { keeping, emit, forget }: Engine): Promise<void> {
  for (const { key, token } of state.ended) {
    await keeping.remove(key);
    if (token !== undefined) forget(token);
    emit({ type: "destroyed", id: key.id });
  }
  state.ended = [];
}

/** Does the step. False when the session is gone or has moved: then what the request wrote is dropped. */
async function carryOut(plan: Plan, state: SessionState, engine: Engine): Promise<boolean> {
  if (plan.step === "none") return plan.next !== null;
  if (plan.step === "touch") return touch(plan.next, engine);
  if (plan.step === "create") return create(plan.next, state, engine);
  const { keeping, emit } = engine;
  const { key, record } = plan.next;
  if (plan.step === "update") {
    const { seenAt: now, expiresAt } = record;
    if (!survived(await keeping.update(key, plan.patch, { now, expiresAt }), key.id, engine)) return false;
    emit({ type: "saved", id: key.id });
    return true;
  }
  const reason = state.renewal as "login" | "regenerateId";
  const result = await keeping.replace(plan.from, key, plan.patch, record, { follow: reason === "regenerateId" });
  // Whoever logs in is logged in, also when the visitor's session ended meanwhile.
  if (!result.ok && reason === "login") return create(plan.next, state, engine);
  if (!survived(result, plan.from.id, engine)) return false;
  emit({ type: "regenerated", id: key.id, from: plan.from.id, reason });
  return true;
}

async function create({ key, record }: Kept, state: SessionState, { keeping, emit }: Engine): Promise<boolean> {
  const { renewal } = state;
  try {
    await keeping.create(key, record);
  } catch (error) {
    state.dropId();
    throw error;
  }
  emit({ type: "created", id: key.id });
  if (renewal === "login") emit({ type: "regenerated", id: key.id, reason: "login" });
  return true;
}

/** Writes down that the session was used. That this failed is no reason to fail the request. */
async function touch({ key, record }: Kept, { keeping, emit }: Engine): Promise<boolean> {
  try {
    const touched = await keeping.touch(key, { now: record.seenAt, expiresAt: record.expiresAt });
    emit(touched ? { type: "touched", id: key.id } : { type: "unknown", id: key.id, reason: "commit" });
    return touched;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    emit({ type: "store-error", operation: "touch" });
    return true;
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

function setCookieLines(state: SessionState, engine: Engine, token?: string, claims?: Claims): string[] {
  const { session, visitor } = engine.cookies;
  const lines: string[] = [];
  const written = state.kept?.record.subject === undefined ? visitor : session;
  if (token !== undefined && state.ambiguous) lines.push(...written.clearHostOnly());
  if (token !== undefined) lines.push(...setLines(written, token, claims as Claims, state.kept as Kept, engine));
  // A login takes the visitor's session over, so its cookie has nothing left to say.
  const obsolete =
    state.destroyed || state.ambiguous ? [session, visitor] : token !== undefined && written === session ? [visitor] : [];
  for (const cookie of new Set(obsolete)) {
    const isSet = token !== undefined && cookie.name === written.name;
    if (!isSet && isPresent(state.header, cookie.name)) lines.push(...cookie.clear());
  }
  return lines;
}

function setLines(cookie: Cookie, token: string, claims: Claims, { record }: Kept, { persistent }: Engine): string[] {
  const size = cookie.sizeOf(token);
  if (size > MAX_COOKIE_BYTES) throw tooLarge(size, record.data);
  return cookie.set(token, persistent && claims.temp !== true ? claims.exp - claims.iat : undefined);
}

function tooLarge(size: number, data: string): DataError {
  const sizes = Object.entries(parseData(data) ?? {}).map(([key, value]) => ({ key, size: JSON.stringify(value).length }));
  const largest = sizes.sort((a, b) => b.size - a.size).slice(0, 3);
  const keys = largest.map(({ key, size }) => `${JSON.stringify(key.slice(0, 40))} (${size})`).join(", ");
  const text = `the cookie would take ${size} bytes and browsers keep ${MAX_COOKIE_BYTES}; the largest keys are ${keys}. Use a store`;
  return new DataError("ERR_COOKIE_TOO_LARGE", `Cannot save the session in its cookie: ${text}`);
}

function isPresent(header: string | null, name: string): boolean {
  const { values, oversize, tooMany } = cookieValues(header, name);
  return values.length > 0 || oversize || tooMany;
}
