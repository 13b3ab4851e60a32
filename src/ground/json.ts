/**
 * Session data as JSON: what it may contain, and reading it without touching any prototype.
 *
 * @module
 */
import { utf8Length } from "./encoding.ts";
import { DataError } from "./errors.ts";

/** An object without a prototype, so no key has a special meaning. */
export type JsonObject = Record<string, unknown>;

/** The most data that one session may hold. Bytes, as JSON in UTF-8. */
export const MAX_DATA_BYTES: number = 64 * 1024;
const MAX_DEPTH = 100;

/** Parses an object. Null if the text is not one, or nests too deeply. */
export function parseData(text: string): JsonObject | null {
  if (text.length > 2 * MAX_DEPTH && mayBeTooDeep(text) && isTooDeep(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  // JSON.parse defines every key as its own property, even `__proto__`.
  return Object.setPrototypeOf(value, null);
}

/** The JSON text with lone surrogates escaped, since UTF-8 cannot encode them. */
export function wellFormed(json: string): string {
  return /\p{Cs}/u.test(json) ? JSON.stringify(JSON.parse(json)) : json;
}

/** Whether there are enough brackets to be too deep. Almost no data has, and counting is much faster than parsing. */
function mayBeTooDeep(text: string): boolean {
  let count = 0;
  for (const bracket of "[{") {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) if (++count > MAX_DEPTH) return true;
  }
  return false;
}

/** Whether brackets nest too deeply. Data that deep could not be saved again, which would lock its user out. */
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
 * Returns the data as JSON text.
 *
 * @param known The previous text. Parallel requests may have made it
 * too large, and that must not lock the user out. Null: no limit.
 * @throws {@link DataError} naming the path of the first value that JSON would not
 * restore as it was, such as a Date, a Map, a class instance, a function, NaN or a
 * cycle. Also if the data is larger than 64 KB or nests deeper than 100 levels.
 */
export function stringifyData(data: JsonObject, known: string | null = ""): string {
  checkKind(data, []);
  return stringifyOwn(data, known);
}

/** The same for an object that the library created, whatever its prototype. */
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

/**
 * @param path The path of the value. @param above The objects that
 * contain it. Both change in place, for speed on every request.
 */
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
  // JSON would drop any property other than the items and the length.
  if (Reflect.ownKeys(items).length > items.length + 1) refuse(path, "an array with properties");
  for (let index = 0; index < items.length; index++) {
    path.push(index);
    check(items[index], path, above);
    path.pop();
  }
}

/** Whether this is a plain object: no list, Map, Date or class instance. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Refuses an object that JSON would not restore as it was. */
function checkKind(object: object, path: (string | number)[]): void {
  if (!isPlain(object)) refuse(path, `a ${Object.getPrototypeOf(object).constructor?.name || "class"} object`);
  if (typeof (object as { toJSON?: unknown }).toJSON === "function") refuse([...path, "toJSON"], "a function");
}

function checkProperties(object: object, path: (string | number)[], above: object[]): void {
  if (Object.getOwnPropertySymbols(object).length > 0) refuse(path, "a symbol key");
  for (const key of Object.keys(object)) {
    const value = (object as JsonObject)[key];
    // JSON omits undefined properties. They read as undefined again, so nothing is lost.
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
