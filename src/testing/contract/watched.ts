/**
 * Records the calls of a case: a failure lists them, and a method known to be broken is not called.
 *
 * @module
 */
import type { SessionStore } from "../../stored/contract.ts";
import type { Cause } from "../first-cause.ts";

/** How many of the latest calls an error lists. */
const LATEST = 6;

/** A store method that cases call. */
export type Method = Exclude<keyof SessionStore, "guarantees" | "watch">;

/** The methods that cases call. */
export const METHODS: readonly Method[] = [
  ...(["load", "create", "update", "replace", "touch", "remove", "take"] as const),
  ...(["list", "removeAll", "route", "recordRoute"] as const),
];

/** A store under test, and what its calls showed. */
export interface Watched {
  readonly store: SessionStore;
  /** Why a method that the case called is broken. Undefined if none was. */
  readonly met: Cause | undefined;
  /** The latest calls, in order, such as `create(key1), load(key1), replace(key1, key2)`. */
  readonly calls: string;
}

/** Wraps a store to record its calls. Calls of a method known to be broken reject. */
export function watched(store: SessionStore, causes: ReadonlyMap<Method, Cause>): Watched {
  const calls: string[] = [];
  const keys = new Map<string, string>();
  let met: Cause | undefined;
  const call = (method: Method, given: unknown[]): unknown => {
    calls.push(
      `${method}(${idsIn(given)
        .map((id) => shortName(id, keys))
        .join(", ")})`,
    );
    const cause = causes.get(method);
    met ??= cause;
    if (cause !== undefined) return Promise.reject(new Error(`Cannot try ${method}: it does not work`));
    return (store[method] as (...given: unknown[]) => unknown).apply(store, given);
  };
  const there = METHODS.filter((method) => typeof store[method] === "function");
  const methods = there.map((method) => [method, (...given: unknown[]) => call(method, given)] as const);
  return {
    store: { guarantees: store.guarantees, ...Object.fromEntries(methods) } as unknown as SessionStore,
    get met() {
      return met;
    },
    get calls() {
      return calls.slice(-LATEST).join(", ");
    },
  };
}

/** The ids of the keys among a call's arguments. */
function idsIn(given: readonly unknown[]): string[] {
  return given.flatMap((one) => {
    const { id } = Object(one) as { id?: unknown };
    return typeof id === "string" ? [id] : [];
  });
}

/** Numbers the keys of a case, since ids are long and random. */
function shortName(id: string, names: Map<string, string>): string {
  const name = names.get(id) ?? `key${names.size + 1}`;
  names.set(id, name);
  return name;
}
