/**
 * The store contract for records that may be used once: only one caller gets a record, and then it is gone.
 *
 * @module
 */
import { isMoved, type SessionRecord } from "../../session/record.ts";
import { expectEqual, expectLegalLoad, expectLegalResult, expectLegalTake, expectThat } from "./expect.ts";
import { lists } from "./subjects.ts";
import { HOUR, LOGIN, NEW_ID, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

const PARALLEL = 10;

/** Cases about take. */
export const takeCases: readonly TrialCase[] = [
  { name: "take returns the current record, and null the second time", run: takeOnce },
  { name: "taking an unknown id returns null and creates nothing", run: takeUnknown },
  { name: "a taken or removed record is gone, and cannot be taken or changed", run: takenIsGone },
  { name: "a taken record is not listed or counted", run: takenIsNotListed },
  { name: "take of a moved session returns null, and leaves the mark and the session", run: takeOfMoved },
  { name: "of ten parallel takes of one record, one gets it", run: takes },
  { name: "parallel calls do not revive a taken record", run: takeAndChanges },
  { name: "of parallel take and replace, one gets the record", run: takeAndReplace },
];

async function takeOnce(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin({ data: '{"a":1}', subject: trial.subject(), meta: { device: "phone" } });
  const other = await trial.begin();
  const options = { now: now + 1, expiresAt: now + 2 * HOUR };
  trial.written(await store.update(key, { set: [["b", "[2]"]], unset: [] }, options), 2);
  const changed = { ...record, data: '{"a":1,"b":[2]}', version: 2, seenAt: options.now, expiresAt: options.expiresAt };
  trial.took(await store.take(key), changed);
  trial.took(await store.take(key), null);
  await trial.has(other.key, other.record);
}

async function takeUnknown(trial: Trial): Promise<void> {
  const key = await trial.key();
  expectEqual("what was taken", await trial.store.take(key), null);
  expectEqual("what is loaded", await trial.store.load(key, { now: trial.now }), null);
}

async function takenIsGone(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin();
  const options = { now, expiresAt: now + HOUR };
  trial.took(await store.take(key), record);
  await trial.lacks(key);
  trial.refused(await store.update(key, { set: [["a", "1"]], unset: [] }, options), "gone");
  trial.touched(await store.touch(key, options), false);
  trial.refused(await store.replace(key, await trial.key(), NO_CHANGE, record, LOGIN), "gone");
  expectLegalLoad(await store.load(key, { now, touch: { ...options, seenAfter: 0, seenBefore: now } }));
  await trial.lacks(key);
  await store.remove(key);
  const removed = await trial.begin();
  await store.remove(removed.key);
  trial.took(await store.take(removed.key), null);
}

async function takenIsNotListed(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const taken = await trial.begin({ subject });
  const kept = await trial.begin({ subject });
  trial.took(await trial.store.take(taken.key), taken.record);
  await lists(trial, subject, [kept]);
  const ended = await trial.store.removeAll?.(subject);
  if (ended !== undefined && trial.store.guarantees.immediate) expectEqual("how many sessions were ended", ended, 1);
}

async function takeOfMoved(trial: Trial): Promise<void> {
  const { store, now } = trial;
  for (const move of [LOGIN, NEW_ID]) {
    const begun = await trial.begin({ data: '{"a":1}', subject: trial.subject() });
    const moved = await trial.move(begun, move);
    trial.took(await store.take(begun.key), null);
    await trial.hasMark(begun.key, { movedAt: now, to: moved.key, by: move.by });
    await trial.has(moved.key, moved.record);
    trial.took(await store.take(moved.key), moved.record);
  }
}

function times<Result>(count: number, call: (index: number) => Promise<Result>): Promise<Result>[] {
  return Array.from({ length: count }, (_none, index) => call(index));
}

async function takes(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin({ data: '{"a":1}' });
  const taken = await Promise.all(times(PARALLEL, () => trial.store.take(key)));
  for (const one of taken) expectLegalTake(one);
  await trial.lacks(key);
  if (!trial.judged) return;
  const got = taken.filter((one) => one !== null);
  expectEqual("how many takes got the record", got.length, 1);
  trial.took(got[0] as SessionRecord, record);
}

async function takeAndChanges(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key } = await trial.begin();
  const options = { now, expiresAt: now + HOUR };
  const changes = () =>
    times(PARALLEL, async (index) => {
      const set = [[`key${index}`, "1"] as const];
      await Promise.all([store.update(key, { set, unset: [] }, options), store.touch(key, options)]);
      await store.load(key, { now, touch: { ...options, seenAfter: 0, seenBefore: now } });
    });
  const [taken] = await Promise.all([store.take(key), ...changes(), ...changes()]);
  expectLegalTake(taken);
  if (!trial.judged) return;
  expectThat(taken !== null, "the record, at whatever version", taken);
  await trial.lacks(key);
}

async function takeAndReplace(trial: Trial): Promise<void> {
  const { store, now } = trial;
  for (const takeFirst of [true, false]) {
    const { key, record } = await trial.begin();
    const next = await trial.key();
    const early = takeFirst ? store.take(key) : undefined;
    const replaced = store.replace(key, next, NO_CHANGE, record, NEW_ID);
    const [result, taken] = await Promise.all([replaced, early ?? store.take(key)]);
    expectLegalResult(result);
    expectLegalTake(taken);
    const moved = await store.load(next, { now });
    expectLegalLoad(moved);
    if (!trial.judged) continue;
    expectEqual("whether replace or take got the record", [result.ok, taken !== null], [!taken, !result.ok]);
    expectEqual("whether there is a session at the new key", moved !== null && !isMoved(moved), result.ok);
  }
}
