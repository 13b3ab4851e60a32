/** A store that takes a while, so that all of several requests at once read before one of them writes. */
import type { SessionStore } from "../../src/index.ts";

/** The same store, slower. */
export function slow(inner: SessionStore): SessionStore {
  const store: SessionStore = Object.create(inner, {});
  for (const name of ["load", "create", "update", "replace", "touch", "remove", "take", "list", "removeAll"] as const) {
    store[name] = (async (...args: never[]) => {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      return (inner[name] as (...args: never[]) => unknown).apply(inner, args);
    }) as never;
  }
  return store;
}
