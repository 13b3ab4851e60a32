/**
 * The options of the KV store, checked and completed.
 *
 * @module
 */
import { utf8Length } from "../../ground/encoding.ts";
import { OptionError } from "../../ground/errors.ts";
import { checkGiven, refuseUnknown, shown } from "../../ground/option-values.ts";
import type { KvNamespace } from "./namespace.ts";

/** Options of the KV store. */
export interface KvOptions {
  /**
   * Salt for the hash of the subject, which is part of each session's key. If you change it,
   * existing sessions work until they expire but can no longer be listed or revoked. Default: `""`.
   */
  salt?: string;
  /** Prefix of all keys, so that other data can share the namespace. At most 200 bytes. Default: `"s:"`. */
  prefix?: string;
  /**
   * How long a location may cache what it read, in seconds. A logout elsewhere may
   * go unnoticed for at least this long. Default: 30, the least that KV allows.
   */
  cacheTtl?: number;
  /** Waits a number of milliseconds before a refused write is retried. For tests. Default: a timer. */
  sleep?: (milliseconds: number) => Promise<void>;
}

const KNOWN: ReadonlySet<string> = new Set<keyof KvOptions>(["salt", "prefix", "cacheTtl", "sleep"]);
const METHODS = ["get", "put", "delete", "list"] as const;
/** KV limits keys to 512 bytes. https://developers.cloudflare.com/kv/platform/limits/ */
const MAX_PREFIX_BYTES = 200;
const LEAST_CACHE_TTL = 30;

/** @throws {@link OptionError} for an invalid option. */
export function settleKvOptions(options: KvOptions): Required<KvOptions> {
  checkGiven(options, "kv", "{ prefix }");
  refuseUnknown(options, KNOWN);
  const { salt = "", prefix = "s:", cacheTtl = LEAST_CACHE_TTL, sleep = wait } = options;
  if (typeof salt !== "string") throw refusal("option salt: it must be a string");
  if (typeof prefix !== "string" || utf8Length(prefix) > MAX_PREFIX_BYTES) {
    throw refusal(`option prefix: it must be a string of at most ${MAX_PREFIX_BYTES} bytes`);
  }
  if (!Number.isSafeInteger(cacheTtl) || cacheTtl < LEAST_CACHE_TTL) {
    throw refusal(
      `cacheTtl ${shown(cacheTtl)}: it must be a whole number of seconds, ${LEAST_CACHE_TTL} or more, as KV requires`,
    );
  }
  if (typeof sleep !== "function") throw refusal("option sleep: it must be a function");
  return { salt, prefix, cacheTtl, sleep };
}

/** @throws {@link OptionError} if a method is missing. The message has the missing lines of the configuration. */
export function checkNamespace(namespace: KvNamespace): void {
  const missing = METHODS.filter((method) => typeof (namespace as Partial<KvNamespace> | undefined)?.[method] !== "function");
  if (missing.length === 0) return;
  throw refusal(
    `the KV namespace: it lacks ${missing.join(", ")}. Pass env.SESSIONS_KV, and add these lines to wrangler.toml (before wrangler 4.45 also id, which "npx wrangler kv namespace create SESSIONS_KV" prints):\n[[kv_namespaces]]\nbinding = "SESSIONS_KV"`,
  );
}

function refusal(what: string): OptionError {
  return new OptionError("ERR_OPTION", `Cannot use ${what}`);
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
