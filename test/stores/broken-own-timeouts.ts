/** Stores that break the contract where a session has timeouts of its own; see broken.ts. */
import type { SessionRecord } from "../../src/session/record.ts";
import { type Change, recordAt } from "./altered.ts";

/** The record as a store keeps it that knows nothing of them. */
function without({ idleTimeout: _idle, absoluteTimeout: _absolute, ...record }: SessionRecord): SessionRecord {
  return record;
}

export const brokenOwnTimeouts: [what: string, caughtBy: string, change: Change][] = [
  [
    "own timeouts are not kept",
    "a record's own timeouts load unchanged, and only if it has any",
    (whole) => ({ create: (key, record, options) => whole.create(key, without(record), options) }),
  ],
  [
    "own timeouts are null where there are none",
    "a record's own timeouts load unchanged, and only if it has any",
    (whole) => ({
      create: (key, record, options) => whole.create(key, { idleTimeout: null as never, ...record }, options),
    }),
  ],
  [
    "an update drops own timeouts",
    "update, touch and load with touch keep a record's own timeouts",
    (whole) => ({
      async update(key, patch, options) {
        const found = await recordAt(whole, key, options.now);
        if (found === null) return whole.update(key, patch, options);
        await whole.remove(key);
        await whole.create(key, without(found));
        return whole.update(key, patch, options);
      },
    }),
  ],
  [
    "replace gives no timeouts",
    "replace sets the timeouts it is given, and drops the others",
    (whole) => ({
      replace: (from, to, patch, record, move) => whole.replace(from, to, patch, without(record), move),
    }),
  ],
  [
    "replace leaves the timeouts that were there",
    "replace sets the timeouts it is given, and drops the others",
    (whole) => ({
      async replace(from, to, patch, record, move) {
        const { idleTimeout, absoluteTimeout } = (await recordAt(whole, from, record.seenAt)) ?? {};
        const there = {
          ...(idleTimeout !== undefined && { idleTimeout }),
          ...(absoluteTimeout !== undefined && { absoluteTimeout }),
        };
        return whole.replace(from, to, patch, { ...there, ...record }, move);
      },
    }),
  ],
  [
    "take forgets own timeouts",
    "take returns a record's own timeouts",
    (whole) => ({
      async take(key) {
        const found = await whole.take(key);
        return found && without(found);
      },
    }),
  ],
  [
    "list shows no own timeouts",
    "list shows each session's own timeouts",
    (whole) => ({
      list: async (subject) =>
        (await whole.list(subject)).map(({ idleTimeout: _idle, absoluteTimeout: _absolute, ...row }) => row),
    }),
  ],
  [
    "a record ends by its own timeouts, which are for the core to decide",
    "a record's own timeouts never end it before its expiry",
    (whole) => ({
      async load(key, options) {
        const found = await recordAt(whole, key, options.now);
        const isOver = found?.idleTimeout !== undefined && options.now >= found.seenAt + found.idleTimeout;
        return isOver ? null : whole.load(key, options);
      },
    }),
  ],
];
