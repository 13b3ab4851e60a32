/** The memory store: the contract, and what is its own: its bounds, whom it evicts, and what it frees. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { Move, SessionRecord } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { HOUR, MINUTE } from "../support/clock.ts";

const NOW = 1_800_000_000;
const NO_CHANGE = { set: [], unset: [] };
const NEW_ID: Move = { by: "regenerateId", graceSeconds: 0 };

function record(fields: Partial<SessionRecord> = {}): SessionRecord {
  return { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + HOUR, ...fields };
}

async function create(store: SessionStore, ids: string[], fields: Partial<SessionRecord> = {}): Promise<void> {
  for (const id of ids) await store.create({ id }, record(fields));
}

/** Which of the ids are there, also as marks. */
async function kept(store: SessionStore, ids: string[], now = NOW): Promise<string[]> {
  const found = await Promise.all(ids.map((id) => store.load({ id }, { now })));
  return ids.filter((_id, index) => found[index] !== null);
}

describe("memory keeps the store contract", () => {
  for (const { name, run } of storeContract(() => memory())) it(name, run);
});

describe("memory bounded by count", () => {
  it("evicts the session used longest ago", async () => {
    const store = memory({ maxEntries: 3 });
    await create(store, ["a", "b", "c", "d"]);
    expect(await kept(store, ["a", "b", "c", "d"])).toEqual(["b", "c", "d"]);
  });

  it("keeps what says that a token was redeemed for longer than the sessions of visitors", async () => {
    const store = memory({ maxEntries: 3 });
    const redeemed = `redeemed-${"r".repeat(43)}`;
    await create(store, [redeemed, "a", "b", "c", "d"]);
    expect(await kept(store, [redeemed, "a", "b", "c", "d"])).toEqual([redeemed, "c", "d"]);
  });

  it.each<[string, (store: SessionStore) => Promise<unknown>]>([
    ["touch", (store) => store.touch({ id: "a" }, { now: NOW, expiresAt: NOW + HOUR })],
    ["update", (store) => store.update({ id: "a" }, NO_CHANGE, { now: NOW, expiresAt: NOW + HOUR })],
    [
      "load with touch",
      (store) => store.load({ id: "a" }, { now: NOW, touch: { seenAfter: 0, seenBefore: NOW, expiresAt: NOW + HOUR } }),
    ],
  ])("takes %s for use", async (_what, use) => {
    const store = memory({ maxEntries: 3 });
    await create(store, ["a", "b", "c"]);
    await use(store);
    await create(store, ["d"]);
    expect(await kept(store, ["a", "b", "c", "d"])).toEqual(["a", "c", "d"]);
  });

  it("evicts anonymous sessions first, though they were used last", async () => {
    const store = memory({ maxEntries: 3 });
    await create(store, ["ada", "grace"], { subject: "user" });
    await create(store, ["visitor1"]);
    await create(store, ["edsger"], { subject: "user" });
    expect(await kept(store, ["ada", "grace", "visitor1", "edsger"])).toEqual(["ada", "grace", "edsger"]);
  });

  it("keeps logged-in users through a flood of visitors, but for one", async () => {
    const store = memory({ maxEntries: 5 });
    await create(store, ["u1", "u2", "u3", "u4", "u5"], { subject: "user" });
    for (let visitor = 0; visitor < 1000; visitor++) await create(store, [`visitor${visitor}`]);
    expect(await kept(store, ["u1", "u2", "u3", "u4", "u5", "visitor998", "visitor999"])).toEqual([
      ...["u2", "u3", "u4", "u5", "visitor999"],
    ]);
  });

  it("evicts logged-in users when there is nobody else, and lists them no more", async () => {
    const store = memory({ maxEntries: 2 });
    await create(store, ["a", "b", "c"], { subject: "user" });
    expect(await kept(store, ["a", "b", "c"])).toEqual(["b", "c"]);
    expect((await store.list?.("user"))?.map(({ id }) => id).sort()).toEqual(["b", "c"]);
    expect(await store.removeAll?.("user")).toBe(2);
  });

  it("never evicts the session it was just given", async () => {
    const store = memory({ maxEntries: 1 });
    await create(store, ["user"], { subject: "user" });
    await create(store, ["visitor"]);
    expect(await kept(store, ["user", "visitor"])).toEqual(["visitor"]);
  });

  it("has room again after a session is removed", async () => {
    const store = memory({ maxEntries: 2 });
    await create(store, ["a", "b"]);
    await store.remove({ id: "b" });
    await create(store, ["c"]);
    expect(await kept(store, ["a", "b", "c"])).toEqual(["a", "c"]);
  });

  it("counts the marks of sessions that moved", async () => {
    const store = memory({ maxEntries: 1 });
    await create(store, ["before"]);
    await store.replace({ id: "before" }, { id: "after" }, NO_CHANGE, record(), NEW_ID);
    expect(await kept(store, ["before", "after"])).toEqual(["after"]);
  });

  it("gives up a mark before it ends a logged-in user's session", async () => {
    const store = memory({ maxEntries: 2 });
    await create(store, ["user"], { subject: "user" });
    await create(store, ["before"]);
    await store.replace({ id: "before" }, { id: "after" }, NO_CHANGE, record(), NEW_ID);
    expect(await kept(store, ["user", "before", "after"])).toEqual(["user", "after"]);
  });
});

