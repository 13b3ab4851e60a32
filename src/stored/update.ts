/**
 * `session.update()` in a store: an atomic read-modify-write, and the retries it shares with `patch()`.
 *
 * @module
 */
import { ConflictError, GoneError } from "../ground/errors.ts";
import { parseData } from "../ground/json.ts";
import type { Change } from "../manager/contract.ts";
import { channelOf } from "../manager/manager.ts";
import { isSaved } from "../manager/update.ts";
import { SessionData } from "../session/data.ts";
import type { CookieState, Found, Living } from "../session/found.ts";
import { afterUse } from "../session/next.ts";
import { diff } from "../session/patch.ts";
import { isMoved, type SessionRecord } from "../session/record.ts";
import { livingOf, recordOf, shownText, subjectOf, type Visit, type Wish } from "../session/visit.ts";
import { assertWritable } from "../session/wish.ts";
import { endOf, expiryOf, timeoutsOf } from "../token/timeouts.ts";
import type { Stored } from "./guarded.ts";
import { goOnUnder } from "./noted.ts";
import { goOnWith, miss, vanish } from "./rebase.ts";
import { pause, relocate } from "./write.ts";

const MAX_TRIES = 20;

/** What a try returned, or `again` if the session has changed underneath. */
export type Tried<Result> = { readonly result: Result } | "again";

/** A change made in the middle of a request. */
interface Doing<Result> {
  /** Whether it waits for a running `update()` if the session is not in the store. */
  readonly takesTurns: boolean;
  /** In the store. `conflict`: another request was faster. */
  inStore(living: Living): Promise<Tried<Result> | "conflict">;
  /** On a session in its cookie, or not stored yet. */
  elsewhere(): Promise<Tried<Result>>;
}

/**
 * Runs `change` on the session's current data and writes the result. Retries if another request got in between.
 *
 * @throws GoneError if the session has ended or has another id. Nothing was written then.
 */
export const update = <Result>(visit: Visit, stored: Stored, change: Change<Result>): Promise<Result> =>
  carryThrough(visit, stored, {
    takesTurns: true,
    inStore: (living) => tryUpdate(visit, stored, living, change),
    elsewhere: () => stored.cookies.tryUpdate(visit, change),
  });

/** Retries until it is done, wherever the session is by then. Starts at once if nothing has to be saved first. */
export async function carryThrough<Result>(visit: Visit, stored: Stored, doing: Doing<Result>): Promise<Result> {
  const wasInStore = isInStore(recordOf(visit), stored);
  if (visit.stage !== "closed" || !wasInStore) assertWritable(visit);
  visit.used = true;
  const { farewell } = visit;
  const subject = subjectOf(visit);
  const before = livingOf(visit);
  const saving = visit.stage === "closed" || isSaved(visit) ? undefined : stored.manager.commit(visit);
  if (saving instanceof Promise) await saving;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const mustWait = () => doing.takesTurns && visit.updating !== null && !isInStore(livingOf(visit)?.record, stored);
    while (mustWait()) await visit.updating?.catch(() => {});
    const hasEnded = visit.farewell !== farewell;
    const living = sessionFor(visit, hasEnded ? before : livingOf(visit), wasInStore || hasEnded, subject);
    const isThere = isInStore(living?.record, stored);
    if (hasEnded && !isThere) throw new GoneError("ended");
    const done = await (living !== null && isThere ? doing.inStore(living) : doing.elsewhere());
    if (typeof done === "object") return done.result;
    if (done === "again" && hasEnded) throw new GoneError("ended");
    if (done === "conflict") await pause(tries);
  }
  const text = `Cannot update the session: other requests changed it at each of ${MAX_TRIES} tries. Retry the request`;
  throw new ConflictError("ERR_CONFLICT", text);
}

/**
 * The session to change. One that this request has ended is
 * still there until the response. @param subject Whose it was.
 */
function sessionFor({ found }: Visit, living: Living | null, mustBe: boolean, subject: string | undefined): Living | null {
  if (found.is === "gone" && !found.anew) throw new GoneError(found.why);
  if (living === null && mustBe) throw new GoneError("ended");
  // A change meant for one user must not reach another whom this request logged in.
  if (living !== null && subject !== undefined && living.record.subject !== subject) throw new GoneError("moved");
  return living;
}

/** Whether a record is in the store. */
function isInStore(record: SessionRecord | undefined, { manager }: Stored): boolean {
  return record !== undefined && channelOf(manager, record.subject).mode !== "cookie";
}

