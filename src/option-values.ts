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
