/** Stores that break the contract where they keep time: by a clock of their own, or backwards; see broken.ts. */
import type { Key } from "../../src/session/record.ts";
import { type Change, type Full, recordAt } from "./altered.ts";

const ownClock = () => Math.floor(Date.now() / 1000);

/** The time at which a store reads that decides by its own clock whether a record has expired. */
async function readingTime(whole: Full, key: Key, now: number): Promise<number> {
  const found = await recordAt(whole, key, 0);
  return found !== null && found.expiresAt <= now ? ownClock() : now;
}

/** Sets when a record was last seen, whatever the record says. */
async function seenAt(whole: Full, key: Key, now: number): Promise<void> {
  const record = await whole.take(key);
  if (record !== null) await whole.create(key, { ...record, seenAt: now });
}

export const brokenTimes: [what: string, caughtBy: string, change: Change][] = [
  [
    "touch asks its own clock what has expired",
    "touch does not revive a record that is expired at the given now",
    (whole) => ({
      touch: async (key, { now, expiresAt }) => whole.touch(key, { now: await readingTime(whole, key, now), expiresAt }),
    }),
  ],
  [
    "load with touch asks its own clock what has expired",
    "load with touch does not revive a record that is expired at the given now",
    (whole) => ({
      load: async (key, { now, touch }) =>
        whole.load(key, { now: await readingTime(whole, key, now), ...(touch !== undefined && { touch }) }),
    }),
  ],
  [
    "update asks its own clock what has expired",
    "update does not revive a record that is expired at the given now",
    (whole) => ({
      update: async (key, patch, options) =>
        whole.update(key, patch, { ...options, now: await readingTime(whole, key, options.now) }),
    }),
  ],
  [
    "replace asks its own clock what has expired",
    "replace does not revive a record that is expired at the given now",
    (whole) => ({
      replace: async (from, to, patch, record, move) =>
        whole.replace(from, to, patch, { ...record, seenAt: await readingTime(whole, from, record.seenAt) }, move),
    }),
  ],
  [
    "a use is never earlier than its own clock says",
    "touch, update and load with touch use the given now, a day before or after the real time",
    (whole) => ({
      touch: (key, { now, expiresAt }) => whole.touch(key, { now: Math.max(now, ownClock()), expiresAt }),
    }),
  ],
  [
    "a use is never later than its own clock says",
    "touch, update and load with touch use the given now, a day before or after the real time",
    (whole) => ({
      update: (key, patch, options) => whole.update(key, patch, { ...options, now: Math.min(options.now, ownClock()) }),
    }),
  ],
  [
    "touch sets seenAt to an earlier time",
    "touch never moves seenAt backwards",
    (whole) => ({
      async touch(key, options) {
        const isThere = await whole.touch(key, options);
        if (isThere) await seenAt(whole, key, options.now);
        return isThere;
      },
    }),
  ],
  [
    "load with touch sets seenAt to an earlier time",
    "load with touch never moves seenAt backwards",
    (whole) => ({
      async load(key, options) {
        const before = await recordAt(whole, key, options.now);
        const found = await whole.load(key, options);
        const isDue = before !== null && options.touch !== undefined && before.seenAt <= options.touch.seenBefore;
        if (!isDue) return found;
        await seenAt(whole, key, options.now);
        return recordAt(whole, key, options.now);
      },
    }),
  ],
  [
    "update sets seenAt to an earlier time",
    "update never moves seenAt backwards",
    (whole) => ({
      async update(key, patch, options) {
        const result = await whole.update(key, patch, options);
        if (result.ok) await seenAt(whole, key, options.now);
        return result;
      },
    }),
  ],
];
