/**
 * The option `store`: checks, and advice for values that are not a store.
 *
 * @module
 */
import { adviceForValue, STORE_ADVICE } from "../ground/advice.ts";
import { cannot } from "../ground/errors.ts";
import type { BackedStore } from "./imported.ts";

export const STORE_METHODS = ["load", "create", "update", "replace", "touch", "remove", "take"] as const;

/** @throws {@link OptionError} unless it is a SessionStore, with advice. */
export function checkStore(store: BackedStore): void {
  const problem = misunderstood(store) ?? lack(store);
  if (problem !== undefined) cannot("use option store", problem);
  if (typeof store["~backend"] === "function") return;
  cannot("use option store", "wrap it with defineStore() from web-session-store/stores/define");
}

/** Advice for a value that is not a store. Does not show the value: a URL may hold a password. */
export function misunderstood(store: unknown): string | undefined {
  if (typeof store === "function") return misunderstoodFunction(store);
  if (store instanceof Promise) return "it is a promise; await it";
  if (store === "cookie") return "leave it out to keep sessions in the cookie";
  if (typeof store !== "object" || store === null) return "it is not an object; use what sqlite(path) or redis(client) makes";
  const call = missingIn(store).length > 0 ? adviceForValue(store, STORE_ADVICE) : undefined;
  if (call === undefined) return undefined;
  const entry = call.replace(/\(.*/, "").replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
  return `use ${call} of web-session-store/stores/${entry}`;
}

function misunderstoodFunction(store: object): string {
  const isClass = /^class\b/.test(Function.prototype.toString.call(store));
  return isClass
    ? `it is a class; make an instance: new ${(store as { name: string }).name || "Store"}()`
    : "it is a function; call it, as in memory()";
}

/** What is missing of the contract; undefined if nothing is. */
export function lack(store: Partial<BackedStore> | null | undefined): string | undefined {
  const missing = missingIn(store);
  if (missing.length > 0) return `it lacks the method ${missing.join(", ")}`;
  return store?.guarantees === undefined ? "it lacks guarantees" : undefined;
}

const missingIn = (store: object | null | undefined): readonly string[] =>
  STORE_METHODS.filter(
    (method) => typeof (store as Readonly<Record<string, unknown>> | null | undefined)?.[method] !== "function",
  );
