/**
 * A store in Deno KV: on Deno Deploy without a server of your own, or in a file.
 *
 * @module
 */
import { cannot } from "../../ground/errors.ts";
import { checkGiven, checkValues, type Rule, refuseUnknown, textLike } from "../../ground/option-values.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import type { DenoKv } from "./client.ts";
import { Keys } from "./keys.ts";
import { DenoKvStore } from "./store.ts";

export type { DenoKv, DenoKvAtomic, DenoKvKey } from "./client.ts";

/** How a Deno KV store is set up. */
export interface DenoKvOptions {
  /** The first part of all its keys, so that other things may be in the database. Default `"web-session-store"`. */
  prefix?: string;
  /**
   * How long a call may take, in seconds, with all its tries. One that takes longer fails with the reason `TIMEOUT`, or `BUSY` where others
   * changed the same session all the time; after `TIMEOUT`, Deno KV may still carry it out. Default 5.
   */
  timeout?: number;
}

const LONGEST_TIMEOUT = 600;
const RULES: Readonly<Record<keyof DenoKvOptions, Rule>> = {
  prefix: textLike(/^[ -~]{1,200}$/, "1 to 200 characters of ASCII"),
  timeout: [
    `a number of seconds, more than 0 and at most ${LONGEST_TIMEOUT}`,
    (value) => typeof value === "number" && value > 0 && value <= LONGEST_TIMEOUT,
  ],
};

/**
 * Makes a store in Deno KV: `Deno.openKv()`, or `openKv()` of the package `@deno/kv` on Node. Each call is one atomic operation. Changes of one
 * session at the same time all survive, without one of them being tried again and again: docs/deno-kv.md says how, and what a
 * request costs.
 *
 * @param kv An open database, which is yours to close.
 * @throws OptionError for what is no Deno KV, or an option that cannot be used.
 *
 * @example
 * ```ts
 * const sessions = createSessions({ secrets, store: denoKv(await Deno.openKv()) });
 * ```
 */
export function denoKv(kv: DenoKv, options: DenoKvOptions = {}): DefinedStore {
  checkGiven(options, "denoKv", "{ prefix }");
  refuseUnknown(options, new Set(Object.keys(RULES)));
  checkValues(options, RULES);
  if (typeof kv?.list !== "function" || typeof kv.atomic !== "function")
    cannot("use this database", "it lacks list() or atomic(): pass what (await Deno.openKv()) gives, or openKv() of @deno/kv");
  const { prefix = "web-session-store", timeout = 5 } = options;
  return defineStore<SessionStore>(new DenoKvStore(kv, new Keys(prefix), timeout));
}
