/** The store contract itself: it passes stores that keep it, and catches those that break it. */
import { describe, expect, it } from "vitest";
import type { SessionRecord } from "../../src/record.ts";
import { memory } from "../../src/stores/memory.ts";
import { isMoved, type Key, type SessionStore } from "../../src/stores/store.ts";
import { storeContract } from "../../src/testing/store-contract.ts";
import { altered, type Change, type Full, readMergeSave } from "./altered.ts";
import { broken } from "./broken.ts";

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
  it.each(broken)("%s", async (_what, caughtBy, change) => {
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
    expect(await failuresOf(() => altered((whole) => ({ guarantees, update: readMergeSave(whole) })))).toEqual([]);
  });

  it("a store whose answers lag one write behind, if it does not claim to be immediate", async () => {
    expect(await failuresOf(() => lagging())).toEqual([]);
  });
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
  ])("%s", async (_what, change) => {
    expect(await failuresOf(() => altered(change))).not.toEqual([]);
  });

  function mixedUp(whole: Full): Partial<SessionStore> {
    const create: SessionStore["create"] = (key, record) => whole.create(key, { ...record, subject: "somebody else" });
    return { guarantees, create };
  }
});

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
