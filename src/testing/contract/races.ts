/**
 * The store contract for parallel calls: in an atomic store, each is all or nothing and isolated.
 *
 * @module
 */
import { parseData } from "../../ground/json.ts";
import { isMoved, type Key, type Move, type SessionRecord, type UpdateResult } from "../../session/record.ts";
import { expectEqual, expectLegalLoad, expectLegalResult, expectThat } from "./expect.ts";
import { type Begun, HOUR, LOGIN, NEW_ID, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

const PARALLEL = 50;

/**
 * Cases about parallel calls. Only a store that is atomic and
 * immediate can fail them, except by throwing or by an invalid result.
 */
export const raceCases: readonly TrialCase[] = [
  { name: "50 parallel updates of 50 keys all survive", run: updatesOfManyKeys },
  { name: "of parallel updates of one key, one is the last", run: updatesOfOneKey },
  { name: "of parallel updates with the same ifVersion, one succeeds", run: updatesOfOneVersion },
  { name: "of parallel creates with one id, one succeeds", run: creates },
  { name: "of parallel replaces of one session, one succeeds", run: replaces },
  { name: "parallel calls do not revive a removed session", run: changesAndRemove },
  { name: "parallel replace and remove leave no session behind", run: replaceAndRemove },
  { name: "replace includes a parallel update, or the update returns moved", run: replaceAndUpdate },
  { name: "parallel calls do not revive sessions ended by removeAll", run: changesAndRemoveAll },
  { name: "parallel removes of one session are fine", run: removes },
];

function set(trial: Trial, key: Key, name: string, value: unknown, ifVersion?: number): Promise<UpdateResult> {
  const options = { now: trial.now, expiresAt: trial.now + HOUR, ...(ifVersion !== undefined && { ifVersion }) };
  return trial.store.update(key, { set: [[name, JSON.stringify(value)]], unset: [] }, options);
}

/** The record, or null if there is none. Fails on an invalid result. */
async function loadRecord(trial: Trial, key: Key): Promise<SessionRecord | null> {
  const found = await trial.store.load(key, { now: trial.now });
  expectLegalLoad(found);
  return found === null || isMoved(found) ? null : found;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_none, index) => index);
}

async function updatesOfManyKeys(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin({ data: '{"there":"before"}' });
  const results = await Promise.all(numbers(PARALLEL).map((index) => set(trial, key, `key${index}`, index)));
  for (const result of results) expectLegalResult(result);
  const data = { there: "before", ...Object.fromEntries(numbers(PARALLEL).map((index) => [`key${index}`, index])) };
  const found = await loadRecord(trial, key);
  if (!trial.judged) return;
  expectEqual("the data", parseData(found?.data ?? ""), data);
  const versions = results.map((result) => (result.ok ? result.version : 0)).sort((left, right) => left - right);
  const expected = numbers(PARALLEL).map((index) => index + 2);
  expectEqual("the versions that the updates made", versions, expected);
  await trial.has(key, { ...record, data: JSON.stringify(data), version: PARALLEL + 1 });
}

async function updatesOfOneKey(trial: Trial): Promise<void> {
  const { key } = await trial.begin();
  const results = await Promise.all(numbers(PARALLEL).map((index) => set(trial, key, "one", index)));
  for (const result of results) expectLegalResult(result);
  const found = await loadRecord(trial, key);
  if (!trial.judged) return;
  const last = results.findIndex((result) => result.ok && result.version === PARALLEL + 1);
  expectEqual("the data", parseData(found?.data ?? ""), { one: last });
}

async function updatesOfOneVersion(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin();
  const results = await Promise.all(numbers(10).map((index) => set(trial, key, `key${index}`, index, 1)));
  for (const result of results) expectLegalResult(result);
  await loadRecord(trial, key);
  if (!trial.judged) return;
  const winner = results.findIndex(({ ok }) => ok);
  const others = results.filter((result) => !result.ok && result.why === "conflict");
  expectEqual("how many updates returned conflict", others.length, 9);
  await trial.has(key, { ...record, data: JSON.stringify({ [`key${winner}`]: winner }), version: 2 });
}

async function creates(trial: Trial): Promise<void> {
  const { store } = trial;
  const key = await trial.key();
  const records = numbers(10).map((index) => trial.record({ data: `{"index":${index}}` }));
  const results = await Promise.allSettled(records.map((record) => store.create(key, record)));
  await loadRecord(trial, key);
  if (!trial.judged) return;
  const made = numbers(10).filter((index) => results[index]?.status === "fulfilled");
  expectEqual("how many creates were made", made.length, 1);
  await trial.has(key, records[made[0] as number] as SessionRecord);
}

