/** A memory store whose calls wait until the test lets them go on, and what waits for them. */
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { waitingStore } from "./slow-store.ts";

/** What a store is asked for. */
export type Operation = "load" | "create" | "update" | "replace" | "touch" | "remove";

/** A store whose calls wait. */
export interface Gate {
  readonly store: DefinedStore;
  /** Whether a call waits. */
  readonly isAsked: boolean;
  /** From now on calls of this kind wait, but for the first `but`. */
  hold(operation: Operation, but?: number): void;
  /** Lets all go on. */
  release(): void;
}

/** A memory store that holds calls of one kind up until it is told to go on. */
export function gated(): Gate {
  const waiting: (() => void)[] = [];
  let held: Operation | undefined;
  let free = 0;
  const store = waitingStore(memory(), async (name) => {
    if (name === held && free-- <= 0) await new Promise<void>((resolve) => waiting.push(resolve));
  });
  return {
    store,
    hold: (operation, but = 0) => {
      held = operation;
      free = but;
    },
    get isAsked() {
      return waiting.length > 0;
    },
    release: () => {
      held = undefined;
      for (const go of waiting.splice(0)) go();
    },
  };
}

/** Everything that is done without the store is done. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Whether a promise is done before the store went on, and after it. */
export async function watched(gate: Gate, running: Promise<unknown>): Promise<unknown[]> {
  let done = false;
  const settled = running.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  // Tokens are opened and made in a while of their own.
  while (!gate.isAsked && !done) await quiet();
  await quiet();
  const before = [gate.isAsked, done];
  while (!done) {
    gate.release();
    await quiet();
  }
  await settled;
  return [...before, done];
}
