/**
 * The store of a case, with its calls noted: a failure says what led to it, and a method that does not work at all is not called.
 *
 * @module
 */
import type { SessionStore } from "../../stored/contract.ts";
import type { Cause } from "../first-cause.ts";

/** So many of the calls are named that led to an error. */
const LATEST = 6;

/** A method of a store, of those that cases call. */
export type Method = Exclude<keyof SessionStore, "guarantees" | "watch">;

/** The methods that cases call. */
export const METHODS: readonly Method[] = [
  ...(["load", "create", "update", "replace", "touch", "remove", "take"] as const),
  ...(["list", "removeAll", "route", "recordRoute"] as const),
];

/** A store on trial, and what came of its calls. */
export interface Watched {
  readonly store: SessionStore;
  /** Why a method does not work that the case called; undefined when it called none. */
  readonly met: Cause | undefined;
  /** The latest calls, in their order. */
  readonly calls: string;
}

/** A store whose calls are noted, and answered with an error where the method is known not to work. */
export function watched(store: SessionStore, causes: ReadonlyMap<Method, Cause>): Watched {
  const calls: string[] = [];
  let met: Cause | undefined;
  const call = (method: Method, given: unknown[]): unknown => {
    calls.push(method);
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
