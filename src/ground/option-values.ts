/**
 * Checks option values and describes what is wrong with them.
 *
 * @module
 */
import { type Advice, ARGUMENT_ADVICE, adviceForName, adviceForValue, isCloseName, isSameName } from "./advice.ts";
import { cannot, OptionError } from "./errors.ts";

/** What an option must be, in words for a message, and a check for it. */
export type Rule = readonly [words: string, fits: (value: unknown) => boolean];

/** The text "false" would count as true. */
export const FLAG: Rule = ["true or false", (value) => typeof value === "boolean"];
export const FUNCTION: Rule = ["a function", (value) => typeof value === "function"];

/** Accepts one of these texts. */
export const oneOf = (...texts: string[]): Rule => [
  texts.map((text) => `"${text}"`).join(" or "),
  (value) => texts.includes(value as string),
];

/** Accepts text that matches this pattern. */
export const textLike = (form: RegExp, words: string): Rule => [words, (value) => typeof value === "string" && form.test(value)];

/** Accepts a whole number within these limits. A text like "1d" does not count. */
export const wholeNumber = (least: number, most: number = Number.MAX_SAFE_INTEGER, unit = ""): Rule => [
  `a whole number${unit}, ${least} ${most === Number.MAX_SAFE_INTEGER ? "or more" : `to ${most}`}`,
  (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
];

/** Accepts a duration in seconds. */
export const wholeSeconds = (least: number, most?: number): Rule => wholeNumber(least, most, " of seconds");

/** @throws {@link OptionError} for an invalid value */
export function checkValue(what: string, value: unknown, [words, fits]: Rule): void {
  if (!fits(value)) cannot(`use ${what} ${shown(value)}`, `it must be ${words}`);
}

/** @param prefix Comes before the option names in messages. @throws {@link OptionError} for an invalid value */
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
 * @param name The function that takes the options.
 * @param like What valid options look like, for messages.
 * @throws {@link OptionError} if these are not options but, for
 * example, an application, or a request because the call was forgotten.
 */
export function checkGiven(options: unknown, name: string, like: string): void {
  if (typeof options !== "object" || options === null)
    cannot(`use ${options === null ? "null" : typeof options} as options`, `pass an object, like ${like}`);
  const meant = adviceForValue(options, ARGUMENT_ADVICE);
  if (meant !== undefined) throw new OptionError("ERR_OPTION", `Cannot use ${meant.replace("*", `${name}(${like})`)}`);
}

/** @throws {@link OptionError} for an unknown option, since a misspelt one must not be ignored. */
export function refuseUnknown(
  options: object,
  known: ReadonlySet<string>,
  advice: readonly Advice[] = [],
  what = "option",
  call?: string,
): void {
  for (const key of Object.keys(options)) {
    if (known.has(key)) continue;
    const names = [...known];
    const none = call === undefined ? "there is no such option" : `the options of ${call} are: ${names.join(", ")}`;
    cannot(`use ${what} "${key}"`, insteadOf(key, names, advice) ?? none);
  }
}

/** The same for a call, such as `login()`, whose few options the message lists. */
export function refuseUnknownOf(call: string, options: object, known: ReadonlySet<string>): void {
  refuseUnknown(options, known, [], "option", call);
}

/**
 * What to use instead of an unknown option; undefined if its name tells nothing. A name from another library is not
 * treated as a typo.
 */
function insteadOf(key: string, known: readonly string[], advice: readonly Advice[]): string | undefined {
  const same = known.find((name) => isSameName(name, key));
  if (same !== undefined) return `use ${same}`;
  const advised = adviceForName(key, advice);
  if (advised !== undefined) return advised;
  const close = known.find((name) => isCloseName(name, key));
  return close && `did you mean ${close}?`;
}

/** The year 5138 in epoch seconds, but 1973 in milliseconds. */
const LATEST = 1e11;

/**
 * Returns a clock in whole epoch seconds, from the option `now` or the system.
 *
 * @throws {@link OptionError} if `now` is not a function. The clock throws it if
 * `now` returns milliseconds, or no finite number, since sessions would never expire.
 */
export function clock(now?: () => number): () => number {
  if (now === undefined) return () => Math.floor(Date.now() / 1000);
  checkValue("now", now, FUNCTION);
  return () => {
    const time = now();
    if (!Number.isFinite(time)) cannot("tell the time", "the option now must return a finite number, in epoch seconds");
    if (time > LATEST) cannot("tell the time", "the option now must return seconds, not milliseconds");
    return Math.floor(time);
  };
}

/** A value for a message. Objects show only their type, since they may contain anything. */
export function shown(value: unknown): string {
  if (typeof value === "string" || value instanceof Date) return JSON.stringify(value);
  return Object(value) === value ? typeof value : String(value);
}
