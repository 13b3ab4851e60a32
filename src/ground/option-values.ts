/**
 * Values of options, and what is wrong with them.
 *
 * @module
 */
import { ARGUMENT_ADVICE, adviceForValue, isSameName } from "./advice.ts";
import { OptionError } from "./errors.ts";

/**
 * @param name The function they are for.
 * @param like What they look like.
 * @throws {@link OptionError} for what is no options at all: an application, or a request since the call was forgotten.
 */
export function checkGiven(options: unknown, name: string, like: string): void {
  const isObject = typeof options === "object" && options !== null;
  const problem = isObject
    ? adviceForValue(options, ARGUMENT_ADVICE)
    : `${options === null ? "null" : typeof options} as options: they are an object, like ${like}`;
  if (problem !== undefined) throw new OptionError("ERR_OPTION", `Cannot use ${problem.replace("*", `${name}(${like})`)}`);
}

/** @throws {@link OptionError} for an option there is none of: a misspelt one must not be ignored. */
export function refuseUnknown(
  options: object,
  known: ReadonlySet<string>,
  { what = "option", advise }: { what?: string; advise?: (name: string) => string | undefined } = {},
): void {
  for (const key of Object.keys(options)) {
    if (known.has(key)) continue;
    const meant = [...known].find((name) => isSameName(name, key));
    const instead = meant === undefined ? advise?.(key) : `use ${meant}`;
    throw new OptionError("ERR_OPTION", `Cannot use ${what} "${key}": ${instead ?? "there is no such option"}`);
  }
}

/** @throws {@link OptionError} unless the value is a whole number within these limits. */
export function count(name: string, value: number, least: number, most?: number): number {
  return wholeNumber("a whole number", name, value, least, most);
}

/** @throws {@link OptionError} unless the value is a duration within these limits. A text like "1d" is none. */
export function seconds(name: string, value: number, least: number, most?: number): number {
  return wholeNumber("a whole number of seconds", name, value, least, most);
}

function wholeNumber(kind: string, name: string, value: number, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const limit = most === Number.MAX_SAFE_INTEGER ? "or more" : `to ${most}`;
  throw new OptionError("ERR_OPTION", `Cannot use ${name} ${String(value)}: it must be ${kind}, ${least} ${limit}`);
}

/**
 * A clock of whole seconds, from the option `now`; without it, the system's.
 *
 * @throws {@link OptionError} when it is no function; and when it is asked and gives no finite number: by such a time no session would end.
 */
export function clock(now?: () => number): () => number {
  if (now === undefined) return () => Math.floor(Date.now() / 1000);
  if (typeof now !== "function") throw new OptionError("ERR_OPTION", "Cannot use option now: it must be a function");
  return () => {
    const time = now();
    if (Number.isFinite(time)) return Math.floor(time);
    throw new OptionError("ERR_OPTION", "Cannot tell the time: the option now must give a finite number, in epoch seconds");
  };
}

/** @throws {@link OptionError} for one of these that is neither true nor false: the text "false" would count as true. */
export function checkFlags(flags: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(flags)) {
    if (typeof value === "boolean" || value === undefined) continue;
    throw new OptionError("ERR_OPTION", `Cannot use ${name} ${shown(value)}: it must be true or false`);
  }
}

/** A value as it stands in a message. */
export function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}
