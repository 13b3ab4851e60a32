/**
 * The store contract for marks: what stays for a while where a session was, and what a call there does.
 *
 * @module
 */

import { MOVED_MARK_SECONDS } from "../stores/store.ts";
import { expectEqual, expectLegalLoad } from "./expect.ts";
import { HOUR, type Trial, type TrialCase } from "./trial.ts";

/** Cases about the marks that replace leaves. */
export const markCases: readonly TrialCase[] = [
  { name: "the mark says when the session moved, and not where to without follow", run: markWithoutFollow },
  { name: "the mark says where the session moved to with follow", run: markWithFollow },
  { name: "the mark is there for 60 seconds", run: markStays },
  { name: "changing a mark that was loaded changes nothing in the store", run: markIsNotShared },
  { name: "update, touch and replace of a moved session answer moved, and change nothing", run: changesOfMoved },
  { name: "load with touch of a moved session gives the mark and slides nothing", run: touchOfMoved },
  { name: "removing a moved session with follow ends the session where it is now", run: removeWithFollow },
  { name: "removing a moved session follows it through all its moves", run: removeThroughMoves },
  { name: "removing a moved session without follow does not end it", run: removeWithoutFollow },
];

async function markWithoutFollow(trial: Trial): Promise<void> {
  const begun = await trial.begin();
  await trial.move(begun, false);
  await trial.hasMark(begun.key, { movedAt: begun.record.seenAt });
}

async function markWithFollow(trial: Trial): Promise<void> {
  const begun = await trial.begin({ subject: trial.subject() });
  const moved = await trial.move(begun, true);
  await trial.hasMark(begun.key, { movedAt: begun.record.seenAt, to: moved.key });
}

async function markStays(trial: Trial): Promise<void> {
  const begun = await trial.begin();
  const moved = await trial.move(begun, true);
  const mark = { movedAt: trial.now, to: moved.key };
  await trial.hasMark(begun.key, mark, trial.now + MOVED_MARK_SECONDS - 1);
  const later = await trial.store.load(begun.key, { now: trial.now + MOVED_MARK_SECONDS });
  if (later !== null && trial.store.guarantees.immediate) expectEqual("a mark kept for longer", later, mark);
  await trial.has(moved.key, moved.record, trial.now + MOVED_MARK_SECONDS);
}

async function markIsNotShared(trial: Trial): Promise<void> {
  const begun = await trial.begin();
  const moved = await trial.move(begun, true);
  const mark = { movedAt: trial.now, to: { ...moved.key } };
  const found = await trial.store.load(begun.key, { now: trial.now });
  expectLegalLoad(found);
  if (found !== null && "to" in found && found.to !== undefined) Reflect.set(found.to, "id", "changed");
  if (found !== null) Reflect.set(found, "movedAt", 1);
  Reflect.set(moved.key, "id", "changed");
  await trial.hasMark(begun.key, mark);
}

async function changesOfMoved(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const begun = await trial.begin({ data: '{"a":1}' });
  const moved = await trial.move(begun, true);
  const other = await trial.key();
  const [patch, options] = [
    { set: [["a", "2"] as const], unset: [] },
    { now, expiresAt: now + 9 * HOUR },
  ];
  trial.refused(await store.update(begun.key, patch, options), "moved");
  trial.refused(await store.update(begun.key, patch, { ...options, ifVersion: 1 }), "moved");
  trial.touched(await store.touch(begun.key, options), false);
  trial.refused(await store.replace(begun.key, other, patch, begun.record, { follow: true }), "moved");
  await trial.hasMark(begun.key, { movedAt: now, to: moved.key });
  await trial.has(moved.key, moved.record);
  await trial.lacks(other);
}

async function touchOfMoved(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const begun = await trial.begin();
  const moved = await trial.move(begun, true);
  expectLegalLoad(
    await store.load(begun.key, { now: now + 1, touch: { seenAfter: 0, seenBefore: now, expiresAt: now + 9 * HOUR } }),
  );
  await trial.hasMark(begun.key, { movedAt: now, to: moved.key });
  await trial.has(moved.key, moved.record);
}

async function removeWithFollow(trial: Trial): Promise<void> {
  const begun = await trial.begin({ subject: trial.subject() });
  const moved = await trial.move(begun, true);
  await trial.store.remove(begun.key);
  await trial.lacks(moved.key);
  await trial.store.remove(begun.key);
}

async function removeThroughMoves(trial: Trial): Promise<void> {
  const first = await trial.begin();
  const second = await trial.move(first, true);
  const third = await trial.move(second, true);
  await trial.store.remove(first.key);
  await trial.lacks(third.key);
}

async function removeWithoutFollow(trial: Trial): Promise<void> {
  const begun = await trial.begin();
  const moved = await trial.move(begun, false);
  await trial.store.remove(begun.key);
  await trial.has(moved.key, moved.record);
}
