/** The store contract itself: it passes stores that keep it, and catches those that break it. */
import { describe, expect, it } from "vitest";
import { isMoved, type Key, type MovedMark, type SessionRecord } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { altered, type Change, type Full, marking, readAndRemove, readMergeSave, recordAt } from "./altered.ts";
import { broken } from "./broken.ts";
import { brokenMoves } from "./broken-moves.ts";
import { brokenOwnTimeouts } from "./broken-own-timeouts.ts";
import { brokenTimes } from "./broken-times.ts";

async function failuresOf(create: () => SessionStore): Promise<string[]> {
  const names: string[] = [];
  for (const { name, run } of storeContract(create)) {
    await run().catch((error: unknown) => {
      expect(error).toBeInstanceOf(Error);
      names.push(name);
    });
  }
  return names;
}

describe("the store contract catches a store in which", () => {
  it.each([...broken, ...brokenMoves, ...brokenOwnTimeouts, ...brokenTimes])("%s", async (_what, caughtBy, change) => {
    expect(await failuresOf(() => altered(change))).toContain(caughtBy);
  });
});

describe("the store contract passes", () => {
  it("a store that changes nothing about memory", async () => {
    expect(await failuresOf(() => altered(() => ({})))).toEqual([]);
  });

  it("a store that cannot list", async () => {
    const create = () => {
      const { list: _list, removeAll: _removeAll, ...rest } = altered(() => ({}));
      return rest;
    };
    expect(await failuresOf(create)).toEqual([]);
  });

  it("a store that was made before, for all cases", async () => {
    const store = memory();
    expect(await failuresOf(() => store)).toEqual([]);
    expect(await failuresOf(() => store)).toEqual([]);
  });

  it("a store that is split, and finds sessions only by their routes", async () => {
    expect(await failuresOf(() => split())).toEqual([]);
  });

  it("a store that reads, merges and saves, if it does not claim to be atomic", async () => {
    const guarantees = { atomic: false, immediate: true };
    const weak: Change = (whole) => ({ guarantees, update: readMergeSave(whole), take: readAndRemove(whole) });
    expect(await failuresOf(() => altered(weak))).toEqual([]);
  });

  it("a store that leaves no marks, if it says so", async () => {
    expect(await failuresOf(() => altered(withoutMarks))).toEqual([]);
  });

  it("a store whose answers lag one write behind, if it does not claim to be immediate", async () => {
    expect(await failuresOf(() => lagging())).toEqual([]);
  });
});

describe("the store contract holds a store that is split to recordRoute", () => {
  const caughtBy = "a split store always routes a record that is not a session to the same part";

  it("being there", async () => {
    const create = () => {
      const { recordRoute: _recordRoute, ...rest } = split();
      return rest;
    };
    expect(await failuresOf(create)).toContain(caughtBy);
  });

  it("saying the same each time", async () => {
    expect(await failuresOf(() => ({ ...split(), recordRoute: async () => `r${Math.random()}` }))).toContain(caughtBy);
  });
});

it("the store contract holds a store without marks to an old id that is dead", async () => {
  const change: Change = (whole) => ({
    guarantees: { ...whole.guarantees, marks: false },
    async load(key, options) {
      const found = await whole.load(key, options);
      return found !== null && isMoved(found) && found.to !== undefined ? whole.load(found.to, options) : found;
    },
  });
  expect(await failuresOf(() => altered(change))).not.toEqual([]);
});

