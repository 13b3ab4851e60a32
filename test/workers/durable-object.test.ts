/** The store contract on Durable Objects in workerd: as they are, and put to sleep before every call. */
import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { durableObject, type ObjectNamespace } from "../../src/stores/durable-object.ts";
import type { SessionStore } from "../../src/stores/store.ts";
import { storeContract } from "../../src/testing/store-contract.ts";

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
  for (const { name, run } of storeContract(() => forgetful(durableObject(env.SESSIONS)))) {
    it(name, () => expect(run()).resolves.toBeUndefined());
  }
});

/** workerd has no jurisdictions. In one, the same name is another object. */
function jurisdictions(prefix = ""): ObjectNamespace {
  return {
    getByName: (name) => env.SESSIONS.getByName(prefix + name),
    jurisdiction: (name) => jurisdictions(`${prefix}${name}/`),
  };
}

/** The store, whose objects know nothing but what they wrote. Calls at the same time share one eviction. */
function forgetful(store: SessionStore): SessionStore {
  let evicting: Promise<void> | undefined;
  const evicted = () => {
    evicting ??= evictAllDurableObjects().finally(() => {
      evicting = undefined;
    });
    return evicting;
  };
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return async (...given: unknown[]) => {
        await evicted();
        return Reflect.apply(value, target, given);
      };
    },
  });
}
