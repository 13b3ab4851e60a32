/** A store whose calls go to several processes in turn. */
import type { SessionStore } from "../../src/index.ts";
import { type DefinedStore, defineStore } from "../../src/stored/define.ts";

const METHODS = ["load", "create", "update", "replace", "touch", "remove", "take", "list", "removeAll"] as const;

type Call = (...given: unknown[]) => unknown;

/** Each process is a store of its own on the same database. */
export function spread(processes: readonly SessionStore[]): DefinedStore {
  let calls = 0;
  const next = () => processes[calls++ % processes.length] as SessionStore;
  const ask = (name: string, given: unknown[]) => (next() as unknown as Record<string, Call>)[name]?.(...given);
  const methods = METHODS.map((name) => [name, (...given: unknown[]) => ask(name, given)]);
  return defineStore({ guarantees: next().guarantees, ...Object.fromEntries(methods) } as SessionStore);
}
