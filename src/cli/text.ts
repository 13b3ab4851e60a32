/**
 * Text that is safe to print to a terminal, whatever a cookie contains.
 *
 * @module
 */

/** Control characters and those that change text direction, which a cookie could use to fake terminal output. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]/gu;
const LONGEST_NAME = 80;

/** The text with unsafe characters escaped. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A cookie name, escaped and shortened. */
export function printableName(name: string): string {
  return printable(name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name);
}

/** A time, and how far it is from now. */
export function instant(seconds: number, now: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds}`;
  const distance = span(Math.abs(seconds - now));
  return `${date.toISOString().replace(".000", "")} (${seconds > now ? `in ${distance}` : `${distance} ago`})`;
}

/** A duration in the largest unit that fits, rounded down. */
export function span(seconds: number): string {
  const units: [string, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
    ["second", 1],
  ];
  const [unit, length] = units.find(([, size]) => seconds >= size) ?? ["second", 1];
  return `${count(Math.floor(seconds / length), unit)}`;
}

/** A number with its noun. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
