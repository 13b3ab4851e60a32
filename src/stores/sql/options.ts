/**
 * Checks of the options of `sqlite` and `d1`.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";

/** @throws OptionError for an option that there is not. */
export function checkOptions(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new OptionError("ERR_OPTION", `Cannot use option "${unknown}": there is no such option`);
}

/** @throws OptionError unless it is a number of seconds, 0 or more. */
export function checkSeconds(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new OptionError("ERR_OPTION", `Cannot use option ${name}: it must be a number of seconds, 0 or more`);
}
