/**
 * Values of options, and what is wrong with them.
 *
 * @module
 */
import { OptionError } from "./errors.ts";

/** @throws {@link OptionError} for an option there is none of: a misspelt one must not be ignored. */
export function refuseUnknown(options: object, known: ReadonlySet<string>): void {
  for (const key of Object.keys(options)) {
    if (!known.has(key)) throw new OptionError("ERR_OPTION", `Cannot use option "${key}": there is no such option`);
  }
}

/** @throws {@link OptionError} unless the value is a whole number that is large enough. */
export function count(name: string, value: number, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const limit = most === Number.MAX_SAFE_INTEGER ? "or more" : `to ${most}`;
  throw new OptionError("ERR_OPTION", `Cannot use ${name} ${String(value)}: it must be a whole number, ${least} ${limit}`);
}

/**
 * A clock of whole seconds, from the option `now`; without it, the system's.
 *
 * @throws {@link OptionError} when it is no function; and when it is asked and gives no finite number: by such a time no session would end.
 */
export function clock(now: () => number = () => Date.now() / 1000): () => number {
  if (typeof now !== "function") throw new OptionError("ERR_OPTION", "Cannot use option now: it must be a function");
  return () => {
    const time = now();
    if (Number.isFinite(time)) return Math.floor(time);
    throw new OptionError("ERR_OPTION", "Cannot tell the time: the option now must give a finite number, in epoch seconds");
  };
}