async function replaces(trial: Trial): Promise<void> {
  const { store } = trial;
  const subject = trial.subject();
  const { key, record } = await trial.begin({ data: '{"a":1}', subject });
  const keys = [await trial.key(subject), await trial.key(subject)];
  const results = await Promise.all(keys.map((next) => store.replace(key, next, NO_CHANGE, record, NEW_ID)));
  for (const result of results) expectLegalResult(result);
  for (const next of [key, ...keys]) await loadRecord(trial, next);
  if (!trial.judged) return;
  const [winner, loser] = results[0]?.ok ? [0, 1] : [1, 0];
  expectEqual("the result that won", results[winner], { ok: true, version: 2 });
  trial.refusedAsMoved(results[loser] as UpdateResult);
  await trial.has(keys[winner] as Key, { ...record, version: 2 });
  await trial.hasMark(key, { movedAt: record.seenAt, to: keys[winner] as Key, by: NEW_ID.by });
  await trial.lacks(keys[loser] as Key);
}

/** Every kind of change to a session, all at once. */
function changes(trial: Trial, key: Key): Promise<unknown>[] {
  const options = { now: trial.now, expiresAt: trial.now + HOUR };
  return numbers(10).flatMap((index) => [
    set(trial, key, `key${index}`, index),
    trial.store.touch(key, options),
    trial.store.load(key, { now: trial.now, touch: { ...options, seenAfter: 0, seenBefore: trial.now } }),
  ]);
}

async function changesAndRemove(trial: Trial): Promise<void> {
  const { key } = await trial.begin();
  await Promise.all([...changes(trial, key), trial.store.remove(key), ...changes(trial, key)]);
  const found = await loadRecord(trial, key);
  if (trial.judged) expectEqual("what is loaded", found, null);
}

async function replaceAndRemove(trial: Trial): Promise<void> {
  for (const move of [LOGIN, NEW_ID]) {
    for (const removeFirst of [true, false]) await replaceAgainstRemove(trial, move, removeFirst);
  }
}

async function replaceAgainstRemove(trial: Trial, move: Move, removeFirst: boolean): Promise<void> {
  const { store } = trial;
  const subject = trial.subject();
  const { key, record } = await trial.begin({ subject });
  const next = await trial.key(subject);
  const early = removeFirst ? store.remove(key) : undefined;
  const replaced = store.replace(key, next, NO_CHANGE, record, move);
  const [result] = await Promise.all([replaced, early ?? store.remove(key)]);
  expectLegalResult(result);
  const [before, after] = [await loadRecord(trial, key), await loadRecord(trial, next)];
  if (!trial.judged) return;
  expectThat(result.ok || result.why === "gone", "replace to succeed, or to return gone", result);
  expectEqual("what is loaded at the old key", before, null);
  // If the move was first, its mark led the remove to the new key.
  if (trial.marks) expectEqual("what is loaded at the new key", after, null);
}

async function replaceAndUpdate(trial: Trial): Promise<void> {
  const { store } = trial;
  const subject = trial.subject();
  const { key, record } = await trial.begin({ subject });
  const next = await trial.key(subject);
  const results = await Promise.all([
    ...numbers(5).map((index) => set(trial, key, `key${index}`, index)),
    store.replace(key, next, NO_CHANGE, record, NEW_ID),
    ...numbers(5).map((index) => set(trial, key, `late${index}`, index)),
  ]);
  for (const result of results) expectLegalResult(result);
  const found = await loadRecord(trial, next);
  if (!trial.judged) return;
  const [early, late] = [results.slice(0, 5), results.slice(6)];
  const names = [...early.map((_none, index) => `key${index}`), ...late.map((_none, index) => `late${index}`)];
  const made = names.filter((_name, index) => [...early, ...late][index]?.ok);
  expectEqual("the keys of the session that moved", Object.keys(parseData(found?.data ?? "") ?? {}).sort(), made.sort());
}

async function changesAndRemoveAll(trial: Trial): Promise<void> {
  const { store } = trial;
  if (store.removeAll === undefined) return;
  const subject = trial.subject();
  const sessions: Begun[] = [];
  for (const _index of numbers(3)) sessions.push(await trial.begin({ subject }));
  const calls = sessions.flatMap(({ key }) => changes(trial, key));
  await Promise.all([...calls, store.removeAll(subject), ...sessions.flatMap(({ key }) => changes(trial, key))]);
  for (const { key } of sessions) {
    const found = await loadRecord(trial, key);
    if (trial.judged) expectEqual("what is loaded", found, null);
  }
}

async function removes(trial: Trial): Promise<void> {
  const { key } = await trial.begin({ subject: trial.subject() });
  await Promise.all(numbers(10).map(() => trial.store.remove(key)));
  await trial.lacks(key);
}
