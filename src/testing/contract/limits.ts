/**
 * The store contract for a subject's session limit. For stores with `list`.
 *
 * @module
 */
import { beginAll, lists } from "./subjects.ts";
import { type Begun, HOUR, LOGIN, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

/** Cases about maxSessions. A store that cannot list, or is not atomic and immediate, may keep more sessions. */
export const limitCases: readonly TrialCase[] = [
  { name: "create ends the subject's sessions beyond maxSessions, least recently used first", run: createEvicts },
  { name: "replace ends the subject's sessions beyond maxSessions, least recently used first", run: replaceEvicts },
  { name: "maxSessions ends no session of another subject, no anonymous one, and never the new one", run: evictsOnlyTheirs },
  { name: "sessions ended by maxSessions do not come back", run: evictionIsFinal },
];

/** Whether sessions beyond the limit must be gone. Not in a store without `list`. */
function evicts({ store, judged }: Trial): boolean {
  return store.list !== undefined && judged;
}

/** Four sessions, last used in the order third, first, second, fourth. */
async function usedInTurn(trial: Trial, subject: string): Promise<[Begun, Begun, Begun, Begun]> {
  const begin = (ago: number) => trial.begin({ subject, startedAt: trial.now - 100, seenAt: trial.now - ago });
  return [await begin(30), await begin(20), await begin(40), await begin(10)];
}

async function createEvicts(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const [first, second, third, fourth] = await usedInTurn(trial, subject);
  const latest = { key: await trial.key(subject), record: trial.record({ subject }) };
  await trial.store.create(latest.key, latest.record, { maxSessions: 3 });
  await trial.has(latest.key, latest.record);
  if (!evicts(trial)) return;
  for (const { key } of [first, third]) await trial.lacks(key);
  await lists(trial, subject, [second, fourth, latest]);
}

async function replaceEvicts(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const [first, second, third, fourth] = await usedInTurn(trial, subject);
  const visitor = await trial.begin({ data: '{"a":1}' });
  const key = await trial.key(subject);
  const record = trial.record({ subject });
  trial.written(await trial.store.replace(visitor.key, key, NO_CHANGE, record, { ...LOGIN, maxSessions: 2 }), 2);
  await trial.has(key, { ...record, data: '{"a":1}', version: 2 });
  if (!evicts(trial)) return;
  for (const { key } of [first, second, third]) await trial.lacks(key);
  await lists(trial, subject, [fourth, { key, record }]);
}

async function evictsOnlyTheirs(trial: Trial): Promise<void> {
  const { store } = trial;
  const [subject, other] = [trial.subject(), trial.subject()];
  const others = await beginAll(trial, other, 2);
  const nobody = await trial.begin();
  const newer = await trial.begin({ subject, seenAt: trial.now + 30 });
  const key = await trial.key(subject);
  const record = trial.record({ subject });
  await store.create(key, record, { maxSessions: 1 });
  await store.create(await trial.key(), trial.record(), { maxSessions: 1 });
  for (const begun of [...others, nobody, { key, record }]) await trial.has(begun.key, begun.record);
  if (evicts(trial)) await trial.lacks(newer.key);
}

async function evictionIsFinal(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const subject = trial.subject();
  const { key, record } = await trial.begin({ subject, seenAt: trial.now - 50 });
  await store.create(await trial.key(subject), trial.record({ subject }), { maxSessions: 1 });
  if (!evicts(trial)) return;
  const options = { now, expiresAt: now + HOUR };
  trial.refused(await store.update(key, { set: [["a", "1"]], unset: [] }, options), "gone");
  trial.touched(await store.touch(key, options), false);
  trial.refused(await store.replace(key, await trial.key(subject), NO_CHANGE, record, LOGIN), "gone");
  await trial.lacks(key);
}