describe("memory bounded by bytes", () => {
  const data = JSON.stringify({ text: "x".repeat(1000) });

  it("evicts the session used longest ago", async () => {
    const store = memory({ maxBytes: 10_000 });
    const ids = ["a", "b", "c", "d", "e", "f"];
    await create(store, ids, { data });
    const left = await kept(store, ids);
    expect(left.length).toBeGreaterThan(1);
    expect(left.length).toBeLessThan(6);
    expect(left).toEqual(ids.slice(-left.length));
  });

  it("evicts anonymous sessions first", async () => {
    const store = memory({ maxBytes: 10_000 });
    await create(store, ["user"], { data, subject: "user" });
    await create(store, ["a", "b", "c", "d", "e", "f"], { data });
    expect(await kept(store, ["user", "a", "f"])).toEqual(["user", "f"]);
  });

  it("evicts others when a session grows, and never the one that grows", async () => {
    const store = memory({ maxBytes: 10_000 });
    await create(store, ["a", "b", "c"], { data });
    const set = [["more", JSON.stringify("x".repeat(3500))] as const];
    const options = { now: NOW, expiresAt: NOW + HOUR };
    expect(await store.update({ id: "a" }, { set, unset: [] }, options)).toEqual({ ok: true, version: 2 });
    expect(await kept(store, ["a", "b", "c"])).toEqual(["a"]);
  });

  it("keeps a session that is too large alone", async () => {
    const store = memory({ maxBytes: 1000 });
    await create(store, ["small", "large"], { data });
    expect(await kept(store, ["small", "large"])).toEqual(["large"]);
  });

  it("counts what login said", async () => {
    const store = memory({ maxBytes: 10_000 });
    const ids = ["a", "b", "c", "d", "e", "f"];
    await create(store, ids, { subject: "user", meta: { device: "x".repeat(1000) } });
    expect((await kept(store, ids)).length).toBeLessThan(6);
  });

  it("counts right after sessions grew, shrank, moved and ended", async () => {
    const store = memory({ maxBytes: 10_000 });
    const options = { now: NOW, expiresAt: NOW + HOUR };
    for (let round = 0; round < 1000; round++) {
      const [id, next] = [`round${round}`, `next${round}`];
      await create(store, [id], { data, subject: "user", meta: { device: "phone" } });
      await store.update({ id }, { set: [["a", JSON.stringify("y".repeat(2000))]], unset: [] }, options);
      await store.update({ id }, { set: [], unset: ["a"] }, options);
      await store.replace({ id }, { id: next }, NO_CHANGE, record(), NEW_ID);
      await store.remove({ id });
    }
    await create(store, ["a", "b", "c"], { data });
    expect(await kept(store, ["a", "b", "c"])).toEqual(["a", "b", "c"]);
  });
});

describe("memory without options is bounded, too", () => {
  it("by 100,000 sessions", async () => {
    const store = memory();
    for (let id = 0; id <= 100_000; id++) await store.create({ id: `id${id}` }, record());
    expect(await kept(store, ["id0", "id1", "id100000"])).toEqual(["id1", "id100000"]);
  });

  it("by 128 MB", async () => {
    const store = memory();
    const data = JSON.stringify({ text: "x".repeat(1024 * 1024) });
    const ids = Array.from({ length: 65 }, (_, index) => `id${index}`);
    await create(store, ids, { data });
    expect((await kept(store, ids)).length).toBe(63);
  });
});

