/**
 * `session.update()` in a store: an atomic read-modify-write on what it holds now.
 *
 * @module
 */
import { ConflictError, GoneError } from "../ground/errors.ts";
import { parseData } from "../ground/json.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { Change } from "../manager/contract.ts";
import { channelOf } from "../manager/manager.ts";
import { SessionData } from "../session/data.ts";
import type { CookieState, Found, Living } from "../session/found.ts";
import { afterUse } from "../session/next.ts";
import { diff } from "../session/patch.ts";
import { isMoved, type SessionRecord } from "../session/record.ts";
import { baseOf, livingOf, recordOf, type Visit, type Wish } from "../session/visit.ts";
import { assertWritable } from "../session/wish.ts";
import { endOf, expiryOf, timeoutsOf } from "../token/timeouts.ts";
import type { Stored } from "./guarded.ts";
import { goOnWith, miss, vanish } from "./rebase.ts";
import { pause, relocate } from "./write.ts";

const MAX_TRIES = 20;

/**
 * Runs `change` on the session's current data and writes what it did, until no other request came in between.
 *
 * @throws GoneError when the session ended, or has another id: then nothing was written.
 */
export async function update<Result>(visit: Visit, stored: Stored, change: Change<Result>): Promise<Result> {
  const wasInStore = isInStore(recordOf(visit), stored);
  if (visit.stage !== "closed" || !wasInStore) assertWritable(visit);
  visit.used = true;
  const { farewell } = visit;
  const before = livingOf(visit);
  const saving = visit.stage === "closed" ? undefined : saveFirst(visit, stored);
  if (saving instanceof Promise) await saving;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    while (visit.updating !== null && !isInStore(livingOf(visit)?.record, stored)) await visit.updating.catch(() => {});
    const hasEnded = visit.farewell !== farewell;
    const living = sessionFor(visit, hasEnded ? before : livingOf(visit), wasInStore || hasEnded);
    const isThere = isInStore(living?.record, stored);
    if (hasEnded && !isThere) throw new GoneError("ended");
    const done =
      living !== null && isThere ? await tryUpdate(visit, stored, living, change) : await stored.cookies.tryUpdate(visit, change);
    if (typeof done === "object") return done.result;
    if (done === "again" && hasEnded) throw new GoneError("ended");
    if (done === "conflict") await pause(tries);
  }
  const text = `Cannot update the session: other requests changed it at each of ${MAX_TRIES} tries`;
  throw new ConflictError("ERR_CONFLICT", text);
}

/** Saves what this request changed before, and where the session is to go. */
export function saveFirst(visit: Visit, { manager }: Stored): MaybePromise<unknown> {
  const living = livingOf(visit);
  const isSaved =
    living !== null &&
    visit.wish.to === "stay" &&
    visit.ended.length === 0 &&
    visit.writing === null &&
    visit.data.json() === living.record.data;
  return isSaved ? undefined : manager.commit(visit);
}

/** The session to be updated: what this very request ended meanwhile is still there until it is answered. */
function sessionFor({ found }: Visit, living: Living | null, mustBe: boolean): Living | null {
  if (found.is === "gone" && !found.anew) throw new GoneError(found.why);
  if (living === null && mustBe) throw new GoneError("ended");
  return living;
}

/** Whether a record is one of the store. */
export function isInStore(record: SessionRecord | undefined, { manager }: Stored): boolean {
  return record !== undefined && channelOf(manager, record.subject).mode !== "cookie";
}

