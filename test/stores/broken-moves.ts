/** Stores that break the contract where a session moves, or a record is taken or is no session; see broken.ts. */
import { parseData } from "../../src/ground/json.ts";
import { isMoved, type Key, type MovedMark, type SessionRecord } from "../../src/session/record.ts";
import { type Change, type Full, marking, moving, nextTurn, readAndRemove, recordAt } from "./altered.ts";

/** Whether the key is that of a record that is no session. */
const isOther = ({ id }: Key) => id.startsWith("redeemed-");

export const brokenMoves: [what: string, caughtBy: string, change: Change][] = [
  [
    "replace leaves no mark",
    "the mark of a login says when the session moved, where to, and why",
    (whole) => marking(whole, () => null),
  ],
  [
    "the mark of a login does not say where to",
    "the mark of a login says when the session moved, where to, and why",
    (whole) => marking(whole, ({ to: _to, ...mark }) => mark as MovedMark),
  ],
  [
    "every mark is one of a login",
    "the mark of regenerateId says when the session moved, where to, and why",
    (whole) => moving(whole, (move) => ({ ...move, by: "login" })),
  ],
  [
    "every mark is one of a new id",
    "the mark of a login says when the session moved, where to, and why",
    (whole) => moving(whole, (move) => ({ ...move, by: "regenerateId" })),
  ],
  [
    "replace moves whatever version is there",
    "a move returns conflict if the version differs from ifVersion, and changes nothing",
    (whole) => moving(whole, ({ ifVersion: _ifVersion, ...move }) => move),
  ],
  [
    "there is no grace",
    "the mark of a new id with grace says how long the old id works",
    (whole) => moving(whole, (move) => ({ ...move, graceSeconds: 0 })),
  ],
  [
    "there is always grace",
    "the mark of regenerateId says when the session moved, where to, and why",
    (whole) => moving(whole, (move) => ({ ...move, graceSeconds: 10 })),
  ],
  [
    "the grace begins when the session was last used before the move",
    "the mark of a new id with grace says how long the old id works",
    (whole) =>
      marking(whole, ({ graceUntil, ...mark }) => ({ ...mark, ...(graceUntil !== undefined && { graceUntil: graceUntil - 5 }) })),
  ],
  [
    "remove stops at a mark",
    "removing a moved session ends the session where it is now",
    (whole) => ({
      async remove(key) {
        if ((await recordAt(whole, key, Number.NEGATIVE_INFINITY)) !== null) await whole.remove(key);
      },
    }),
  ],
  [
    "remove stops at the mark of a login",
    "removing a moved session follows the marks of all its moves",
    (whole) => ({
      async remove(key) {
        const found = await whole.load(key, { now: Number.NEGATIVE_INFINITY });
        if (found === null || !isMoved(found) || found.by !== "login") await whole.remove(key);
      },
    }),
  ],
  [
    "take leaves the record",
    "take returns the current record, and null the second time",
    (whole) => ({ take: (key) => recordAt(whole, key, 0) }),
  ],
  [
    "take answers nothing",
    "take returns the current record, and null the second time",
    (whole) => ({ take: (key) => whole.take(key).then(() => null) }),
  ],
  [
    "take throws when there is nothing",
    "taking an unknown id returns null and creates nothing",
    (whole) => ({
      async take(key) {
        const found = await whole.take(key);
        if (found === null) throw new Error("Cannot take the record: there is none");
        return found;
      },
    }),
  ],
  [
    "take reads, and then removes",
    "of ten parallel takes of one record, one gets it",
    (whole) => ({ take: readAndRemove(whole) }),
  ],
  [
    "a record that is being taken can still be moved",
    "of parallel take and replace, one gets the record",
    (whole) => ({ take: readAndRemove(whole) }),
  ],
  [
    "take removes marks",
    "take of a moved session returns null, and leaves the mark and the session",
    (whole) => ({
      async take(key) {
        const found = await recordAt(whole, key, 0);
        await whole.remove(key);
        return found;
      },
    }),
  ],
  [
    "take answers marks",
    "take of a moved session returns null, and leaves the mark and the session",
    (whole) => ({
      take: async (key) => (await whole.take(key)) ?? ((await whole.load(key, { now: 0 })) as SessionRecord | null),
    }),
  ],
  [
    "a record that was taken stays in the list",
    "a taken record is not listed or counted",
    (whole) => {
      const rows = new Map<string, Awaited<ReturnType<Full["list"]>>>();
      return {
        async take(key) {
          const { subject } = (await recordAt(whole, key, 0)) ?? {};
          if (subject !== undefined) rows.set(subject, await whole.list(subject));
          return whole.take(key);
        },
        list: async (subject) => rows.get(subject) ?? whole.list(subject),
      };
    },
  ],
  [
    "what is no session is overwritten",
    "create does not overwrite a record that is not a session",
    (whole) => ({
      async create(key, record, options) {
        if (isOther(key)) await whole.remove(key);
        await whole.create(key, record, options);
      },
    }),
  ],
  [
    "what is no session is looked for, and then made",
    "of ten parallel creates of a record that is not a session, one succeeds",
    (whole) => ({
      async create(key, record, options) {
        const isThere = isOther(key) && (await whole.load(key, { now: record.seenAt })) !== null;
        await nextTurn();
        if (isThere) throw new Error("Cannot create the record: its id is taken");
        if (isOther(key)) await whole.remove(key);
        await whole.create(key, record, options);
      },
    }),
  ],
  [
    "nothing lives longer than 400 days",
    "a record that is not a session stays unchanged for years",
    (whole) => ({
      create: (key, record, options) =>
        whole.create(key, { ...record, expiresAt: Math.min(record.expiresAt, record.startedAt + 400 * 86_400) }, options),
    }),
  ],
  [
    "what is no session belongs to the subject that it names",
    "a record that is not a session is in no list, and removeAll and maxSessions leave it alone",
    (whole) => ({
      create: (key, record, options) => whole.create(key, { ...(parseData(record.data) as object), ...record }, options),
    }),
  ],
];
