/**
 * The option `store`: what is a store, and what was meant by what is none.
 *
 * @module
 */
import { adviceForValue, STORE_ADVICE } from "../ground/advice.ts";
import { cannot } from "../ground/errors.ts";
import type { BackedStore } from "./imported.ts";

const METHODS = ["load", "create", "update", "replace", "touch", "remove", "take"] as const;

/** @throws {@link OptionError} unless it is a SessionStore, saying what makes one of it. */
export function checkStore(store: BackedStore): void {
  const problem = misunderstood(store) ?? lack(store);
  if (problem !== undefined) cannot("use option store", problem);
}

/** What to do with what is no store of any kind, if that can be told. The value is not shown: a URL may hold a password. */
export function misunderstood(store: unknown): string | undefined {
  if (typeof store === "function") return "it is a function; call it, as in memory()";
  if (store instanceof Promise) return "it is a promise; await it";
  if (store === "cookie") return "leave it out to keep sessions in the cookie";
  if (typeof store !== "object" || store === null) return "it is not an object; use what sqlite(path) or redis(client) makes";
  const call = missingIn(store).length > 0 ? adviceForValue(store, STORE_ADVICE) : undefined;
  if (call === undefined) return undefined;
  const entry = call.replace(/\(.*/, "").replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
  return `use ${call} of web-session-store/stores/${entry}`;
}

function lack(store: object): string | undefined {
  const { guarantees, "~backend": backend } = store as Partial<BackedStore>;
  const missing = missingIn(store);
  if (missing.length > 0) return `it lacks the method ${missing.join(", ")}`;
  if (guarantees === undefined) return "it lacks guarantees";
  return typeof backend === "function" ? undefined : "wrap it by defineStore() of web-session-store/stores/define";
}

const missingIn = (store: object): readonly string[] =>
  METHODS.filter((method) => typeof (store as Readonly<Record<string, unknown>>)[method] !== "function");
