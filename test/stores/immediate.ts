/** Stores held to more than they declare, because what is behind them can do it. */
import type { SessionStore } from "../../src/stored/contract.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { withMethods } from "../support/changed-store.ts";

/** The store, held to showing every call what the calls before it did, as one database in one place does, or a KV without caches. */
export function immediate(store: SessionStore): DefinedStore {
  return withMethods(store, { guarantees: { ...store.guarantees, immediate: true } });
}
