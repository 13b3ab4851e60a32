/**
 * The store contract as cases without a test framework.
 *
 * @module
 */
import type { SessionStore } from "./stores/store.ts";

/** One case of the contract. */
export interface StoreCase {
  /** What the store does, as a sentence. */
  readonly name: string;
  /** Passes by resolving; fails by rejecting with an error that says what was expected. */
  run(): Promise<void>;
}

/** The cases for a store, each of which makes a new, empty one. */
export function storeContract(_create: () => SessionStore | Promise<SessionStore>): StoreCase[] {
  return [];
}
