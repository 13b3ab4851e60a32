/**
 * defineStore: makes your own store usable by `createSessions`.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import type { CookieBackend } from "../manager/contract.ts";
import type { BackedStore } from "../manager/imported.ts";
import type { Manager } from "../manager/manager.ts";
import { lack, misunderstood, STORE_METHODS } from "../manager/store-option.ts";
import { inStore } from "./backend.ts";
import type { SessionStore } from "./contract.ts";

/** A store that `createSessions` accepts. */
export type DefinedStore<Store extends object = SessionStore> = Store & Pick<BackedStore, "~backend">;

const OPTIONAL = ["route", "recordRoute", "list", "removeAll", "watch"] as const;

/**
 * Makes a store usable by `createSessions`. Wrap your own store in it once. It returns a new
 * object that calls the methods on yours, so a class works. Your object does not change.
 *
 * @throws OptionError if a required method or `guarantees` is missing.
 *
 * @example
 * ```ts
 * import { createSessions } from "web-session-store";
 * import { defineStore } from "web-session-store/stores/define";
 *
 * const sessions = createSessions({ secrets, store: defineStore(new MyStore()) });
 * ```
 */
export function defineStore<Store extends SessionStore>(
  store: Store,
): DefinedStore<Pick<Store, keyof Store & keyof SessionStore>> {
  const problem = misunderstood(store) ?? lack(store);
  if (problem !== undefined) cannot("use this store", problem);
  const bound: Record<string, unknown> = {
    guarantees: store.guarantees,
    "~backend": (manager: Manager, cookies: CookieBackend) => inStore(bound as unknown as SessionStore, manager, cookies),
  };
  if (store.dataOnly !== undefined) bound.dataOnly = store.dataOnly;
  for (const name of [...STORE_METHODS, ...OPTIONAL]) {
    const method = store[name];
    if (typeof method === "function") bound[name] = method.bind(store);
  }
  return bound as unknown as DefinedStore<Pick<Store, keyof Store & keyof SessionStore>>;
}
