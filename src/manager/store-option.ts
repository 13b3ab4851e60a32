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
  const isStore = METHODS.every((method) => typeof (store as Record<string, unknown>)[method] === "function");
  const call = isStore ? undefined : adviceForValue(store, STORE_ADVICE);
  if (call === undefined) return undefined;
  const entry = call.replace(/\(.*/, "").replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
  return `use ${call} of web-session-store/stores/${entry}`;
}

function lack(store: object): string | undefined {
  const has = store as Readonly<Record<string, unknown>>;
  const missing = METHODS.filter((method) => typeof has[method] !== "function");
  if (missing.length > 0) return `it lacks the method ${missing.join(", ")}`;
  if (has.guarantees === undefined) return "it lacks guarantees";
  return typeof has["~backend"] === "function" ? undefined : "wrap it by defineStore() of web-session-store/stores/define";
}
