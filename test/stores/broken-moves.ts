/** Stores that break the contract where a session moves, or a record is taken or is no session; see broken.ts. */
import { parseData } from "../../src/ground/json.ts";
import { isMoved, type Key, type MovedMark, type SessionRecord } from "../../src/session/record.ts";
import { type Change, type Full, marking, moving, nextTurn, readAndRemove, recordAt } from "./altered.ts";

/** Whether the key is that of a record that is no session. */
const isOther = ({ id }: Key) => id.startsWith("redeemed-");

export const brokenMoves: [what: string, caughtBy: string, change: Change][] = [
  [
    "replace leaves no mark",
    "the mark of a login says when the session moved, where to, and that it was a login",
    (whole) => marking(whole, () => null),
  ],
  [
    "the mark of a login does not say where to",
    "the mark of a login says when the session moved, where to, and that it was a login",
    (whole) => marking(whole, ({ to: _to, ...mark }) => mark as MovedMark),
  ],
  [
    "every mark is one of a login",
    "the mark of a new id says when the session moved, where to, and that it was a new id",
    (whole) => moving(whole, (move) => ({ ...move, by: "login" })),
  ],
  [
    "every mark is one of a new id",
    "the mark of a login says when the session moved, where to, and that it was a login",
    (whole) => moving(whole, (move) => ({ ...move, by: "regenerateId" })),
  ],
  [
    "replace moves whatever version is there",
    "ifVersion answers conflict to a move when the version is another one, and changes nothing",
    (whole) => moving(whole, ({ ifVersion: _ifVersion, ...move }) => move),
  ],
  [
    "there is no grace",
    "the mark of a new id with grace says until when the old id counts",
    (whole) => moving(whole, (move) => ({ ...move, graceSeconds: 0 })),
  ],
  [
    "there is always grace",
    "the mark of a new id says when the session moved, where to, and that it was a new id",
    (whole) => moving(whole, (move) => ({ ...move, graceSeconds: 10 })),
  ],
  [
    "the grace begins when the session was last used before the move",
    "the mark of a new id with grace says until when the old id counts",
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
    "removing a moved session goes from mark to mark through all its moves",
    (whole) => ({
      async remove(key) {
        const found = await whole.load(key, { now: Number.NEGATIVE_INFINITY });
        if (found === null || !isMoved(found) || found.by !== "login") await whole.remove(key);
      },
    }),
  ],
  [
    "take leaves the record",
    "take answers the record as it is now, and the second time nothing",
    (whole) => ({ take: (key) => recordAt(whole, key, 0) }),
  ],
  [
    "take answers nothing",
    "take answers the record as it is now, and the second time nothing",
    (whole) => ({ take: (key) => whole.take(key).then(() => null) }),
  ],
  [
    "take throws when there is nothing",
    "taking an unknown id answers null, and nothing comes into being by trying",
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
    "of ten takes of one record at the same time, one gets it",
    (whole) => ({ take: readAndRemove(whole) }),
  ],
  [
    "a record that is being taken can still be moved",
    "of take and replace at the same time, one gets the record",
    (whole) => ({ take: readAndRemove(whole) }),
  ],
  [
    "take removes marks",
    "take of a moved session answers null, and leaves the mark and the session",
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
    "take of a moved session answers null, and leaves the mark and the session",
    (whole) => ({
      take: async (key) => (await whole.take(key)) ?? ((await whole.load(key, { now: 0 })) as SessionRecord | null),
    }),
  ],
  [
    "a record that was taken stays in the list",
    "a record that was taken is in no list, and is not counted",
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
    "create does not overwrite a record that is no session",
    (whole) => ({
      async create(key, record, options) {
        if (isOther(key)) await whole.remove(key);
        await whole.create(key, record, options);
      },
    }),
  ],
  [
    "what is no session is looked for, and then made",
    "of ten creates of one record that is no session at the same time, one is made",
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
    "a record that is no session is kept as it is, for years",
    (whole) => ({
      create: (key, record, options) =>
        whole.create(key, { ...record, expiresAt: Math.min(record.expiresAt, record.startedAt + 400 * 86_400) }, options),
    }),
  ],
  [
    "what is no session belongs to the subject that it names",
    "a record that is no session is in no list, and no subject's end or limit ends it",
    (whole) => ({
      create: (key, record, options) => whole.create(key, { ...(parseData(record.data) as object), ...record }, options),
    }),
  ],
];