async function tryUpdate<Result>(
  visit: Visit,
  stored: Stored,
  living: Living,
  change: Change<Result>,
): Promise<{ readonly result: Result } | "conflict" | "again"> {
  const { manager, store } = stored;
  const { timeouts, hooks } = manager;
  const { wish } = visit;
  const now = manager.now();
  const record = await store.load(living.key, { now });
  if (record === null || isMoved(record)) return goAlong(visit, stored, living, wish);
  const span = store.dataOnly ? living.record : record;
  if (endOf(span, timeouts, now) !== undefined) return goAlong(visit, stored, living, wish, "gone");
  const draft = SessionData.of((await hooks.convert?.(record.data)) ?? record.data);
  const result = await change(draft.visible);
  const data = draft.json();
  const patch = diff(parseData(record.data) ?? {}, parseData(data) ?? {});
  const expiresAt = expiryOf(living.record.startedAt, now, timeoutsOf(living.record, timeouts));
  if (patch === null) {
    // Nothing was written, also not that the session was used: that is for the commit to see.
    const { seenAt, expiresAt: end } = span;
    rebase(visit, living, { ...living.record, data, version: record.version, seenAt, expiresAt: end });
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
  // Where the token says when a session was used, it is made again when that is due.
  const cookie = store.dataOnly ? afterUse(livingOf(visit) ?? living, { mode: "data", timeouts, now }).cookie : undefined;
  rebase(visit, living, { ...living.record, data, version, seenAt: now, expiresAt }, null, cookie);
  visit.askedAt = now;
  return { result };
}

/**
 * Goes on under the new id of a session whose old one is in grace.
 *
 * @throws GoneError when it is out of reach: nothing may be answered that was not written.
 */
export async function goAlong(
  visit: Visit,
  stored: Stored,
  living: Living | null,
  wish: Wish,
  why?: "gone" | "moved" | "conflict",
): Promise<"again"> {
  // This very request may be giving it a new id.
  while (visit.writing !== null) await visit.writing.catch(() => {});
  if (living !== null) await relocate(visit, stored, living.key, why, wish);
  if (visit.found.is !== "living") throw new GoneError(visit.found.is === "gone" ? visit.found.why : "ended");
  return "again";
}

/** Asks the store for a session that a copy showed, also if this request has written to it since. What it changed stays changed. */
export async function refresh(visit: Visit, stored: Stored): Promise<void> {
  const living = livingOf(visit);
  if (visit.known !== "copy" || living === null || visit.stage !== "open") return;
  const { manager, store } = stored;
  const { wish } = visit;
  const now = manager.now();
  const found = await store.load(living.key, { now });
  visit.askedAt = now;
  // An answer that comes late may be older than what this request has written since.
  if (found !== null && !isMoved(found) && found.version < (livingOf(visit)?.record.version ?? 0)) return;
  if (found !== null && !isMoved(found) && endOf(found, manager.timeouts, now) === undefined)
    return rebase(visit, living, found, (await manager.hooks.convert?.(found.data)) ?? null);
  if (visit.wish !== wish || visit.found !== living) return;
  await relocate(visit, stored, living.key, found === null ? "gone" : undefined, wish);
  // In grace, it is asked for under its new id; else nothing of the copy is shown any more.
  const gone = visit.found as Found;
  if (gone.is !== "gone") return refresh(visit, stored);
  const { key, why } = gone;
  // What this request changed goes with the copy that it was made on, but not in silence.
  const isChanged = visit.data.text() !== (visit.converted ?? baseOf(visit));
  if (isChanged) manager.emit({ type: "lost", id: key.id, reason: why });
  if (why === "moved") miss(visit, { ...gone, atLoad: true });
  const isFresh = visit.known === "exact" || manager.hooks.answer === undefined;
  if (isFresh || living === null || visit.stage !== "open") return;
  else vanish(visit);
  manager.emit(why === "moved" ? { type: "moved", id: key.id, reason: "load" } : { type: "unknown", id: key.id, reason: "load" });
}

/** What this request sees is now what the store holds. */
function rebase(
  visit: Visit,
  living: Living,
  record: SessionRecord,
  converted: string | null = null,
  cookie?: CookieState,
): void {
  const now = livingOf(visit);
  // The session ended, or got another id, while the change ran: that stands.
  if (now === null || now.key.id !== living.key.id) return;
  goOnWith(visit, { ...now, record, cookie: cookie ?? now.cookie }, converted);
}
