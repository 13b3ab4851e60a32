/**
 * The store contract for new keys: the record moves in one step.
 *
 * @module
 */
import type { Patch } from "../../session/patch.ts";
import type { SessionRecord } from "../../session/record.ts";
import { expectEqual } from "./expect.ts";
import { type Begun, HOUR, LOGIN, NEW_ID, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

/** Cases about replace. */
export const moveCases: readonly TrialCase[] = [
  { name: "replace keeps the patched data and the record's other fields under the new key", run: replaceMoves },
  { name: "replace patches the current data", run: replacePatchesWhatIsThere },
  { name: "replace without subject and meta drops both", run: replaceDropsFields },
  { name: "replace may shorten a session's life", run: replaceShortens },
  { name: "replacesData drops the old data", run: clearDrops },
  { name: "ifVersion lets a move through if the version matches", run: sameVersion },
  { name: "a move returns conflict if the version differs from ifVersion, and changes nothing", run: otherVersion },
  { name: "replace of a missing session returns gone and creates nothing", run: replaceGone },
  { name: "a session that moved can be changed, and can move again", run: movesAgain },
  { name: "replace from no subject to a subject", run: replaceToSubject },
  { name: "replace from one subject to another", run: replaceToOtherSubject },
];

async function replaceMoves(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const { key } = await trial.begin({ data: '{"a":1,"b":2}', version: 4, subject, meta: { device: "phone" } });
  const now = trial.now + 50;
  const times = { startedAt: now, seenAt: now, expiresAt: now + 3 * HOUR };
  const record = trial.record({ ...times, data: '{"not":"used"}', version: 99, subject, meta: { device: "desk" } });
  const next = await trial.key(subject);
  const patch: Patch = { set: [["c", '{"__proto__":3}'] as const, ["__proto__", "4"] as const], unset: ["a"] };
  trial.written(await trial.store.replace(key, next, patch, record, LOGIN), 5);
  await trial.has(next, { ...record, data: '{"b":2,"c":{"__proto__":3},"__proto__":4}', version: 5 }, now);
}

async function replacePatchesWhatIsThere(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin({ data: '{"a":1}' });
  const options = { now, expiresAt: record.expiresAt };
  trial.written(await store.update(key, { set: [["meanwhile", "true"]], unset: [] }, options), 2);
  const next = await trial.key();
  trial.written(await store.replace(key, next, { set: [["b", "2"]], unset: [] }, record, LOGIN), 3);
  await trial.has(next, { ...record, data: '{"a":1,"b":2,"meanwhile":true}', version: 3 });
}

async function replaceDropsFields(trial: Trial): Promise<void> {
  const { key } = await trial.begin({ data: '{"a":1}', subject: trial.subject(), meta: { device: "phone" } });
  const [next, record] = [await trial.key(), trial.record()];
  trial.written(await trial.store.replace(key, next, NO_CHANGE, record, LOGIN), 2);
  await trial.has(next, { ...record, data: '{"a":1}', version: 2 });
}

async function replaceShortens(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin({ expiresAt: trial.now + 10 * HOUR });
  const [next, shorter] = [await trial.key(), { ...record, expiresAt: trial.now + HOUR }];
  trial.written(await trial.store.replace(key, next, NO_CHANGE, shorter, LOGIN), 2);
  await trial.has(next, { ...shorter, version: 2 });
}

async function clearDrops(trial: Trial): Promise<void> {
  const first = await trial.begin({ data: '{"a":1,"__proto__":2,"":3}' });
  const [second, third] = [await trial.key(), await trial.key()];
  const patch: Patch = { replacesData: true, set: [["b", "2"]], unset: [] };
  trial.written(await trial.store.replace(first.key, second, patch, first.record, LOGIN), 2);
  await trial.has(second, { ...first.record, data: '{"b":2}', version: 2 });
  trial.written(await trial.store.replace(second, third, { ...NO_CHANGE, replacesData: true }, first.record, LOGIN), 3);
  await trial.has(third, { ...first.record, data: "{}", version: 3 });
}

async function sameVersion(trial: Trial): Promise<void> {
  for (const subject of [undefined, trial.subject()]) {
    const { key, record } = await trial.begin({ data: '{"a":1}', version: 4 });
    const [next, moved] = [await trial.key(subject), { ...record, ...(subject !== undefined && { subject }) }];
    trial.written(await trial.store.replace(key, next, NO_CHANGE, moved, { ...LOGIN, ifVersion: 4 }), 5);
    await trial.has(next, { ...moved, version: 5 });
  }
}

async function otherVersion(trial: Trial): Promise<void> {
  for (const subject of [undefined, trial.subject()]) {
    const { key, record } = await trial.begin({ data: '{"a":1}', version: 4 });
    const [next, moved] = [await trial.key(subject), { ...record, ...(subject !== undefined && { subject }) }];
    const patch: Patch = { set: [["b", "2"]], unset: [] };
    for (const ifVersion of [0, 3, 5]) {
      trial.refused(await trial.store.replace(key, next, patch, moved, { ...LOGIN, ifVersion }), "conflict");
    }
    await trial.has(key, record);
    await trial.lacks(next);
  }
}

async function replaceGone(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin();
  const next = await trial.key();
  await trial.store.remove(key);
  trial.refused(await trial.store.replace(key, next, NO_CHANGE, record, NEW_ID), "gone");
  await trial.lacks(key);
  await trial.lacks(next);
}

async function movesAgain(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const first = await trial.begin({ data: '{"a":1}' });
  const second = await trial.move(first);
  const options = { now, expiresAt: first.record.expiresAt };
  trial.written(await store.update(second.key, { set: [["b", "2"]], unset: [] }, { ...options, ifVersion: 2 }), 3);
  const updated = { key: second.key, record: { ...second.record, data: '{"a":1,"b":2}', version: 3 } };
  const third = await trial.move(updated);
  await trial.hasMark(first.key, { movedAt: now, to: second.key, by: NEW_ID.by });
  await trial.hasMark(second.key, { movedAt: now, to: third.key, by: NEW_ID.by });
  await trial.has(third.key, third.record);
}

async function replaceToSubject(trial: Trial): Promise<void> {
  await moveToSubject(trial, await trial.begin({ data: '{"a":1}' }));
}

async function replaceToOtherSubject(trial: Trial): Promise<void> {
  const former = trial.subject();
  await moveToSubject(trial, await trial.begin({ data: '{"a":1}', subject: former, meta: { device: "phone" } }));
  const left = await trial.store.list?.(former);
  if (left !== undefined && trial.store.guarantees.immediate) expectEqual("the former subject's sessions", left, []);
}

async function moveToSubject(trial: Trial, { key }: Begun): Promise<void> {
  const { store, now } = trial;
  const subject = trial.subject();
  const record: SessionRecord = trial.record({ subject, meta: { device: "desk" }, startedAt: now });
  const next = await trial.key(subject);
  trial.written(await store.replace(key, next, { set: [["b", "2"]], unset: [] }, record, LOGIN), 2);
  await trial.has(next, { ...record, data: '{"a":1,"b":2}', version: 2 });
  await trial.hasMark(key, { movedAt: now, to: next, by: LOGIN.by });
  const rows = await store.list?.(subject);
  if (rows === undefined || !store.guarantees.immediate) return;
  expectEqual(
    "the ids of the subject",
    rows.map(({ id }) => id),
    [next.id],
  );
}
