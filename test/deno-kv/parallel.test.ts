/** Changes of one session from several processes at the same time: how often they are tried, and what becomes of each. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import type { SessionRecord } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import type { DenoKv } from "../../src/stores/deno-kv/client.ts";
import { denoKv } from "../../src/stores/deno-kv/index.ts";
import { HOUR } from "../support/clock.ts";
import { counted, type OpenKv, openKv } from "./databases.ts";
import { RECORD as EMPTY, NEW_ID, NOW, USE } from "./records.ts";

const RECORD: SessionRecord = { ...EMPTY, data: '{"first":0}' };

let kv: OpenKv;
let key: { id: string };
beforeEach(async () => {
  kv = await openKv(":memory:");
  key = { id: newSessionId() };
  await denoKv(kv).create(key, RECORD);
});
afterEach(() => kv.close());

const set = (name: string, value: unknown) => ({ set: [[name, JSON.stringify(value)] as const], unset: [] });
const loaded = async (at = key) => (await denoKv(kv).load(at, { now: NOW })) as SessionRecord;
const dataOf = async (at = key) => JSON.parse((await loaded(at)).data);

/** The same database, where something else happens before the first commit. */
function interrupted(by: () => Promise<unknown>): DenoKv {
  let first = true;
  const atomic: DenoKv["atomic"] = () => {
    const operation = kv.atomic();
    const commit = operation.commit.bind(operation);
    operation.commit = async () => {
      if (first) {
        first = false;
        await by();
      }
      return commit();
    };
    return operation;
  };
  return { list: (...given) => kv.list(...given), atomic };
}

/** How many entries there are. */
async function entries(): Promise<number> {
  let count = 0;
  for await (const _entry of kv.list({ prefix: ["web-session-store"] })) count++;
  return count;
}

/** 100 changes at the same time, spread over processes. */
async function hundred(processes: number, more: object) {
  const { kv: asked, counts } = counted(kv);
  const stores = Array.from({ length: processes }, () => denoKv(asked));
  const change = (index: number) =>
    (stores[index % processes] as SessionStore).update(key, set(`key${index}`, index), { ...USE, ...more });
  const results = await Promise.all(Array.from({ length: 100 }, (_none, index) => change(index)));
  return { results, counts };
}

it.each([
  ["of one process", 1, 0],
  ["of ten processes", 10, 100],
  ["of a hundred processes", 100, 100],
])("100 changes %s all survive, and none of them is made in vain more than once", async (_name, processes, most) => {
  for (const more of [{}, { seenAfter: 0, maxBytes: 65_536 }]) {
    const { results, counts } = await hundred(processes, more);
    const versions = results.map((result) => (result.ok ? result.version : 0)).sort((left, right) => left - right);
    const before = (await loaded()).version - 100;
    expect(versions).toEqual(Array.from({ length: 100 }, (_none, index) => before + index + 1));
    expect(counts.inVain).toBeLessThanOrEqual(most);
    expect(counts.commits).toBe(100 + counts.inVain);
    expect(counts.reads).toBeLessThanOrEqual(200);
  }
  const keys = Array.from({ length: 100 }, (_none, index) => [`key${index}`, index]);
  expect(await dataOf()).toEqual({ first: 0, ...Object.fromEntries(keys) });
  // What was put beside the session is taken in by the next change, and nothing is left of it.
  await denoKv(kv).update(key, set("last", 1), USE);
  expect(await entries()).toBe(2);
});

it("a change that meets another one is told its own version, and a later change with that version goes through", async () => {
  const other = denoKv(kv);
  const result = await denoKv(interrupted(() => other.update(key, set("other", 1), USE))).update(key, set("own", 2), USE);
  expect(result).toEqual({ ok: true, version: 3 });
  expect(await dataOf()).toEqual({ first: 0, other: 1, own: 2 });
  expect(await other.update(key, set("next", 3), { ...USE, ifVersion: 2 })).toEqual({ ok: false, why: "conflict" });
  expect(await other.update(key, set("next", 3), { ...USE, ifVersion: 3 })).toEqual({ ok: true, version: 4 });
  expect(await dataOf()).toEqual({ first: 0, other: 1, own: 2, next: 3 });
});

