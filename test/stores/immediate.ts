/** Stores held to more than they declare, because what is behind them can do it. */
import type { SessionStore } from "../../src/stored/contract.ts";

/** The store, held to showing every call what the calls before it did, as one database in one place does. */
export function immediate(store: SessionStore): SessionStore {
  return {
    guarantees: { ...store.guarantees, immediate: true },
    load: (...args) => store.load(...args),
    create: (...args) => store.create(...args),
    update: (...args) => store.update(...args),
    replace: (...args) => store.replace(...args),
    touch: (...args) => store.touch(...args),
    remove: (...args) => store.remove(...args),
    take: (...args) => store.take(...args),
  };
}
