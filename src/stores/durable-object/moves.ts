/**
 * Moves sessions from one object to another: at a login, and when a visitor's session gets a new id.
 *
 * No transaction spans two objects. So the session is copied to its new place, and
 * then replaced by a mark at the old one if it has not changed meanwhile. That last
 * step decides: until then the old session lives, and no caller has the new id.
 *
 * @module
 */
import { applyPatch, type Patch } from "../../session/patch.ts";
import type { Move, SessionRecord, UpdateResult } from "../../session/record.ts";
import { beyondLimit, isVersion } from "../../stored/changes.ts";
import { trailFrom } from "../../stored/trail.ts";
import { isRoute, type SessionObjects } from "./client.ts";
import { markRow, type Place } from "./marks.ts";
import { type ChangeResult, type CreateResult, infoOf, isMark, type RecordRow, rowOf } from "./rows.ts";

export interface Relocation {
  readonly from: Place;
  readonly to: Place;
  readonly patch: Patch;
  readonly record: SessionRecord;
  readonly move: Move;
}

/** How often a move is retried if the session changes meanwhile. */
const TRIES = 10;

/** If this cannot confirm that the old session was replaced, it ends the new one and throws. */
export async function moveBetween(objects: SessionObjects, newOp: () => string, asked: Relocation): Promise<ChangeResult> {
  for (let tries = 1; tries <= TRIES; tries++) {
    const result = await tryMove(objects, newOp, asked);
    if (result.ok || result.why !== "conflict" || asked.move.ifVersion !== undefined) return result;
  }
  const error = new Error("Cannot move the session: other requests keep changing it. Retry the request");
  throw Object.assign(error, { code: "CONFLICT", retryable: true });
}

async function tryMove(objects: SessionObjects, newOp: () => string, asked: Relocation): Promise<ChangeResult> {
  const { from, to, patch, record, move } = asked;
  const there = await objects.ask(from.route, (object) => object.load(from.id, record.seenAt, null));
  if (there === null) return { ok: false, why: "gone" };
  if (isMark(there)) return { ok: false, why: "moved" };
  if (!isVersion(there, move)) return { ok: false, why: "conflict" };
  const row = { ...rowOf(record), data: applyPatch(there.data, patch), version: there.version + 1 };
  const created = await copy(objects, newOp(), asked, row);
  if (!created.ok) return created;
  const result = await leave(objects, newOp(), asked, there.version);
  if (!result.ok) await objects.ask(to.route, (object) => object.remove(to.id, true));
  else if ((created.count ?? Number.POSITIVE_INFINITY) > (move.maxSessions ?? Number.POSITIVE_INFINITY))
    await endBeyondLimit(objects, asked);
  return result;
}

/** Copies the session without a limit, so that a failed move ends no other sessions. */
function copy(objects: SessionObjects, op: string, { to }: Relocation, row: RecordRow): Promise<CreateResult> {
  const added = { id: to.id, row, maxSessions: null };
  return objects.ask(to.route, (object) => object.create(op, added));
}

/** The session has moved by now, so a failure is ignored, and the next login retries. */
async function endBeyondLimit(objects: SessionObjects, { to, record, move }: Relocation): Promise<void> {
  const { subject, seenAt } = record;
  const { maxSessions } = move;
  if (subject === undefined || maxSessions === undefined) return;
  try {
    const rows = await objects.ask(to.route, (object) => object.list(subject));
    const tooMany = beyondLimit(rows.flatMap(infoOf), to.id, { now: seenAt, maxSessions });
    for (const { id } of tooMany) await objects.ask(to.route, (object) => object.remove(id, true));
  } catch {}
}

async function leave(objects: SessionObjects, op: string, asked: Relocation, version: number): Promise<UpdateResult> {
  const { from, to, record, move } = asked;
  const mark = markRow(record.seenAt, to, move);
  try {
    return await objects.ask(from.route, (object) => object.leave(op, from.id, mark, version));
  } catch (error) {
    // Report the first failure. A copy that stays has an id that no one received. It expires, and can be revoked.
    await objects.ask(to.route, (object) => object.remove(to.id, true)).catch(() => {});
    throw error;
  }
}

/**
 * Ends a session, following marks into other objects. The marks are removed last, so that a failed call can be retried.
 */
export async function removeThrough(objects: SessionObjects, place: Place): Promise<void> {
  const marks: Place[] = [];
  await trailFrom(place, async (at) => {
    const target = await objects.ask(at.route, (object) => object.remove(at.id, false));
    if (target === null) return undefined;
    marks.push(at);
    return isRoute(target.route) ? target : undefined;
  });
  for (const { id, route } of marks.reverse()) await objects.ask(route, (object) => object.remove(id, true));
}
