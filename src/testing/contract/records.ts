/**
 * The store contract for single records: stored unchanged, removed for good.
 *
 * @module
 */
import type { SessionMeta } from "../../session/record.ts";
import { expectEqual, expectLegalLoad } from "./expect.ts";
import { HOUR, LOGIN, NEW_ID, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

/** Cases about single records. */
export const recordCases: readonly TrialCase[] = [
  { name: "an unknown id loads as null", run: unknownLoads },
  { name: "an unknown id cannot be changed, and trying creates nothing", run: unknownChanges },
  { name: "removing an unknown id is fine", run: async (trial) => trial.store.remove(await trial.key()) },
  { name: "a new record loads with every field unchanged", run: roundTrip },
  { name: "a record without subject and meta loads without them", run: anonymousRoundTrip },
  { name: "create does not overwrite a record", run: createTwice },
  { name: "changing a record after passing it does not change the store", run: passedIsNotShared },
  { name: "changing a loaded record does not change the store", run: loadedIsNotShared },
  { name: "a removed record is gone, and removing it again is fine", run: removeTwice },
  { name: "update, touch, replace and load with touch do not bring back a removed record", run: noRevival },
];

async function unknownLoads(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const key = await trial.key();
  expectEqual("what is loaded", await store.load(key, { now }), null);
  expectEqual(
    "what is loaded with touch",
    await store.load(key, { now, touch: { seenAfter: 0, seenBefore: now, expiresAt: now + HOUR } }),
    null,
  );
  expectEqual("what is loaded afterwards", await store.load(key, { now }), null);
}

async function unknownChanges(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const [key, next] = [await trial.key(), await trial.key()];
  const options = { now, expiresAt: now + HOUR };
  const gone = { ok: false, why: "gone" };
  const patch = { set: [["a", "1"] as const], unset: ["b"] };
  expectEqual("the result of update", await store.update(key, patch, options), gone);
  expectEqual("the result of update with ifVersion", await store.update(key, patch, { ...options, ifVersion: 1 }), gone);
  expectEqual("the result of touch", await store.touch(key, options), false);
  expectEqual("the result of replace", await store.replace(key, next, patch, trial.record(), NEW_ID), gone);
  expectEqual("what is loaded", await store.load(key, { now }), null);
  expectEqual("what is loaded at the new key", await store.load(next, { now }), null);
}

async function roundTrip(trial: Trial): Promise<void> {
  const meta = { device: 'Firefox "on" Linux', 地名: "Zürich 🚀", constructor: "", version: "7" };
  const data = '{"cart":["apple",{"n":1}],"name":"Ada","version":9}';
  const { key, record } = await trial.begin({ data, version: 1, subject: trial.subject(), meta });
  await trial.has(key, record);
}

async function anonymousRoundTrip(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin({ data: '{"cart":[]}' });
  await trial.has(key, record);
}

async function createTwice(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin({ data: '{"mine":true}' });
  const other = { ...record, data: '{"yours":true}' };
  const threw = await store.create(key, other).then(
    () => false,
    () => true,
  );
  if (store.guarantees.atomic) {
    expectEqual("whether create throws where there is a record", threw, true);
    await trial.has(key, record);
  } else {
    expectLegalLoad(await store.load(key, { now }));
  }
}

async function passedIsNotShared(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const meta: Record<string, string> = { device: "phone" };
  const record = { ...trial.record({ data: '{"a":1}' }), meta: meta as SessionMeta };
  const key = await trial.key();
  await store.create(key, record);
  const set: [string, string][] = [["b", "2"]];
  const unset: string[] = [];
  trial.written(await store.update(key, { set, unset }, { now, expiresAt: record.expiresAt }), 2);
  Object.assign(record, { data: '{"changed":true}', version: 77, expiresAt: 1, subject: "mallory" });
  meta.device = "changed";
  set.push(["c", "3"]);
  unset.push("a");
  await trial.has(key, { ...trial.record({ data: '{"a":1,"b":2}', version: 2, meta: { device: "phone" } }) });
}

async function loadedIsNotShared(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin({ data: '{"a":1}', meta: { device: "phone" } });
  const found = await store.load(key, { now });
  expectLegalLoad(found);
  // If the store freezes its results, this changes nothing and does not throw.
  if (found !== null && "meta" in found && found.meta !== undefined) Reflect.set(found.meta, "device", "changed");
  for (const field of Object.keys(found ?? {})) Reflect.set(found ?? {}, field, 1);
  await trial.has(key, record);
}

async function removeTwice(trial: Trial): Promise<void> {
  const { key } = await trial.begin({ subject: trial.subject() });
  const other = await trial.begin();
  await trial.store.remove(key);
  await trial.store.remove(key);
  await trial.lacks(key);
  await trial.has(other.key, other.record);
}

async function noRevival(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin();
  const next = await trial.key();
  const options = { now, expiresAt: now + HOUR };
  await store.remove(key);
  trial.refused(await store.update(key, { set: [["a", "1"]], unset: [] }, options), "gone");
  trial.touched(await store.touch(key, options), false);
  trial.refused(await store.replace(key, next, NO_CHANGE, record, LOGIN), "gone");
  expectLegalLoad(await store.load(key, { now, touch: { ...options, seenAfter: 0, seenBefore: now } }));
  await trial.lacks(key);
  await trial.lacks(next);
}
