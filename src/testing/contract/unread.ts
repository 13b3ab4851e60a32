/**
 * The store contract for changes whose caller has not read the record, so the store has to check it.
 *
 * @module
 */
import { utf8Length } from "../../ground/encoding.ts";
import type { Patch } from "../../session/patch.ts";
import { isMoved } from "../../session/record.ts";
import { expectEqual, expectThat } from "./expect.ts";
import { type Begun, HOUR, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

/** Cases about seenAfter and maxBytes. Only atomic stores get them. */
export const unreadCases: readonly TrialCase[] = [
  { name: "update with seenAfter does not change a record last seen at that time or earlier", run: onlySeenAfter },
  { name: "update with seenAfter and without maxBytes does the same", run: onlySeenAfterAlone },
  { name: "update with maxBytes allows exactly that many bytes", run: takesUpTo },
  { name: "update with maxBytes does not count replaced or removed values", run: countsOnce },
  { name: "update with maxBytes lets oversized data shrink, but not grow", run: onlyShrinks },
  { name: "parallel updates do not exceed maxBytes together", run: notTogether },
  { name: "update with maxBytes and a different version returns conflict", run: conflictFirst },
];

const set = (key: string, value: unknown): Patch => ({ set: [[key, JSON.stringify(value)]], unset: [] });

/** Whether the core passes these options to the store. */
function isAsked({ store }: Trial): boolean {
  return store.guarantees.atomic;
}

function within(trial: Trial, { key }: Begun, patch: Patch, maxBytes: number) {
  return trial.store.update(key, patch, { now: trial.now, expiresAt: trial.now + HOUR, seenAfter: 0, maxBytes });
}

function onlySeenAfter(trial: Trial): Promise<void> {
  return looksWhenSeen(trial, { maxBytes: 1000 });
}

function onlySeenAfterAlone(trial: Trial): Promise<void> {
  return looksWhenSeen(trial, {});
}

async function looksWhenSeen(trial: Trial, more: { maxBytes?: number }): Promise<void> {
  if (!isAsked(trial)) return;
  const { store, now } = trial;
  const { key, record } = await trial.begin({ data: '{"a":1}', seenAt: trial.now - 50 });
  const options = { now, expiresAt: now + HOUR, ...more };
  for (const seenAfter of [record.seenAt, record.seenAt + 10])
    trial.refused(await store.update(key, set("a", 2), { ...options, seenAfter }), "gone");
  await trial.has(key, record);
  trial.written(await store.update(key, set("a", 2), { ...options, seenAfter: record.seenAt - 1 }), 2);
  await trial.has(key, { ...record, data: '{"a":2}', version: 2, seenAt: now });
}

async function takesUpTo(trial: Trial): Promise<void> {
  if (!isAsked(trial)) return;
  for (const value of ["x".repeat(300), "地".repeat(100), '"\\\n'.repeat(50), ["a", { b: null }]]) {
    const begun = await trial.begin({ data: '{"a":1}' });
    const after = JSON.stringify({ a: 1, b: value });
    trial.refused(await within(trial, begun, set("b", value), utf8Length(after) - 1), "too-large");
    await trial.has(begun.key, begun.record);
    trial.written(await within(trial, begun, set("b", value), utf8Length(after)), 2);
    await trial.has(begun.key, { ...begun.record, data: after, version: 2 });
  }
}

async function countsOnce(trial: Trial): Promise<void> {
  if (!isAsked(trial)) return;
  const data = JSON.stringify({ a: "x".repeat(200), b: "y".repeat(200) });
  const begun = await trial.begin({ data });
  trial.written(await within(trial, begun, set("a", "z".repeat(200)), data.length), 2);
  trial.written(await within(trial, begun, { set: [["c", JSON.stringify("z".repeat(200))]], unset: ["b", "d"] }, data.length), 3);
  const after = JSON.stringify({ a: "z".repeat(200), c: "z".repeat(200) });
  await trial.has(begun.key, { ...begun.record, data: after, version: 3 });
}

async function onlyShrinks(trial: Trial): Promise<void> {
  if (!isAsked(trial)) return;
  const begun = await trial.begin({ data: JSON.stringify({ a: "x".repeat(500), b: 1 }) });
  trial.refused(await within(trial, begun, set("c", 1), 100), "too-large");
  trial.refused(await within(trial, begun, set("a", "地".repeat(400)), 100), "too-large");
  trial.written(await within(trial, begun, set("b", 2), 100), 2);
  trial.written(await within(trial, begun, set("a", "x".repeat(400)), 100), 3);
  trial.written(await within(trial, begun, NO_CHANGE, 100), 4);
  const after = JSON.stringify({ a: "x".repeat(400), b: 2 });
  await trial.has(begun.key, { ...begun.record, data: after, version: 4 });
}

async function notTogether(trial: Trial): Promise<void> {
  if (!isAsked(trial)) return;
  const begun = await trial.begin();
  const keys = ["a", "b", "c", "d"];
  const results = await Promise.all(keys.map((key) => within(trial, begun, set(key, "x".repeat(100)), 250)));
  const versions = results.flatMap((result) => (result.ok ? [result.version] : [])).sort((left, right) => left - right);
  for (const result of results) if (!result.ok) trial.refused(result, "too-large");
  const found = await trial.store.load(begun.key, { now: trial.now });
  if (!trial.judged) return;
  // Two of them fit, in any order.
  expectEqual("the versions that the updates made", versions, [2, 3]);
  expectThat(found !== null && !isMoved(found) && utf8Length(found.data) <= 250, "data of at most 250 bytes", found);
}

async function conflictFirst(trial: Trial): Promise<void> {
  if (!isAsked(trial)) return;
  const { store, now } = trial;
  const { key } = await trial.begin({ data: '{"a":1}' });
  const options = { now, expiresAt: now + HOUR, maxBytes: 10 };
  trial.refused(await store.update(key, set("b", "x".repeat(50)), { ...options, ifVersion: 7 }), "conflict");
  trial.refused(await store.update(key, set("b", "x".repeat(50)), { ...options, ifVersion: 1 }), "too-large");
}