describe("memory and time", () => {
  it("frees expired sessions when others come", async () => {
    const store = memory();
    await create(store, ["visitor"], { expiresAt: NOW + MINUTE });
    await create(store, ["user"], { expiresAt: NOW + MINUTE, subject: "user" });
    await create(store, ["latecomer"], { seenAt: NOW + MINUTE });
    // Asked about a time when they had not expired: only what was freed is missing.
    expect(await kept(store, ["visitor", "user", "latecomer"], NOW)).toEqual(["latecomer"]);
    expect(await store.list?.("user")).toEqual([]);
  });

  it("gives a session from its expiry on as it was, so that its end has a reason, and changes it no more", async () => {
    const store = memory();
    await create(store, ["a", "b", "c"]);
    const { seenAt, expiresAt } = record();
    const touch = { seenAfter: 0, seenBefore: NOW + HOUR, expiresAt: NOW + 2 * HOUR };
    expect(await store.load({ id: "a" }, { now: NOW + HOUR, touch })).toMatchObject({ seenAt, expiresAt });
    expect(await store.load({ id: "a" }, { now: NOW + HOUR - 1, touch })).toMatchObject({ expiresAt: NOW + 2 * HOUR });
    const late = { now: NOW + HOUR, expiresAt: NOW + 2 * HOUR };
    expect(await store.touch({ id: "b" }, late)).toBe(false);
    expect(await store.update({ id: "c" }, NO_CHANGE, late)).toEqual({ ok: false, why: "gone" });
  });

  it("lets an id be used again after its session expired", async () => {
    const store = memory();
    await create(store, ["a"]);
    const next = record({ data: '{"next":true}', seenAt: NOW + HOUR, expiresAt: NOW + 2 * HOUR });
    await store.create({ id: "a" }, next);
    expect(await store.load({ id: "a" }, { now: NOW + HOUR })).toEqual(next);
  });

  it("forgets the mark of a session that moved after 60 seconds", async () => {
    const store = memory();
    await create(store, ["before"]);
    await store.replace({ id: "before" }, { id: "after" }, NO_CHANGE, record(), NEW_ID);
    expect(await kept(store, ["before"], NOW + 59)).toEqual(["before"]);
    expect(await kept(store, ["before", "after"], NOW + 60)).toEqual(["after"]);
    const options = { now: NOW + 60, expiresAt: NOW + HOUR };
    expect(await store.update({ id: "before" }, NO_CHANGE, options)).toEqual({ ok: false, why: "gone" });
  });
});

describe("memory and a million touches", () => {
  it("takes no more room than before", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const store = memory({ maxEntries: 1000, maxBytes: 1_000_000 });
    const ids = Array.from({ length: 1000 }, (_none, index) => `session${index}`);
    await create(store, ids.slice(0, 500), { subject: "user" });
    await create(store, ids.slice(500));
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let round = 1; round <= 1000; round++) {
      for (const id of ids) await store.touch({ id }, { now: NOW + round, expiresAt: NOW + HOUR + round });
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4 * 1024 * 1024);
    expect(await kept(store, ids)).toEqual(ids);
    expect(await store.list?.("user")).toHaveLength(500);
  });
});

describe("memory that holds many sessions", () => {
  /** The least milliseconds that so many new sessions, or so many writes of one, took. */
  async function least(work: () => Promise<void>): Promise<number> {
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const begun = performance.now();
      await work();
      times.push(performance.now() - begun);
    }
    return Math.min(...times);
  }

  async function filled(count: number, more: number) {
    const store = memory({ maxEntries: count, maxBytes: 1e9 });
    let made = 0;
    const createSome = async (some: number) => {
      for (const end = made + some; made < end; made++) await create(store, [`session${made}`], { subject: `user${made}` });
    };
    await createSome(count + more);
    return { store, createSome, latest: `session${made - 1}` };
  }

  it("takes as long for a new session whether it is full with a thousand or with fifty thousand", async () => {
    const [small, large] = [await filled(1000, 1000), await filled(50_000, 50_000)];
    const time = await least(() => small.createSome(2000));
    expect(await least(() => large.createSome(2000))).toBeLessThan(time * 8);
  });

  it("takes as long for the writes of one session whether there are ten others or fifty thousand", async () => {
    const writing = ({ store, latest }: Awaited<ReturnType<typeof filled>>) =>
      least(async () => {
        const options = { now: NOW, expiresAt: NOW + HOUR };
        for (let write = 0; write < 10_000; write++)
          await store.update({ id: latest }, { set: [["n", `${write}`]], unset: [] }, options);
      });
    const time = await writing(await filled(10, 0));
    expect(await writing(await filled(50_000, 0))).toBeLessThan(time * 4);
  });
});
