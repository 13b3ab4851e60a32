/**
 * The store contract for marks, which stay for a while where a session was.
 *
 * @module
 */

import { type Key, MOVED_MARK_SECONDS, type Move } from "../../session/record.ts";
import { expectLegalLoad } from "./expect.ts";
import { HOUR, LOGIN, NEW_ID, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

/** A new id, with grace for the old one. */
const WITH_GRACE: Move = { by: "regenerateId", graceSeconds: 10 };
const MOVES: readonly Move[] = [LOGIN, NEW_ID, WITH_GRACE];

/** Cases about the marks that `replace` leaves. For a store with `marks: false`, any valid result passes. */
export const markCases: readonly TrialCase[] = [
  { name: "the mark of a login says when the session moved, where to, and why", run: markOfLogin },
  { name: "the mark of regenerateId says when the session moved, where to, and why", run: markOfNewId },
  { name: "the mark of a new id with grace says how long the old id works", run: markWithGrace },
  { name: "the mark stays for 60 seconds", run: markStays },
  { name: "changing a loaded mark does not change the store", run: markIsNotShared },
  { name: "update, touch and replace of a moved session report that, and change nothing", run: changesOfMoved },
  { name: "load with touch of a moved session returns the mark and slides nothing", run: touchOfMoved },
  { name: "removing a moved session ends the session where it is now", run: removeWhereItIs },
  { name: "removing a moved session follows the marks of all its moves", run: removeThroughMoves },
];

/** Moves a session at a time of its own and checks the exact mark. */
async function leavesMark(trial: Trial, move: Move, grace: { graceUntil?: number } = {}): Promise<void> {
  const { key, record } = await trial.begin({ subject: trial.subject() });
  const to = await trial.key(record.subject);
  const movedAt = trial.now + 5;
  trial.written(await trial.store.replace(key, to, NO_CHANGE, { ...record, seenAt: movedAt }, move), 2);
  await trial.hasMark(key, { movedAt, to, by: move.by, ...grace }, movedAt);
}

async function markOfLogin(trial: Trial): Promise<void> {
  await leavesMark(trial, { by: "login", graceSeconds: 0 });
}

async function markOfNewId(trial: Trial): Promise<void> {
  await leavesMark(trial, { by: "regenerateId", graceSeconds: 0 });
}

async function markWithGrace(trial: Trial): Promise<void> {
  for (const graceSeconds of [1, 10, 60]) {
    await leavesMark(trial, { by: "regenerateId", graceSeconds }, { graceUntil: trial.now + 5 + graceSeconds });
  }
}

async function markStays(trial: Trial): Promise<void> {
  const begun = await trial.begin();
  const moved = await trial.move(begun);
  const mark = { movedAt: trial.now, to: moved.key, by: NEW_ID.by };
  await trial.hasMark(begun.key, mark, trial.now + MOVED_MARK_SECONDS - 1);
  const later = await trial.store.load(begun.key, { now: trial.now + MOVED_MARK_SECONDS });
  expectLegalLoad(later);
  if (later !== null) await trial.hasMark(begun.key, mark, trial.now + MOVED_MARK_SECONDS);
  await trial.has(moved.key, moved.record, trial.now + MOVED_MARK_SECONDS);
}

async function markIsNotShared(trial: Trial): Promise<void> {
  const begun = await trial.begin();
  const moved = await trial.move(begun, WITH_GRACE);
  const mark = { movedAt: trial.now, to: { ...moved.key }, by: WITH_GRACE.by, graceUntil: trial.now + 10 };
  const found = await trial.store.load(begun.key, { now: trial.now });
  expectLegalLoad(found);
  if (found !== null && "to" in found && found.to !== undefined) Reflect.set(found.to, "id", "changed");
  for (const field of Object.keys(found ?? {})) Reflect.set(found ?? {}, field, 1);
  Reflect.set(moved.key, "id", "changed");
  await trial.hasMark(begun.key, mark);
}

async function changesOfMoved(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const options = { now, expiresAt: now + 9 * HOUR };
  const patch = { set: [["a", "2"] as const], unset: [] };
  for (const move of MOVES) {
    const begun = await trial.begin({ data: '{"a":1}' });
    const moved = await trial.move(begun, move);
    const other = await trial.key();
    trial.refusedAsMoved(await store.update(begun.key, patch, options));
    trial.refusedAsMoved(await store.update(begun.key, patch, { ...options, ifVersion: 1 }));
    trial.touched(await store.touch(begun.key, options), false);
    trial.refusedAsMoved(await store.replace(begun.key, other, patch, begun.record, LOGIN));
    const grace = move.graceSeconds > 0 ? { graceUntil: now + move.graceSeconds } : {};
    await trial.hasMark(begun.key, { movedAt: now, to: moved.key, by: move.by, ...grace });
    await trial.has(moved.key, moved.record);
    await trial.lacks(other);
  }
}

async function touchOfMoved(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const begun = await trial.begin();
  const moved = await trial.move(begun);
  expectLegalLoad(
    await store.load(begun.key, { now: now + 1, touch: { seenAfter: 0, seenBefore: now, expiresAt: now + 9 * HOUR } }),
  );
  await trial.hasMark(begun.key, { movedAt: now, to: moved.key, by: NEW_ID.by });
  await trial.has(moved.key, moved.record);
}

async function removeWhereItIs(trial: Trial): Promise<void> {
  for (const move of MOVES) {
    const begun = await trial.begin({ subject: trial.subject() });
    const moved = await trial.move(begun, move);
    await trial.store.remove(begun.key);
    await lacksWhatMoved(trial, moved.key);
    await trial.store.remove(begun.key);
  }
}

async function removeThroughMoves(trial: Trial): Promise<void> {
  const first = await trial.begin();
  const second = await trial.move(first, LOGIN);
  const third = await trial.move(second, NEW_ID);
  const fourth = await trial.move(third, LOGIN);
  await trial.store.remove(first.key);
  await lacksWhatMoved(trial, fourth.key);
}

/** Without marks, `remove` at the old id does not reach the session. */
async function lacksWhatMoved(trial: Trial, key: Key): Promise<void> {
  if (trial.marks) await trial.lacks(key);
  else expectLegalLoad(await trial.store.load(key, { now: trial.now }));
}
