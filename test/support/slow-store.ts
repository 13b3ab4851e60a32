/** Stores whose calls wait before they are carried out. */
import type { SessionStore } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { around } from "./changed-store.ts";

/** The same store, each of whose calls waits for what `wait` gives for its name. */
export function waitingStore(inner: SessionStore, wait: (name: string) => Promise<void>): DefinedStore {
  return around(inner, async (name, call) => {
    await wait(name);
    return call();
  });
}

/** The same store, slower, so that all of several requests at once read before one of them writes. */
export function slow(inner: SessionStore): DefinedStore {
  return waitingStore(inner, async () => {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  });
}
