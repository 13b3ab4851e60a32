/**
 * A store in Deno KV, on Deno Deploy without a server of your own, or in a file.
 *
 * @module
 */
import { cannot } from "../../ground/errors.ts";
import { TIMEOUT } from "../../ground/in-time.ts";
import { checkGiven, checkValues, type Rule, refuseUnknown, textLike } from "../../ground/option-values.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import type { DenoKv } from "./client.ts";
import { Keys } from "./keys.ts";
import { DenoKvStore } from "./store.ts";

export type { DenoKv, DenoKvAtomic, DenoKvKey } from "./client.ts";

/** Options of the Deno KV store. */
export interface DenoKvOptions {
  /**
   * The first part of all keys, so that other data can share the
   * database. 1 to 200 ASCII characters. Default: `"web-session-store"`.
   */
  prefix?: string;
  /**
   * How long a call may take, in seconds, retries included, at most 600. After that it fails with the reason `TIMEOUT`,
   * or with `BUSY` if others kept changing the same session. After `TIMEOUT`, Deno KV may still execute it. Default: 5.
   */
  timeout?: number;
}

const RULES: Readonly<Record<keyof DenoKvOptions, Rule>> = {
  prefix: textLike(/^[ -~]{1,200}$/, "1 to 200 characters of ASCII"),
  timeout: TIMEOUT,
};

/**
 * Creates a store in Deno KV, from `Deno.openKv()` or, on Node, `openKv()` of the package
 * `@deno/kv`. Each call is one atomic operation. Simultaneous changes of a session all
 * survive, without repeated retries: docs/deno-kv.md explains how, and what a request costs.
 *
 * @param kv An open database. You close it.
 * @throws OptionError if it is not a Deno KV database, or an option is invalid.
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
    cannot(
      "use this database",
      "it lacks list() or atomic(). Pass the result of await Deno.openKv(), or of openKv() from @deno/kv",
    );
  const { prefix = "web-session-store", timeout = 5 } = options;
  return defineStore<SessionStore>(new DenoKvStore(kv, new Keys(prefix), timeout));
}
