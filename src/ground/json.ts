/**
 * Session data as JSON: what may be in it, and how it is read without touching any prototype.
 *
 * @module
 */
import { utf8Length } from "./encoding.ts";
import { DataError } from "./errors.ts";

/** An object without a prototype, so that no key of it means anything but itself. */
export type JsonObject = Record<string, unknown>;

/** The most that one session may hold, as JSON in UTF-8. */
export const MAX_DATA_BYTES: number = 64 * 1024;
const MAX_DEPTH = 100;

/** The object in a JSON text, or null when there is none, or it is deeper than data may be. */
export function parseData(text: string): JsonObject | null {
  if (text.length > 2 * MAX_DEPTH && mayBeTooDeep(text) && isTooDeep(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  // JSON.parse defines each key, `__proto__` like every other.
  return Object.setPrototypeOf(value, null);
}

/** A JSON text in which half a character, which UTF-8 cannot carry, is escaped. */
export function wellFormed(json: string): string {
  return /\p{Cs}/u.test(json) ? JSON.stringify(JSON.parse(json)) : json;
}

/** Whether there are as many brackets as that takes: nearly no data has, and to count them is much faster than to follow them. */
function mayBeTooDeep(text: string): boolean {
  let count = 0;
  for (const bracket of "[{") {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) if (++count > MAX_DEPTH) return true;
  }
  return false;
}

/** Whether brackets nest deeper than data may. What is this deep could not be saved again, so its reader would be locked out. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (quoted) at += character === "\\" ? 1 : 0;
    else if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** The largest keys of data, for messages. */
export function largestKeys(text: string): string {
  const sizes = Object.entries(parseData(text) ?? {}).map(([key, value]) => ({ key, size: JSON.stringify(value).length }));
  const largest = sizes
    .filter(({ key }) => !key.startsWith("~flash:_"))
    .sort((a, b) => b.size - a.size)
    .slice(0, 3);
  return largest.map(({ key, size }) => `${JSON.stringify(key.slice(0, 40))} (${size})`).join(", ");
}

/**
 * The data as JSON text.
 *
 * @throws {@link DataError} naming the path of the first value that would not come back as it is: a Date, a Map, a class's
 * object, a function, NaN, a cycle; or when the whole is larger than 64 KB or deeper than 100 levels.
 * @param known The text before: parallel requests may have made it too large, and nobody is locked out for that. Null: of any size.
 */
export function stringifyData(data: JsonObject, known: string | null = ""): string {
  checkKind(data, []);
  return stringifyOwn(data, known);
}

/** The same of data that is the library's own object, whatever it inherits. */
export function stringifyOwn(data: JsonObject, known: string | null = ""): string {
  checkProperties(data, [], [data]);
  const text = JSON.stringify(data);
  // A character takes at most three bytes, so most texts need no counting.
  const bytes = text.length * 3 <= MAX_DATA_BYTES ? text.length : utf8Length(text);
  if (bytes > MAX_DATA_BYTES && known !== null && bytes > utf8Length(known)) {
    throw new DataError(
      "ERR_DATA_TOO_LARGE",
      `Cannot save the session: its data takes ${bytes} bytes, the limit is ${MAX_DATA_BYTES}; the largest keys are ${largestKeys(text)}`,
    );
  }
  return text;
}

/** @param path Where the value is. @param above The objects it is in. Both grow and shrink in place: this runs for every request. */
function check(value: unknown, path: (string | number)[], above: object[]): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) refuse(path, String(value));
    return;
  }
  if (typeof value !== "object") refuse(path, value === undefined ? "undefined" : `a ${typeof value}`);
  if (above.includes(value)) refuse(path, "a reference to an object that holds it");
  if (above.length === MAX_DEPTH) refuse(path.slice(0, 3), `more than ${MAX_DEPTH} levels`);
  above.push(value);
  if (Array.isArray(value)) checkItems(value, path, above);
  else {
    checkKind(value, path);
    checkProperties(value, path, above);
  }
  above.pop();
}

function checkItems(items: unknown[], path: (string | number)[], above: object[]): void {
  if (Object.getPrototypeOf(items) !== Array.prototype) refuse(path, "a class object");
  // An array owns its items and its length; JSON would drop whatever else it owns.
  if (Reflect.ownKeys(items).length > items.length + 1) refuse(path, "an array with properties");
  for (let index = 0; index < items.length; index++) {
    path.push(index);
    check(items[index], path, above);
    path.pop();
  }
}

/** Whether this is an object of keys and values, and no list, Map, Date or object of a class. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Refuses an object whose kind would not come back. */
function checkKind(object: object, path: (string | number)[]): void {
  if (!isPlain(object)) refuse(path, `a ${Object.getPrototypeOf(object).constructor?.name || "class"} object`);
  if (typeof (object as { toJSON?: unknown }).toJSON === "function") refuse([...path, "toJSON"], "a function");
}

function checkProperties(object: object, path: (string | number)[], above: object[]): void {
  if (Object.getOwnPropertySymbols(object).length > 0) refuse(path, "a symbol key");
  for (const key of Object.keys(object)) {
    const value = (object as JsonObject)[key];
    // An undefined property is left out by JSON, and reads as undefined again: nothing is lost.
    if (value === undefined) continue;
    path.push(key);
    check(value, path, above);
    path.pop();
  }
}

function refuse(path: (string | number)[], what: string): never {
  const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
  throw new DataError(
    "ERR_DATA_NOT_JSON",
    `Cannot save the session: data${place.slice(0, 200)} holds ${what}, which JSON cannot carry`,
  );
}