it("a change that meets another one and makes the data too large with it is not made", async () => {
  const other = denoKv(kv);
  const options = { ...USE, maxBytes: 300 };
  const by = () => other.update(key, set("other", "x".repeat(200)), USE);
  const result = await denoKv(interrupted(by)).update(key, set("own", "y".repeat(200)), options);
  expect(result).toEqual({ ok: false, why: "too-large" });
  expect(await loaded()).toMatchObject({ version: 2 });
  expect(Object.keys(await dataOf())).toEqual(["first", "other"]);
});

it("a change that meets the move, the end or the taking of its session says so, and nothing comes back", async () => {
  const other = denoKv(kv);
  const cases: [expected: object, meets: (at: { id: string }, to: { id: string }) => Promise<unknown>][] = [
    [{ ok: false, why: "moved" }, (at, to) => other.replace(at, to, set("moved", 1), RECORD, NEW_ID)],
    [{ ok: false, why: "gone" }, (at) => other.remove(at)],
    [{ ok: false, why: "gone" }, (at) => other.take(at)],
  ];
  for (const [expected, meets] of cases) {
    const [at, to] = [{ id: newSessionId() }, { id: newSessionId() }];
    await other.create(at, RECORD);
    expect(await denoKv(interrupted(() => meets(at, to))).update(at, set("late", 1), USE)).toEqual(expected);
    const found = await other.load(to, { now: NOW });
    expect(found === null || !("data" in found) || !found.data.includes("late")).toBe(true);
  }
});

it("a change that was put beside the session, which then moved, is told that it was made", async () => {
  const to = { id: newSessionId() };
  const other = denoKv(kv);
  const meeting = interrupted(() => other.update(key, set("other", 1), USE));
  let reads = 0;
  // The writer reads for the second time when it asks what became of its change.
  const asked: DenoKv = {
    async *list(...given) {
      if (++reads === 2) await other.replace(key, to, set("moved", 1), RECORD, NEW_ID);
      yield* kv.list(...given);
    },
    atomic: meeting.atomic,
  };
  expect(await denoKv(asked).update(key, set("own", 2), USE)).toEqual({ ok: true, version: 3 });
  expect(await dataOf(to)).toEqual({ first: 0, other: 1, own: 2, moved: 1 });
  expect(await denoKv(kv).update(key, set("late", 1), USE)).toEqual({ ok: false, why: "moved" });
});

it("use that meets a change keeps both, and neither instant moves backwards", async () => {
  const other = denoKv(kv);
  const later = { now: NOW + 100, expiresAt: NOW + HOUR + 100 };
  const toucher = denoKv(interrupted(() => other.update(key, set("other", 1), USE)));
  expect(await toucher.touch(key, later)).toBe(true);
  expect(await loaded()).toMatchObject({ version: 2, seenAt: later.now, expiresAt: later.expiresAt });
  const loader = denoKv(interrupted(() => other.update(key, set("again", 1), USE)));
  const touch = { seenAfter: 0, seenBefore: NOW + 200, expiresAt: NOW + HOUR };
  expect(await loader.load(key, { now: NOW + 200, touch })).toMatchObject({ seenAt: NOW + 200, expiresAt: later.expiresAt });
  expect(await dataOf()).toEqual({ first: 0, other: 1, again: 1 });
});

it("logins of one user at the same time keep to the limit", async () => {
  const stores = Array.from({ length: 10 }, () => denoKv(kv));
  const record = { ...RECORD, subject: "ada" };
  await Promise.all(stores.map((store) => store.create({ id: newSessionId() }, record, { maxSessions: 3 })));
  expect(await denoKv(kv).list?.("ada")).toHaveLength(3);
});
