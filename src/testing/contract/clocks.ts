/**
 * The store contract for `now`: the time is the caller's, never the store's, and use moves no time backwards.
 *
 * @module
 */
import { isMoved, type Key } from "../../session/record.ts";
import { expectLegalLoad, expectLegalResult, expectThat } from "./expect.ts";
import { type Begun, HOUR, NEW_ID, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

const DAY = 24 * HOUR;

/** One way to use a session. */
type Use = (trial: Trial, key: Key, times: { now: number; expiresAt: number }) => Promise<void>;

const touch: Use = async ({ store }, key, times) => {
  const isThere = await store.touch(key, times);
  expectThat(typeof isThere === "boolean", "true or false", isThere);
};

const update: Use = async ({ store }, key, times) => {
  const result = await store.update(key, NO_CHANGE, times);
  expectLegalResult(result);
};

const loadWithTouch: Use = async ({ store }, key, { now, expiresAt }) => {
  // Due for each of the records here, even those seen after `now`.
  const found = await store.load(key, { now, touch: { seenAfter: 0, seenBefore: now + HOUR, expiresAt } });
  expectLegalLoad(found);
};

const USES: readonly [what: string, use: Use, versions: number][] = [
  ["touch", touch, 0],
  ["update", update, 1],
  ["load with touch", loadWithTouch, 0],
];

/**
 * Cases about the clock. A store that reads its own revives a record that has expired for its caller. In every
 * case a record ends after the real time, because some databases drop records by their own clock.
 */
export const clockCases: readonly TrialCase[] = [
  { name: "touch, update and load with touch use the given now, a day before or after the real time", run: givenTime },
  ...USES.map(([what, use, versions]) => ({
    name: `${what} never moves seenAt backwards`,
    run: (trial: Trial) => staysSeen(trial, use, versions),
  })),
  ...USES.map(([what, use]) => ({
    name: `${what} does not revive a record that is expired at the given now`,
    run: (trial: Trial) => staysExpired(trial, use),
  })),
  { name: "replace does not revive a record that is expired at the given now", run: staysUnmoved },
];

async function givenTime(trial: Trial): Promise<void> {
  for (const [, use, versions] of USES) {
    for (const now of [trial.now - DAY, trial.now + DAY]) {
      const { key, record } = await trial.begin({
        startedAt: trial.now - 2 * DAY,
        seenAt: trial.now - 2 * DAY,
        expiresAt: trial.now + 2 * DAY,
      });
      const expiresAt = trial.now + 3 * DAY;
      await use(trial, key, { now, expiresAt });
      await trial.has(key, { ...record, seenAt: now, expiresAt, version: 1 + versions }, now);
    }
  }
}

/** Requests may reach the store in another order than the clock had. */
async function staysSeen(trial: Trial, use: Use, versions: number): Promise<void> {
  const { key, record } = await trial.begin();
  const now = record.seenAt - 10;
  const expiresAt = record.expiresAt + HOUR;
  await use(trial, key, { now, expiresAt });
  await trial.has(key, { ...record, expiresAt, version: 1 + versions });
}

async function staysExpired(trial: Trial, use: Use): Promise<void> {
  for (const late of [0, 1, DAY]) {
    const begun = await trial.begin();
    const now = begun.record.expiresAt + late;
    await use(trial, begun.key, { now, expiresAt: now + HOUR });
    await isNotExtended(trial, begun, now);
  }
}

async function staysUnmoved(trial: Trial): Promise<void> {
  const { store } = trial;
  const begun = await trial.begin();
  const next = await trial.key();
  const now = begun.record.expiresAt + 1;
  const record = { ...begun.record, seenAt: now, expiresAt: now + HOUR };
  expectLegalResult(await store.replace(begun.key, next, NO_CHANGE, record, NEW_ID));
  await trial.lacks(next, now);
}

/** The record is gone, or as expired as it was. */
async function isNotExtended(trial: Trial, { key, record }: Begun, now: number): Promise<void> {
  const found = await trial.store.load(key, { now });
  expectLegalLoad(found);
  if (!trial.store.guarantees.immediate || found === null) return;
  const isAsBefore = !isMoved(found) && found.expiresAt === record.expiresAt;
  expectThat(isAsBefore, `the record to stay expired, since now was ${now} and its expiresAt ${record.expiresAt}`, found);
}
