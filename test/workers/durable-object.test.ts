/** The store contract on Durable Objects in workerd: as they are, and put to sleep before every call. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { DurableObjectId } from "@cloudflare/workers-types";
import { describe, expect, it } from "vitest";
import { durableObject, type ObjectNamespace } from "../../src/stores/durable-object/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { begin, between, NOW } from "./objects.ts";

describe("durableObject keeps the store contract", () => {
  for (const { name, run } of storeContract(() => durableObject(env.SESSIONS))) {
    it(name, () => expect(run()).resolves.toBeUndefined());
  }
});

describe("durableObject within a jurisdiction keeps the store contract", () => {
  for (const { name, run } of storeContract(() => durableObject(jurisdictions(), { jurisdiction: "eu", salt: "shop" }))) {
    it(name, () => expect(run()).resolves.toBeUndefined());
  }
});

describe("durableObject keeps the store contract when its objects are evicted before every call", () => {
  for (const { name, run } of storeContract(() => durableObject(between(afterEviction)))) {
    it(name, () => expect(run()).resolves.toBeUndefined(), 30_000);
  }
});

describe("durableObject on a runtime before August 2025, which has no getByName, keeps the store contract", () => {
  for (const { name, run } of storeContract(() => durableObject(older()))) {
    it(name, () => expect(run()).resolves.toBeUndefined());
  }
});

it("durableObject finds the same objects with and without getByName, and makes new ones where it is told to", async () => {
  const hints: (object | undefined)[] = [];
  const [now, before] = [durableObject(env.SESSIONS), durableObject(older(hints), { locationHint: "weur" })];
  const key = await begin(before, { subject: "olga" });
  expect(await now.load(key, { now: NOW })).toMatchObject({ subject: "olga" });
  expect(await before.list("olga")).toHaveLength(1);
  expect(hints).toEqual([{ locationHint: "weur" }, { locationHint: "weur" }]);
});

/** The real namespace without its latest method. */
function older(hints: (object | undefined)[] = []): ObjectNamespace {
  return {
    idFromName: (name) => env.SESSIONS.idFromName(name),
    get(id, options) {
      hints.push(options);
      return env.SESSIONS.get(id as DurableObjectId, options);
    },
    jurisdiction: () => older(hints),
  };
}

const evictions = new Map<string, Promise<void>>();

/** The call, of an object that knows nothing but what it wrote. Calls of an object at the same time share one eviction. */
async function afterEviction(_method: string, route: string, call: () => Promise<unknown>): Promise<unknown> {
  const running = evictions.get(route) ?? evictDurableObject(env.SESSIONS.getByName(route));
  evictions.set(route, running);
  // An object that does not run has nothing to forget.
  await running.catch(() => {});
  evictions.delete(route);
  return call();
}

/** workerd has no jurisdictions. In one, the same name is another object. */
function jurisdictions(prefix = ""): ObjectNamespace {
  return {
    getByName: (name) => env.SESSIONS.getByName(prefix + name),
    jurisdiction: (name) => jurisdictions(`${prefix}${name}/`),
  };
}
