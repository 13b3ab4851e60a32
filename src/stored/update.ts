/**
 * `session.update()`: an atomic read-modify-write on what the store holds now.
 *
 * @module
 */

import { assertFits } from "../features/schema.ts";
import { ConflictError, GoneError } from "../ground/errors.ts";
import { parseData, stringifyData } from "../ground/json.ts";
import { commit, pause } from "../manager/commit.ts";
import { migratedData } from "../manager/fitting.ts";
import { type Engine, placeOf } from "../manager/manager.ts";
import { SessionData } from "../session/data.ts";
import type { Kept } from "../session/found.ts";
import { applyPatch, diff } from "../session/patch.ts";
import { isMoved, type SessionRecord } from "../session/record.ts";
import { endOf, expiryOf, timeoutsOf } from "../session/timeouts.ts";
import type { SessionState } from "../session/visit.ts";
import { relocate } from "./write.ts";

/** Changes the session's data; gets it as it is now, changes it in place, and may be run again. */
export type Change<Result> = (data: Record<string, unknown>) => Result | Promise<Result>;

const MAX_TRIES = 20;

/**
 * Runs `change` on the session's current data and writes what it did, until no other request came in between.
 *
 * @throws GoneError when the session ended, or has another id: then nothing was written.
 */
export async function update<Result>(state: SessionState, engine: Engine, change: Change<Result>): Promise<Result> {
  const wasInStore = isInStore(state, engine);
  if (state.phase !== "committed" || !wasInStore) state.assertWritable();
  state.used = true;
  const { kept: before, ends } = state;
  const saving = state.phase === "committed" ? undefined : commit(state, engine, "later");
  if (saving instanceof Promise) await saving;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    while (state.updating !== null && isAlone(state, engine)) await state.updating.catch(() => {});
    const hasEnded = state.ends !== ends;
    const kept = sessionFor(state, hasEnded ? before : state.kept, wasInStore || hasEnded);
    if (hasEnded && isAlone({ kept }, engine)) throw new GoneError("ended");
    const done =
      kept === null || isAlone({ kept }, engine)
        ? await alone(state, updateAlone(state, engine, change))
        : await tryUpdate(state, engine, kept, change);
    if (typeof done === "object") return done.result;
    if (done === "again" && hasEnded) throw new GoneError("ended");
    if (done === "conflict") await pause(tries);
  }
  const text = `Cannot update the session: other requests changed it at each of ${MAX_TRIES} tries`;
  throw new ConflictError("ERR_CONFLICT", text);
}

/** The session to be updated: what this very request ended meanwhile is still there until it is answered. */
function sessionFor({ gone }: SessionState, kept: Kept | null, mustBe: boolean): Kept | null {
  if (gone !== null && !gone.anew) throw new GoneError(gone.why);
  if (kept === null && mustBe) throw new GoneError("ended");
  return kept;
}

/** Whether the session has no other writer, since it is in its cookie, or is not kept yet. */
function isAlone({ kept }: { readonly kept: Kept | null }, engine: Engine): boolean {
  return kept === null || placeOf(engine, kept.record.subject).keeping.dataInToken;
}

function isInStore({ kept, imported }: SessionState, engine: Engine): boolean {
  const record = kept?.record ?? imported?.record;
  return record !== undefined && !placeOf(engine, record.subject).keeping.dataInToken;
}

/** One after the other: nobody else changes the session, but this request may call several times at once. */
async function alone<Done>(state: SessionState, updating: Promise<Done>): Promise<Done> {
  state.updating = updating;
  try {
    return await updating;
  } finally {
    state.updating = null;
  }
}

async function updateAlone<Result>(
  state: SessionState,
  engine: Engine,
  change: Change<Result>,
): Promise<{ result: Result } | "again"> {
  const { ends } = state;
  const before = stringifyData(state.content.stored());
  const draft = SessionData.of(before);
  const changing = change(draft.visible);
  const result = changing instanceof Promise ? await changing : changing;
  const patch = diff(parseData(before) ?? {}, parseData(stringifyData(draft.stored())) ?? {});
  if (patch === null) return { result };
  if (state.ends !== ends) throw new GoneError("ended");
  // The handler changed something while the change waited.
  if (stringifyData(state.content.stored()) !== before) return "again";
  const changed = applyPatch(before, patch);
  state.content.fill(changed);
  try {
    await commit(state, engine, "later");
  } catch (error) {
    // What failed did not happen, and is not to be written with the rest.
    if (state.ends === ends) state.content.rebase(changed, before);
    throw error;
  }
  return { result };
}

