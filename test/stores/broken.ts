/** Stores that break the contract: what is wrong, the case that must notice, and how it is done. */
import { utf8Length } from "../../src/ground/encoding.ts";
import { parseData } from "../../src/ground/json.ts";
import { applyPatch } from "../../src/session/patch.ts";
import { isMoved, type SessionRecord } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import { type Change, type Full, merging, moving, nextTurn, readMergeSave, recordAt } from "./altered.ts";

export const broken: [what: string, caughtBy: string, change: Change][] = [
  [
    "update inserts",
    "an unknown id cannot be changed, and trying creates nothing",
    (whole) => ({
      async update(key, patch, options) {
        const result = await whole.update(key, patch, options);
        if (result.ok || result.why !== "gone") return result;
        const { now, expiresAt } = options;
        await whole.create(key, { data: "{}", version: 0, startedAt: now, seenAt: now, expiresAt });
        return whole.update(key, patch, { now, expiresAt });
      },
    }),
  ],
  [
    "touch inserts",
    "update, touch, replace and load with touch do not bring back a removed record",
    (whole) => ({
      async touch(key, options) {
        if (await whole.touch(key, options)) return true;
        if ((await whole.load(key, options)) !== null) return false;
        await whole.create(key, { data: "{}", version: 1, startedAt: options.now, seenAt: options.now, ...options });
        return false;
      },
    }),
  ],
  [
    "create overwrites",
    "create does not overwrite a record",
    (whole) => ({
      async create(key, record) {
        await whole.remove(key);
        await whole.create(key, record);
      },
    }),
  ],
  [
    "nested objects are merged",
    "a nested object is replaced, never merged",
    (whole) => ({
      async update(key, patch, options) {
        const found = await recordAt(whole, key, options.now);
        return whole.update(key, merging(parseData(found?.data ?? "{}") ?? {}, patch), options);
      },
    }),
  ],
  [
    "a patch sets only its first eight keys",
    "random patches give the expected data",
    (whole) => ({ update: (key, { set, ...rest }, options) => whole.update(key, { ...rest, set: set.slice(0, 8) }, options) }),
  ],
  [
    "an update takes back what the one before it removed",
    "patches of different keys give the same result in either order",
    (whole) => {
      const removed = new Map<string, (readonly [key: string, json: string])[]>();
      return {
        async update(key, patch, options) {
          const data = parseData((await recordAt(whole, key, options.now))?.data ?? "{}") ?? {};
          const back = removed.get(key.id) ?? [];
          const lost = patch.unset.filter((name) => Object.hasOwn(data, name));
          removed.set(
            key.id,
            lost.map((name) => [name, JSON.stringify(data[name])]),
          );
          return whole.update(key, { ...patch, set: [...back, ...patch.set] }, options);
        },
      };
    },
  ],
  [
    "replace removes no key",
    "replace applies random patches, with and without replacesData",
    (whole) => ({
      replace: (from, to, patch, record, options) => whole.replace(from, to, { ...patch, unset: [] }, record, options),
    }),
  ],
  [
    "null removes a key",
    "null is a value and removes nothing",
    (whole) => ({
      update(key, { set, unset }, options) {
        const nulls = set.filter(([, json]) => json === "null").map(([name]) => name);
        return whole.update(key, { set: set.filter(([, json]) => json !== "null"), unset: [...unset, ...nulls] }, options);
      },
    }),
  ],
  [
    "what was passed in stays shared",
    "changing a record after passing it does not change the store",
    (whole) => {
      const metas = new Map<string, SessionRecord["meta"]>();
      return {
        create(key, record) {
          metas.set(key.id, record.meta);
          return whole.create(key, record);
        },
        async load(key, options) {
          const found = await whole.load(key, options);
          const meta = metas.get(key.id);
          return found === null || isMoved(found) || meta === undefined ? found : { ...found, meta };
        },
      };
    },
  ],
  [
    "what was loaded stays shared",
    "changing a loaded record does not change the store",
    (whole) => {
      const answers = new Map<string, Awaited<ReturnType<SessionStore["load"]>>>();
      return {
        async load(key, options) {
          const found = await whole.load(key, options);
          const answer = answers.get(key.id) ?? structuredClone(found);
          answers.set(key.id, answer);
          return answer;
        },
      };
    },
  ],
  [
    "the expiry moves backwards",
    "touch never moves the expiry backwards",
    (whole) => ({
      async touch(key, options) {
        const found = await recordAt(whole, key, options.now);
        if (found === null) return false;
        await whole.remove(key);
        await whole.create(key, { ...found, seenAt: options.now, expiresAt: options.expiresAt });
        return true;
      },
    }),
  ],
  [
    "replace writes the data it was given",
    "replace patches the current data",
    (whole) => ({
      async replace(from, to, patch, record, options) {
        const set = Object.entries(parseData(record.data) ?? {}).map(([key, value]) => [key, JSON.stringify(value)] as const);
        return whole.replace(from, to, { replacesData: true, set: [...set, ...patch.set], unset: patch.unset }, record, options);
      },
    }),
  ],
  [
    "update ignores seenAfter",
    "update with seenAfter does not change a record last seen at that time or earlier",
    (whole) => ({ update: (key, patch, { seenAfter, ...options }) => whole.update(key, patch, options) }),
  ],
  [
    "update looks at seenAfter only where there is maxBytes",
    "update with seenAfter and without maxBytes does the same",
    (whole) => ({
      update: (key, patch, { seenAfter, ...options }) =>
        whole.update(key, patch, options.maxBytes === undefined ? options : { ...options, seenAfter }),
    }),
  ],
  [
    "update counts characters, to see whether data grew",
    "update with maxBytes lets oversized data shrink, but not grow",
    (whole) => ({
      async update(key, patch, options) {
        const { data = "" } = (await recordAt(whole, key, options.now)) ?? {};
        const { maxBytes: _most, ...rest } = options;
        return whole.update(key, patch, applyPatch(data, patch).length <= data.length ? rest : options);
      },
    }),
  ],
  [
    "update weighs the patch alone",
    "update with maxBytes allows exactly that many bytes",
    (whole) => ({
      async update(key, patch, { maxBytes = Number.POSITIVE_INFINITY, ...options }) {
        if (patch.set.some(([, json]) => json.length > maxBytes)) return { ok: false, why: "too-large" };
        return whole.update(key, patch, options);
      },
    }),
  ],
  [
    "update counts what a key had before",
    "update with maxBytes does not count replaced or removed values",
    (whole) => ({
      async update(key, patch, options) {
        const { data = "" } = (await recordAt(whole, key, options.now)) ?? {};
        const bytes = data.length + JSON.stringify(patch.set).length;
        return bytes > 2 * (options.maxBytes ?? bytes) - 300
          ? { ok: false, why: "too-large" }
          : whole.update(key, patch, options);
      },
    }),
  ],
  [
    "update weighs data before others have written theirs",
    "parallel updates do not exceed maxBytes together",
    (whole) => ({
      async update(key, patch, { maxBytes = Number.POSITIVE_INFINITY, ...options }) {
        const { data = "" } = (await recordAt(whole, key, options.now)) ?? {};
        const after = utf8Length(applyPatch(data, patch));
        return after > Math.max(maxBytes, utf8Length(data)) ? { ok: false, why: "too-large" } : whole.update(key, patch, options);
      },
    }),
  ],
  [
    "update locks out data that is too large",
    "update with maxBytes lets oversized data shrink, but not grow",
    (whole) => ({
      async update(key, patch, options) {
        const { data = "" } = (await recordAt(whole, key, options.now)) ?? {};
        return data.length > (options.maxBytes ?? data.length)
          ? { ok: false, why: "too-large" }
          : whole.update(key, patch, options);
      },
    }),
  ],
  [
    "update weighs, and then writes",
    "parallel updates do not exceed maxBytes together",
    (whole) => ({
      async update(key, patch, { maxBytes = Number.POSITIVE_INFINITY, ...options }) {
        const { data = "" } = (await recordAt(whole, key, options.now)) ?? {};
        const bytes = data.length + JSON.stringify(patch.set).length;
        return bytes > maxBytes ? { ok: false, why: "too-large" } : whole.update(key, patch, options);
      },
    }),
  ],
  [
    "replace ignores replacesData",
    "replacesData drops the old data",
    (whole) => ({
      replace: (from, to, { set, unset }, record, options) => whole.replace(from, to, { set, unset }, record, options),
    }),
  ],
  [
    "remove throws when there is nothing",
    "a removed record is gone, and removing it again is fine",
    (whole) => ({
      async remove(key) {
        if ((await whole.load(key, { now: 0 })) === null) throw new Error("Cannot remove the session: there is none");
        await whole.remove(key);
      },
    }),
  ],
  [
    "removeAll ignores except",
    "removeAll spares the session given as except",
    (whole) => ({ removeAll: (subject) => whole.removeAll(subject) }),
  ],
  [
    "removeAll takes the subject for a beginning",
    "subjects may start with each other's names",
    (whole) => {
      const subjects = new Set<string>();
      return {
        create(key, record) {
          subjects.add(record.subject ?? "");
          return whole.create(key, record);
        },
        async removeAll(subject, options) {
          const counts = [...subjects].filter((one) => one.startsWith(subject)).map((one) => whole.removeAll(one, options));
          return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
        },
      };
    },
  ],
  [
    "list keeps what was removed",
    "list omits other subjects' sessions, anonymous and removed ones, and marks",
    (whole) => {
      const rows = new Map<string, Awaited<ReturnType<Full["list"]>>>();
      return {
        async create(key, record) {
          await whole.create(key, record);
          if (record.subject !== undefined) rows.set(record.subject, await whole.list(record.subject));
        },
        async remove() {},
        list: async (subject) => rows.get(subject) ?? [],
      };
    },
  ],
  [
    "ifVersion is ignored",
    "update returns conflict if the version differs from ifVersion, and changes nothing",
    (whole) => ({ update: (key, patch, { now, expiresAt }) => whole.update(key, patch, { now, expiresAt }) }),
  ],
  [
    "load with touch slides every time",
    "load with touch does not slide a record seen after seenBefore",
    (whole) => ({
      load: (key, { now, touch }) =>
        whole.load(key, touch === undefined ? { now } : { now, touch: { ...touch, seenBefore: now } }),
    }),
  ],
  [
    "load forgets touch",
    "load with touch slides the record in the same call",
    (whole) => ({ load: (key, { now }) => whole.load(key, { now }) }),
  ],
  [
    "a record ends a minute early",
    "a record loads until just before its expiry",
    (whole) => ({
      async load(key, options) {
        const found = await whole.load(key, options);
        return found !== null && "expiresAt" in found && found.expiresAt <= options.now + 60 ? null : found;
      },
    }),
  ],
  [
    "an unknown id is an exception",
    "an unknown id loads as null",
    (whole) => ({
      async load(key, options) {
        const found = await whole.load(key, options);
        if (found === null) throw new Error("Cannot load the session: there is none");
        return found;
      },
    }),
  ],
  [
    "data is read with prototypes",
    'the key "__proto__" is data like any other',
    (whole) => ({
      async load(key, options) {
        const found = await whole.load(key, options);
        if (found === null || isMoved(found)) return found;
        const data: Record<string, unknown> = {};
        for (const [name, value] of Object.entries(JSON.parse(found.data))) data[name] = value;
        return { ...found, data: JSON.stringify(data) };
      },
    }),
  ],
  [
    "an update reads, merges and saves",
    "50 parallel updates of 50 keys all survive",
    (whole) => ({ update: readMergeSave(whole) }),
  ],
  [
    "an update revives what is removed at the same time",
    "parallel calls do not revive a removed session",
    (whole) => ({ update: readMergeSave(whole) }),
  ],
  [
    "two replaces at the same time both win",
    "of parallel replaces of one session, one succeeds",
    (whole) => ({
      async replace(from, to, patch, record, options) {
        const found = await recordAt(whole, from, record.seenAt);
        await nextTurn();
        const result = await whole.replace(from, to, patch, record, options);
        if (result.ok || found === null) return result;
        await whole.create(to, { ...record, data: found.data, version: found.version + 1 });
        return { ok: true, version: found.version + 1 };
      },
    }),
  ],
  [
    "create knows no limit",
    "create ends the subject's sessions beyond maxSessions, least recently used first",
    (whole) => ({ create: (key, record) => whole.create(key, record) }),
  ],
  [
    "replace knows no limit",
    "replace ends the subject's sessions beyond maxSessions, least recently used first",
    (whole) => moving(whole, ({ by, graceSeconds }) => ({ by, graceSeconds })),
  ],
  [
    "the limit may end the new session",
    "maxSessions ends no session of another subject, no anonymous one, and never the new one",
    (whole) => ({
      async create(key, record, options) {
        const full = record.subject !== undefined && (await whole.list(record.subject)).length === options?.maxSessions;
        if (!full) await whole.create(key, record, options);
      },
    }),
  ],
];
