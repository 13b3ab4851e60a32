/** The KV store under a claim of its own: where one location writes to a KV without caches, it is held to more than it declares. */

import type { SessionStore } from "../../src/stored/contract.ts";
import type { KvStore } from "../../src/stores/kv/index.ts";

/** The same store, claiming that each call sees the calls before it. */
export function claimingImmediate(store: KvStore): SessionStore {
  return {
    guarantees: { atomic: false, immediate: true },
    route: (...args) => store.route(...args),
    recordRoute: (...args) => store.recordRoute(...args),
    load: (...args) => store.load(...args),
    create: (...args) => store.create(...args),
    update: (...args) => store.update(...args),
    replace: (...args) => store.replace(...args),
    touch: (...args) => store.touch(...args),
    remove: (...args) => store.remove(...args),
    take: (...args) => store.take(...args),
    list: (...args) => store.list(...args),
    removeAll: (...args) => store.removeAll(...args),
  };
}
