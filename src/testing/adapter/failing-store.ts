/**
 * A memory store that fails on demand and counts its calls.
 *
 * @module
 */
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { memory } from "../../stores/memory/index.ts";

/** What someone else's store might put in its error. */
export const LEAK = "SECRET COMMAND get session:abc";

type Operation = "load" | "create" | "update" | "replace" | "touch" | "remove" | "take";

/** A failing store, ready for `createSessions`. */
export type FailingSessions = DefinedStore & Pick<FailingStore, "calls" | "fail" | "recover" | "list">;

/** Creates one. */
export function failingStore(): FailingSessions {
  const store = new FailingStore();
  return Object.assign(defineStore(store), {
    calls: store.calls,
    fail: (...operations: Operation[]) => store.fail(...operations),
    recover: () => store.recover(),
  });
}

class FailingStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly calls: Operation[] = [];
  readonly #memory = memory();
  #failing: readonly Operation[] = [];

  /** Makes these operations fail from now on. */
  fail(...operations: Operation[]): void {
    this.#failing = operations;
  }

  recover(): void {
    this.#failing = [];
  }

  load: SessionStore["load"] = (...args) => this.#do("load", () => this.#memory.load(...args));
  create: SessionStore["create"] = (...args) => this.#do("create", () => this.#memory.create(...args));
  update: SessionStore["update"] = (...args) => this.#do("update", () => this.#memory.update(...args));
  replace: SessionStore["replace"] = (...args) => this.#do("replace", () => this.#memory.replace(...args));
  touch: SessionStore["touch"] = (...args) => this.#do("touch", () => this.#memory.touch(...args));
  remove: SessionStore["remove"] = (...args) => this.#do("remove", () => this.#memory.remove(...args));
  take: SessionStore["take"] = (...args) => this.#do("take", () => this.#memory.take(...args));
  list: NonNullable<SessionStore["list"]> = async (subject) => (await this.#memory.list?.(subject)) ?? [];

  async #do<Result>(operation: Operation, call: () => Promise<Result>): Promise<Result> {
    this.calls.push(operation);
    if (this.#failing.includes(operation)) throw new Error(LEAK);
    return call();
  }
}
