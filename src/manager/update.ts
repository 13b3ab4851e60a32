/**
 * `session.update()` and `patch()` for a session that no other request can write: in its cookie, or not stored yet.
 *
 * @module
 */
import { ConflictError, GoneError } from "../ground/errors.ts";
import { type JsonObject, parseData } from "../ground/json.ts";
import { SessionData } from "../session/data.ts";
import { applyPatch, assign, diff } from "../session/patch.ts";
import { sameFor, shownText, type Visit } from "../session/visit.ts";
import { assertWritable } from "../session/wish.ts";
import type { Change } from "./contract.ts";
import type { Manager } from "./manager.ts";

/** Calls of one request take turns, and run again if it changed the data meanwhile. */
const MAX_TRIES = 20;

/** Whether everything that this request did is written. @throws DataError */
export const isSaved = (visit: Visit): boolean =>
  (visit.found.is === "living" || visit.found.is === "new") &&
  visit.wish.to === "stay" &&
  visit.ended.length === 0 &&
  visit.writing === null &&
  visit.data.json(shownText(visit)) === shownText(visit);

/**
 * Runs `change` on the data and saves the result.
 *
 * @throws GoneError if the session ended meanwhile, or somebody else logged in
 */
export async function updateAlone<Result>(visit: Visit, manager: Manager, change: Change<Result>): Promise<Result> {
  assertWritable(visit);
  visit.used = true;
  const isSame = sameFor(visit);
  const saving = isSaved(visit) ? undefined : manager.commit(visit);
  if (saving instanceof Promise) await saving;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    while (visit.updating !== null) await visit.updating.catch(() => {});
    if (!isSame()) throw new GoneError("ended");
    const done = await tryUpdate(visit, manager, change);
    if (done !== "again") return done.result;
  }
  throw new ConflictError(
    "ERR_CONFLICT",
    "Cannot update the session: this request changed its data during every try. Await update() before you change more",
  );
}

/** Sets keys at once, so that what the handler does next comes after it. Its earlier changes are saved with them. */
export async function patchAlone(visit: Visit, manager: Manager, changes: JsonObject): Promise<void> {
  assertWritable(visit);
  visit.used = true;
  await changeData(visit, manager, (data) => assign(data, changes));
}

/** One try, while no other `update()` of this request runs. */
export async function tryUpdate<Result>(
  visit: Visit,
  manager: Manager,
  change: Change<Result>,
): Promise<{ readonly result: Result } | "again"> {
  const updating = changeData(visit, manager, change);
  visit.updating = updating;
  try {
    return await updating;
  } finally {
    visit.updating = null;
  }
}

async function changeData<Result>(visit: Visit, manager: Manager, change: Change<Result>): Promise<{ result: Result } | "again"> {
  const { data } = visit;
  const isSame = sameFor(visit);
  const before = data.json(null);
  const draft = SessionData.of(before);
  const changing = change(draft.visible);
  const result = changing instanceof Promise ? await changing : changing;
  const patch = diff(parseData(before) ?? {}, parseData(draft.json(before)) ?? {});
  if (patch === null) return { result };
  if (!isSame()) throw new GoneError("ended");
  if (data.json(null) !== before) return "again";
  const changed = applyPatch(before, patch);
  data.fill(changed);
  try {
    await manager.commit(visit);
  } catch (error) {
    // A failed change must not be written with the rest.
    if (isSame()) data.rebase(changed, before);
    throw error;
  }
  return { result };
}