async function tryUpdate<Result>(
  state: SessionState,
  engine: Engine,
  kept: Kept,
  change: Change<Result>,
): Promise<{ result: Result } | "conflict" | "again"> {
  const { emit, now, timeouts } = engine;
  const { turns } = state;
  const { keeping } = placeOf(engine, kept.record.subject);
  const time = now();
  const record = await keeping.loadKey(kept.key, { now: time });
  if (record === null || isMoved(record)) return goAlong(state, engine, kept, turns);
  const timed = keeping.timesInToken ? kept.record : record;
  if (endOf(timed, timeoutsOf(timed, timeouts), time) !== undefined) return goAlong(state, engine, kept, turns, "gone");
  const draft = SessionData.of((await migratedData(record.data, engine)) ?? record.data);
  const result = await change(draft.visible);
  const data = stringifyData(draft.stored());
  const patch = diff(parseData(record.data) ?? {}, parseData(data) ?? {});
  const expiresAt = expiryOf(kept.record.startedAt, time, timeoutsOf(kept.record, timeouts));
  if (patch !== null) {
    if (engine.schema !== undefined) await assertFits(engine.schema, draft.visible);
    const written = await keeping.update(kept.key, patch, { now: time, expiresAt, ifVersion: record.version });
    if (!written.ok && written.why === "conflict") {
      emit({ type: "conflict", id: kept.key.id });
      return "conflict";
    }
    if (!written.ok) return goAlong(state, engine, kept, turns, written.why);
    emit({ type: "saved", id: kept.key.id });
  }
  rebase(state, kept, { ...kept.record, data, version: record.version + (patch === null ? 0 : 1), seenAt: time, expiresAt });
  state.wrote ||= patch !== null;
  state.askedAt = time;
  return { result };
}

/**
 * Goes on under the new id of a session whose old one is in grace.
 *
 * @throws GoneError when it is out of reach: nothing may be answered that was not written.
 */
async function goAlong(
  state: SessionState,
  engine: Engine,
  kept: Kept,
  turns: number,
  why?: "gone" | "moved" | "conflict",
): Promise<"again"> {
  // This very request may be giving it a new id.
  while (state.writing !== null) await state.writing.catch(() => {});
  await relocate(state, engine, kept.key, why, turns);
  if (state.kept === null) throw new GoneError(state.gone?.why ?? "ended");
  return "again";
}

/** Asks the store for a session that was shown as a copy has it. What this request changed stays changed. */
export async function refresh(state: SessionState, engine: Engine): Promise<void> {
  if (state.known !== "copy" || state.kept === null || state.phase !== "open") return;
  const { kept, turns } = state;
  const time = engine.now();
  const found = await placeOf(engine, kept.record.subject).keeping.loadKey(kept.key, { now: time });
  state.askedAt = time;
  if (found !== null && !isMoved(found) && endOf(found, timeoutsOf(found, engine.timeouts), time) === undefined)
    return rebase(state, kept, found, await migratedData(found.data, engine));
  if (state.turns !== turns || state.kept !== kept) return;
  await relocate(state, engine, kept.key, found === null ? "gone" : undefined, turns);
  // In grace, it is asked for under its new id; else nothing of the copy is shown any more.
  if (state.gone === null) return refresh(state, engine);
  const { key, why } = state.gone;
  if (why === "moved") state.miss({ ...state.gone, atLoad: true });
  else state.vanish();
  engine.emit(why === "moved" ? { type: "moved", id: key.id, reason: "load" } : { type: "unknown", id: key.id, reason: "load" });
}

/** What this request sees is now what the store holds. */
function rebase(state: SessionState, kept: Kept, record: SessionRecord, migrated: string | null = null): void {
  // The session ended, or got another id, while the change ran: that stands.
  if (state.kept === null || state.kept.key.id !== kept.key.id) return;
  state.goOnWith({ ...state.kept, record }, migrated);
}
