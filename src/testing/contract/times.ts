/**
 * The store contract for time: use extends a record, nothing shortens its life, and expiry is not an error.
 *
 * @module
 */
import { expectLegalLoad, expectLegalResult, expectLegalTake } from "./expect.ts";
import { HOUR, NEW_ID, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

/** Cases about touch and expiry. */
export const timeCases: readonly TrialCase[] = [
  { name: "load changes nothing without touch", run: loadAlone },
  { name: "load with touch slides the record in the same call", run: loadWithTouch },
  { name: "load with touch does not slide a record seen after seenBefore", run: loadWithTouchTooSoon },
  { name: "load with touch does not slide a record last seen at seenAfter or earlier", run: loadWithTouchTooLate },
  { name: "load with touch never moves the expiry backwards", run: loadWithEarlierTouch },
  { name: "touch sets both times", run: touchSlides },
  { name: "touch never moves the expiry backwards", run: touchEarlier },
  { name: "a record loads until just before its expiry", run: livesUntilExpiry },
  { name: "a touched or updated record loads until its later expiry", run: livesUntilLaterExpiry },
  { name: "an expired record does not make the store throw", run: expired },
];

async function loadAlone(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin();
  await trial.has(key, record, trial.now + 600);
  await trial.has(key, record, trial.now + 1200);
}

async function loadWithTouch(trial: Trial): Promise<void> {
  const { store } = trial;
  const { key, record } = await trial.begin({ data: '{"a":1}', subject: trial.subject(), meta: { device: "phone" } });
  const now = trial.now + 600;
  const slid = { ...record, seenAt: now, expiresAt: now + 2 * HOUR };
  trial.isRecord(
    await store.load(key, { now, touch: { seenAfter: 0, seenBefore: record.seenAt, expiresAt: slid.expiresAt } }),
    slid,
  );
  await trial.has(key, slid, now);
}

async function loadWithTouchTooSoon(trial: Trial): Promise<void> {
  const { store } = trial;
  const { key, record } = await trial.begin();
  const now = trial.now + 600;
  const touch = { seenAfter: 0, seenBefore: record.seenAt - 1, expiresAt: now + 2 * HOUR };
  trial.isRecord(await store.load(key, { now, touch }), record);
  await trial.has(key, record, now);
}

async function loadWithTouchTooLate(trial: Trial): Promise<void> {
  const { store } = trial;
  const { key, record } = await trial.begin();
  const now = trial.now + 600;
  const touch = { seenAfter: record.seenAt, seenBefore: now, expiresAt: now + 2 * HOUR };
  trial.isRecord(await store.load(key, { now, touch }), record);
  await trial.has(key, record, now);
}

async function loadWithEarlierTouch(trial: Trial): Promise<void> {
  const { store } = trial;
  const { key, record } = await trial.begin();
  const now = trial.now + 600;
  const slid = { ...record, seenAt: now };
  const touch = { seenAfter: 0, seenBefore: now, expiresAt: record.expiresAt - 300 };
  trial.isRecord(await store.load(key, { now, touch }), slid);
  await trial.has(key, slid, now);
}

async function touchSlides(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin({ data: '{"a":1}', subject: trial.subject(), meta: { device: "phone" } });
  const now = trial.now + 600;
  const expiresAt = now + 2 * HOUR;
  trial.touched(await trial.store.touch(key, { now, expiresAt }), true);
  await trial.has(key, { ...record, seenAt: now, expiresAt }, now);
}

async function touchEarlier(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin();
  const now = trial.now + 600;
  trial.touched(await trial.store.touch(key, { now, expiresAt: record.expiresAt - 300 }), true);
  await trial.has(key, { ...record, seenAt: now }, now);
}

async function livesUntilExpiry(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin({ subject: trial.subject() });
  await trial.has(key, record, record.expiresAt - 1);
}

async function livesUntilLaterExpiry(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const touched = await trial.begin();
  const updated = await trial.begin();
  const expiresAt = now + 48 * HOUR;
  trial.touched(await store.touch(touched.key, { now, expiresAt }), true);
  trial.written(await store.update(updated.key, NO_CHANGE, { now, expiresAt }), 2);
  await trial.has(touched.key, { ...touched.record, expiresAt }, expiresAt - 1);
  await trial.has(updated.key, { ...updated.record, expiresAt, version: 2 }, expiresAt - 1);
}

async function expired(trial: Trial): Promise<void> {
  const { store } = trial;
  const subject = trial.subject();
  const { key, record } = await trial.begin({ subject });
  const options = { now: record.expiresAt, expiresAt: record.expiresAt + HOUR };
  expectLegalLoad(await store.load(key, { now: record.expiresAt }));
  expectLegalResult(await store.update(key, NO_CHANGE, { ...options, ifVersion: 1 }));
  await store.touch(key, options);
  await store.list?.(subject);
  expectLegalResult(await store.replace(key, await trial.key(subject), NO_CHANGE, { ...record, seenAt: options.now }, NEW_ID));
  expectLegalTake(await store.take(key));
  await store.remove(key);
}
