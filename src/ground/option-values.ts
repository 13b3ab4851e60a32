/**
 * Values of options, and what is wrong with them.
 *
 * @module
 */
import { type Advice, ARGUMENT_ADVICE, adviceForName, adviceForValue, isCloseName, isSameName } from "./advice.ts";
import { cannot, OptionError } from "./errors.ts";

/** What an option must be, in words for a message, and whether a value is that. */
export type Rule = readonly [words: string, fits: (value: unknown) => boolean];

/** The text "false" would count as true. */
export const FLAG: Rule = ["true or false", (value) => typeof value === "boolean"];
export const FUNCTION: Rule = ["a function", (value) => typeof value === "function"];

/** One of these texts. */
export const oneOf = (...texts: string[]): Rule => [
  texts.map((text) => `"${text}"`).join(" or "),
  (value) => texts.includes(value as string),
];

/** A text of this form. */
export const textLike = (form: RegExp, words: string): Rule => [words, (value) => typeof value === "string" && form.test(value)];

/** A whole number within these limits. A text like "1d" is none. */
export const wholeNumber = (least: number, most: number = Number.MAX_SAFE_INTEGER, unit = ""): Rule => [
  `a whole number${unit}, ${least} ${most === Number.MAX_SAFE_INTEGER ? "or more" : `to ${most}`}`,
  (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
];

/** A duration. */
export const wholeSeconds = (least: number, most?: number): Rule => wholeNumber(least, most, " of seconds");

/** @throws {@link OptionError} for a value that is not what it must be */
export function checkValue(what: string, value: unknown, [words, fits]: Rule): void {
  if (!fits(value)) cannot(`use ${what} ${shown(value)}`, `it must be ${words}`);
}

/** @param prefix What stands before the options' names in a message. @throws {@link OptionError} for one that is not what it must be */
export function checkValues(options: object, rules: Readonly<Record<string, Rule>>, prefix = ""): void {
  for (const [name, rule] of Object.entries(rules)) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined) checkValue(prefix + name, value, rule);
  }
}

/** @throws {@link OptionError} unless the value is a whole number within these limits. */
export function count(name: string, value: number, least: number, most?: number): number {
  checkValue(name, value, wholeNumber(least, most));
  return value;
}

/** @throws {@link OptionError} unless the value is a duration within these limits. */
export function seconds(name: string, value: number, least: number, most?: number): number {
  checkValue(name, value, wholeSeconds(least, most));
  return value;
}

/**
 * @param name The function they are for.
 * @param like What they look like.
 * @throws {@link OptionError} for what is no options at all: an application, or a request since the call was forgotten.
 */
export function checkGiven(options: unknown, name: string, like: string): void {
  if (typeof options !== "object" || options === null)
    cannot(`use ${options === null ? "null" : typeof options} as options`, `they are an object, like ${like}`);
  const meant = adviceForValue(options, ARGUMENT_ADVICE);
  if (meant !== undefined) throw new OptionError("ERR_OPTION", `Cannot use ${meant.replace("*", `${name}(${like})`)}`);
}

/** @throws {@link OptionError} for an option there is none of: a misspelt one must not be ignored. */
export function refuseUnknown(
  options: object,
  known: ReadonlySet<string>,
  advice: readonly Advice[] = [],
  what = "option",
): void {
  for (const key of Object.keys(options)) {
    if (known.has(key)) continue;
    cannot(`use ${what} "${key}"`, insteadOf(key, [...known], advice));
  }
}

/** What to use instead of an option that there is none of. What other libraries call so is no slip of the finger. */
function insteadOf(key: string, known: readonly string[], advice: readonly Advice[]): string {
  const same = known.find((name) => isSameName(name, key));
  if (same !== undefined) return `use ${same}`;
  const advised = adviceForName(key, advice);
  if (advised !== undefined) return advised;
  const close = known.find((name) => isCloseName(name, key));
  return close === undefined ? "there is no such option" : `did you mean ${close}?`;
}

/** In the year 5138, as epoch seconds; as milliseconds, a day of 1973. */
const LATEST = 1e11;

/**
 * A clock of whole seconds, from the option `now`; without it, the system's.
 *
 * @throws {@link OptionError} when it is no function; and when it is asked and gives no finite number, by which no session would
 * end, or milliseconds.
 */
export function clock(now?: () => number): () => number {
  if (now === undefined) return () => Math.floor(Date.now() / 1000);
  checkValue("now", now, FUNCTION);
  return () => {
    const time = now();
    if (!Number.isFinite(time)) cannot("tell the time", "the option now must give a finite number, in epoch seconds");
    if (time > LATEST) cannot("tell the time", "the option now must give seconds, not milliseconds");
    return Math.floor(time);
  };
}

/** A value as it stands in a message; of objects their type alone, since they may hold anything. */
export function shown(value: unknown): string {
  if (typeof value === "string" || value instanceof Date) return JSON.stringify(value);
  return Object(value) === value ? typeof value : String(value);
}
