/** Histories of which it is known whether they can be explained. */
import { markFor, type SessionRecord } from "../../src/session/record.ts";
import { type Call, said, TAKEN } from "./calls.ts";
import type { Observed } from "./linearizable.ts";

const NOW = 1_795_000_000;
export const record = (data: object, fields: Partial<SessionRecord> = {}): SessionRecord => ({
  ...{ data: JSON.stringify(data), version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + 3600, ...fields },
});
const options = { now: NOW, expiresAt: NOW + 3600 };
const set = (key: string, json: string) => ({ set: [[key, json] as const], unset: [] });

export const create: Call = { does: "create", id: "a", record: record({}) };
export const load: Call = { does: "load", id: "a", now: NOW };
const take: Call = { does: "take", id: "a" };
export const remove: Call = { does: "remove", id: "a" };
const touch: Call = { does: "touch", id: "a", options: { now: NOW + 9, expiresAt: NOW + 3609 } };
export const update = (key: string, json: string, ifVersion?: number): Call => ({
  ...{ does: "update", id: "a", patch: set(key, json), options: { ...options, ifVersion } },
});
const move: Call = {
  does: "replace",
  id: "a",
  to: "b",
  patch: set("m", "1"),
  record: record({}),
  move: { by: "login", graceSeconds: 0 },
};
const atB: Call = { does: "load", id: "b", now: NOW };

export const ok = (version: number) => said({ ok: true, version });
export const no = (why: string) => said({ ok: false, why });
export const NOTHING = said(null);

const MARK = said(markFor(NOW, { id: "b" }, { by: "login", graceSeconds: 0 }));
const moved: Row[] = [
  [create, NOTHING, 0, 1],
  [move, ok(2), 2, 3],
];

/** A call, its answer (undefined: none), and when it began and ended. */
export type Row = [call: Call, answer: string | undefined, began: number, ended: number];

export function history(rows: readonly Row[]): Observed[] {
  return rows.map(([call, answer, began, ended], index) => ({
    ...{ by: String(index), call, answer: answer ?? null, began, ended: answer === undefined ? Number.POSITIVE_INFINITY : ended },
  }));
}

export const GOOD: [string, Row[]][] = [
  ["nothing", []],
  [
    "calls one after the other",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), ok(2), 2, 3],
      [load, said(record({ x: 1 }, { version: 2 })), 4, 5],
      [remove, NOTHING, 6, 7],
      [load, NOTHING, 8, 9],
    ],
  ],
  [
    "two updates at the same time, in either order",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), ok(3), 2, 5],
      [update("x", "2"), ok(2), 3, 4],
      [load, said(record({ x: 1 }, { version: 3 })), 6, 7],
    ],
  ],
  [
    "a read of a change that is not answered yet",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), ok(2), 2, 9],
      [load, said(record({ x: 1 }, { version: 2 })), 3, 4],
    ],
  ],
  [
    "a change without an answer that was done",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), undefined, 2, 2],
      [load, said(record({ x: 1 }, { version: 2 })), 3, 4],
    ],
  ],
  [
    "a change without an answer that was done late",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), undefined, 2, 2],
      [load, said(record({})), 3, 4],
      [load, said(record({ x: 1 }, { version: 2 })), 5, 6],
    ],
  ],
  [
    "a change without an answer that was never done",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), undefined, 2, 2],
      [load, said(record({})), 3, 4],
    ],
  ],
  [
    "a session that moved, and its end by the old id",
    [
      [create, NOTHING, 0, 1],
      [move, ok(2), 2, 3],
      [update("x", "1"), no("moved"), 4, 5],
      [create, TAKEN, 6, 7],
      [remove, NOTHING, 8, 9],
      [atB, NOTHING, 10, 11],
    ],
  ],
  [
    "a removal that comes between a creation and an update at the same time",
    [
      [create, NOTHING, 0, 9],
      [remove, NOTHING, 1, 9],
      [update("x", "1"), no("gone"), 10, 11],
    ],
  ],
  [
    "instants that never move backwards",
    [
      [create, NOTHING, 0, 1],
      [touch, "true", 2, 3],
      [update("x", "1"), ok(2), 4, 5],
      [load, said(record({ x: 1 }, { version: 2, seenAt: NOW + 9, expiresAt: NOW + 3609 })), 6, 7],
    ],
  ],
];

export const BAD: [string, Row[]][] = [
  [
    "a lost update",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), ok(2), 2, 5],
      [update("y", "2"), ok(3), 3, 6],
      [load, said(record({ y: 2 }, { version: 3 })), 7, 8],
    ],
  ],
  [
    "two updates that give one version",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), ok(2), 2, 5],
      [update("y", "2"), ok(2), 3, 6],
    ],
  ],
  [
    "two updates on one version",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1", 1), ok(2), 2, 5],
      [update("y", "2", 1), ok(3), 3, 6],
    ],
  ],
  [
    "an old state that is read again",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), ok(2), 2, 3],
      [load, said(record({})), 4, 5],
    ],
  ],
  [
    "a change that is read, and then not",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), ok(2), 2, 9],
      [load, said(record({ x: 1 }, { version: 2 })), 3, 4],
      [load, said(record({})), 5, 6],
    ],
  ],
  [
    "a session that comes back after its end",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), ok(2), 2, 9],
      [remove, NOTHING, 3, 4],
      [load, said(record({ x: 1 }, { version: 2 })), 10, 11],
    ],
  ],
  [
    "a record that two took",
    [
      [create, NOTHING, 0, 1],
      [take, said(record({})), 2, 5],
      [take, said(record({})), 3, 6],
    ],
  ],
  [
    "one id created twice",
    [
      [create, NOTHING, 0, 5],
      [create, NOTHING, 1, 6],
    ],
  ],
  [
    "a session that moved and is still there",
    [
      [create, NOTHING, 0, 1],
      [move, ok(2), 2, 3],
      [load, said(record({})), 4, 5],
    ],
  ],
  [
    "an update that was lost by the move of its session",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), ok(2), 2, 5],
      [move, ok(3), 3, 6],
      [atB, said(record({ m: 1 }, { version: 3 })), 7, 8],
    ],
  ],
  [
    "a change without an answer that is done twice",
    [
      [create, NOTHING, 0, 1],
      [update("x", "1"), undefined, 2, 2],
      [load, said(record({ x: 1 }, { version: 3 })), 3, 4],
    ],
  ],
  [
    "a change that was there before it was asked for",
    [
      [create, NOTHING, 0, 1],
      [load, said(record({ x: 1 }, { version: 2 })), 2, 3],
      [update("x", "1"), ok(2), 4, 5],
    ],
  ],
];

/** Those that only a store can have whose `remove` is several transactions. */
export const IN_PARTS: [string, Row[]][] = [
  [
    "a mark that outlives its session for a moment",
    [...moved, [remove, NOTHING, 4, 9], [atB, NOTHING, 5, 6], [load, MARK, 7, 8]],
  ],
  [
    "a removal that broke off between the session and the mark",
    [...moved, [remove, undefined, 4, 4], [atB, NOTHING, 5, 6], [load, MARK, 7, 8]],
  ],
];

/** Those that such a store cannot have either. */
export const NOT_IN_PARTS: [string, Row[]][] = [
  ["a mark that outlives a removal", [...moved, [remove, NOTHING, 4, 5], [load, MARK, 6, 7]]],
  ["a session that outlives a removal", [...moved, [remove, NOTHING, 4, 5], [atB, said(record({ m: 1 }, { version: 2 })), 6, 7]]],
];