it("every case of the store contract has a name of its own", () => {
  const names = storeContract(() => memory()).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

describe("the store contract holds a weak store", () => {
  const guarantees = { atomic: false, immediate: false };

  it.each<[string, Change]>([
    ["to answers that are legal", () => ({ guarantees, load: async () => ({ data: "[]" }) as SessionRecord })],
    ["to results that are legal", () => ({ guarantees, update: async () => ({ ok: true, version: Number.NaN }) })],
    ["to throwing nothing", () => ({ guarantees, remove: () => Promise.reject(new Error("Cannot remove the session")) })],
    ["to sessions of the right subject", mixedUp],
    ["to taking no mark", (whole) => ({ guarantees, take: (key) => whole.load(key, { now: 0 }) as Promise<SessionRecord> })],
    [
      "to marks that say where to",
      (whole) => ({ guarantees, ...marking(whole, ({ movedAt, by }) => ({ movedAt, by }) as MovedMark) }),
    ],
    ["to a grace that has an end", (whole) => ({ guarantees, ...marking(whole, endless) })],
  ])("%s", async (_what, change) => {
    expect(await failuresOf(() => altered(change))).not.toEqual([]);
  });

  function mixedUp(whole: Full): Partial<SessionStore> {
    const create: SessionStore["create"] = (key, record) => whole.create(key, { ...record, subject: "somebody else" });
    return { guarantees, create };
  }
});

const endless = (mark: MovedMark): MovedMark => ({ ...mark, graceUntil: Number.POSITIVE_INFINITY });

/** A store whose sessions leave nothing where they were. */
function withoutMarks(whole: Full): Partial<SessionStore> {
  return {
    guarantees: { ...whole.guarantees, marks: false },
    ...marking(whole, () => null),
    async remove(key) {
      if ((await recordAt(whole, key, 0)) !== null) await whole.remove(key);
    },
  };
}

/** A memory store that keeps each route's sessions apart, as objects of a Durable Object namespace are. */
function split(): SessionStore {
  const whole = memory() as Full;
  const keyOf = ({ id, route }: Key): Key => ({ id: `${route ?? "lost"}/${id}` });
  const idOf = (id: string): string => id.slice(id.indexOf("/") + 1);
  const routeOf = (id: string): string => id.slice(0, id.indexOf("/"));
  const routes = { next: 0 };
  const route = async (subject: string | undefined) =>
    subject === undefined ? `a${routes.next++}` : `u${encodeURIComponent(subject)}`;
  return {
    guarantees: whole.guarantees,
    route,
    recordRoute: async (id) => `r${id.at(-1)}`,
    async load(key, options) {
      const found = await whole.load(keyOf(key), options);
      if (found === null || !isMoved(found) || found.to === undefined) return found;
      return { ...found, to: { id: idOf(found.to.id), route: routeOf(found.to.id) } };
    },
    create: (key, ...record) => whole.create(keyOf(key), ...record),
    update: (key, ...change) => whole.update(keyOf(key), ...change),
    replace: (from, to, ...change) => whole.replace(keyOf(from), keyOf(to), ...change),
    touch: (key, options) => whole.touch(keyOf(key), options),
    remove: (key) => whole.remove(keyOf(key)),
    take: (key) => whole.take(keyOf(key)),
    list: async (subject) => (await whole.list(subject)).map((row) => ({ ...row, id: idOf(row.id) })),
    removeAll: async (subject, { except } = {}) =>
      whole.removeAll(subject, except === undefined ? {} : { except: `${await route(subject)}/${except}` }),
  };
}

/** A memory store that gives each key's answer from before its last write, as a cache at the edge may. */
function lagging(): SessionStore {
  const earlier = new Map<string, Awaited<ReturnType<SessionStore["load"]>>>();
  return altered((whole) => {
    const remember = async ({ id }: Key, now: number) => earlier.set(id, await whole.load({ id }, { now }));
    return {
      guarantees: { atomic: false, immediate: false },
      load: async (key) => earlier.get(key.id) ?? null,
      async update(key, patch, options) {
        await remember(key, options.now);
        return whole.update(key, patch, options);
      },
      async touch(key, options) {
        await remember(key, options.now);
        return whole.touch(key, options);
      },
      async replace(from, to, patch, record, options) {
        await remember(from, record.seenAt);
        return whole.replace(from, to, patch, record, options);
      },
      list: async () => [],
    };
  });
}