/** One try in the store: reads, changes, and writes if no other request was faster. */
export async function tryUpdate<Result>(
  visit: Visit,
  stored: Stored,
  living: Living,
  change: Change<Result>,
): Promise<Tried<Result> | "conflict"> {
  const { manager, store } = stored;
  const { timeouts, hooks } = manager;
  const { wish } = visit;
  const now = manager.now();
  const record = await store.load(living.key, { now });
  if (record === null || isMoved(record)) return goAlong(visit, stored, living, wish);
  const span = store.dataOnly ? living.record : record;
  if (endOf(span, timeouts, now) !== undefined) return goAlong(visit, stored, living, wish, "gone");
  const converted = (await hooks.convert?.(record.data)) ?? null;
  const shown = converted ?? record.data;
  const draft = SessionData.of(shown);
  const result = await change(draft.visible);
  const data = draft.json(shown);
  const changes = diff(parseData(shown) ?? {}, parseData(data) ?? {});
  // Converted data is written along with a change, but is not a change by itself.
  const patch = converted === null || changes === null ? changes : diff(parseData(record.data) ?? {}, parseData(data) ?? {});
  const expiresAt = expiryOf(living.record.startedAt, now, timeoutsOf(living.record, timeouts));
  if (patch === null) {
    // Nothing was written, not even the use. The commit records that.
    const { seenAt, expiresAt: end } = span;
    const same = { data: record.data, version: record.version, seenAt, expiresAt: end };
    rebase(visit, stored, living, { ...living.record, ...same }, converted);
    visit.askedAt = now;
    return { result };
  }
  await hooks.check?.(draft.visible);
  const written = await store.update(living.key, patch, { now, expiresAt, ifVersion: record.version });
  if (!written.ok && written.why === "conflict") {
    manager.emit({ type: "conflict", id: living.key.id });
    return "conflict";
  }
  if (!written.ok) return goAlong(visit, stored, living, wish, written.why);
  manager.emit({ type: "saved", id: living.key.id });
  visit.wrote = true;
  const version = record.version + 1;
  // If the token says when the session was used, it may be due for renewal.
  const cookie = store.dataOnly ? afterUse(livingOf(visit) ?? living, { mode: "data", timeouts, now }).cookie : undefined;
  rebase(visit, stored, living, { ...living.record, data, version, seenAt: now, expiresAt }, null, cookie);
  visit.askedAt = now;
  return { result };
}

/**
 * Continues under the new id of a session whose old id is in grace.
 *
 * @throws GoneError if the session is out of reach: the caller must not report a write that did not happen.
 */
export async function goAlong(
  visit: Visit,
  stored: Stored,
  living: Living,
  wish: Wish,
  why?: "gone" | "moved" | "conflict",
): Promise<"again"> {
  // This request itself may be giving it a new id.
  while (visit.writing !== null) await visit.writing.catch(() => {});
  await relocate(visit, stored, living.key, why, wish);
  if (visit.found.is !== "living") throw new GoneError(visit.found.is === "gone" ? visit.found.why : "ended");
  return "again";
}

/**
 * Loads from the store a session that a copy showed, even if this request has written to it since. Its changes stay.
 */
export async function refresh(visit: Visit, stored: Stored): Promise<void> {
  const living = livingOf(visit);
  const { manager, store } = stored;
  const isFresh = visit.known === "exact" || manager.hooks.answer === undefined;
  if (isFresh || living === null || visit.stage !== "open") return;
  const { wish } = visit;
  const now = manager.now();
  const found = await store.load(living.key, { now });
  visit.askedAt = now;
  const record = found !== null && !isMoved(found) ? found : null;
  const isOlder = record !== null && record.version < (livingOf(visit)?.record.version ?? 0);
  if (record !== null && (isOlder || endOf(record, manager.timeouts, now) === undefined))
    return rebase(visit, stored, living, record, (await manager.hooks.convert?.(record.data)) ?? null);
  if (visit.wish !== wish || visit.found !== living) return;
  await relocate(visit, stored, living.key, found === null ? "gone" : undefined, wish);
  // In grace, load it again under its new id. Otherwise, stop showing the copy.
  const gone = visit.found as Found;
  if (gone.is !== "gone") return refresh(visit, stored);
  const { key, why } = gone;
  // The request's changes go with the copy, so report the loss.
  const isChanged = visit.data.text() !== shownText(visit);
  if (isChanged) manager.emit({ type: "lost", id: key.id, reason: why });
  if (why === "moved") miss(visit, { ...gone, atLoad: true });
  else vanish(visit);
  manager.emit(why === "moved" ? { type: "moved", id: key.id, reason: "load" } : { type: "unknown", id: key.id, reason: "load" });
}

/** Shows what the store holds, unless this request has seen something newer. */
function rebase(
  visit: Visit,
  { store }: Stored,
  living: Living,
  record: SessionRecord,
  converted: string | null = null,
  cookie?: CookieState,
): void {
  const now = livingOf(visit);
  // The session ended or got another id while the change ran. That stands.
  if (now === null || now.key.id !== living.key.id) return;
  const next: Living = { ...now, record, cookie: cookie ?? now.cookie };
  // Versions of a store that is not atomic prove nothing.
  if (store.guarantees.atomic && record.version < now.record.version) goOnUnder(visit, next);
  else goOnWith(visit, next, converted);
}
