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
const MAX_DATA_BYTES = 64 * 1024;
const MAX_DEPTH = 100;

/** The object in a JSON text, or null when there is none, or it is deeper than data may be. */
export function parseData(text: string): JsonObject | null {
  if (text.length > 2 * MAX_DEPTH && isTooDeep(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  // Object.assign would set; these keys must be defined, `__proto__` like every other.
  const data: JsonObject = Object.create(null);
  for (const key of Object.keys(value)) data[key] = (value as JsonObject)[key];
  return data;
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

/**
 * The data as JSON text.
 *
 * @throws {@link DataError} naming the path of the first value that would not come back as it is: a Date, a Map, a class's
 * object, a function, NaN, a cycle; or when the whole is larger than 64 KB or deeper than 100 levels.
 * @param known How long the text was before: parallel requests may have made it too long, and nobody is locked out for that.
 */
export function stringifyData(data: JsonObject, known = 0): string {
  check(data, [], new Set());
  const text = JSON.stringify(data);
  // A character takes at most three bytes, so most texts need no counting.
  const bytes = text.length * 3 <= MAX_DATA_BYTES ? text.length : utf8Length(text);
  if (bytes > MAX_DATA_BYTES && text.length > known) {
    throw new DataError(
      "ERR_DATA_TOO_LARGE",
      `Cannot save the session: its data takes ${bytes} bytes, the limit is ${MAX_DATA_BYTES}`,
    );
  }
  return text;
}

function check(value: unknown, path: (string | number)[], above: Set<object>): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) refuse(path, String(value));
    return;
  }
  if (typeof value !== "object") refuse(path, value === undefined ? "undefined" : `a ${typeof value}`);
  if (above.has(value)) refuse(path, "a reference to an object that holds it");
  if (above.size === MAX_DEPTH) refuse(path.slice(0, 3), `more than ${MAX_DEPTH} levels`);
  above.add(value);
  if (Array.isArray(value)) checkItems(value, path, above);
  else checkProperties(value, path, above);
  above.delete(value);
}

function checkItems(items: unknown[], path: (string | number)[], above: Set<object>): void {
  if (Object.getPrototypeOf(items) !== Array.prototype) refuse(path, "a class object");
  // An array owns its items and its length; JSON would drop whatever else it owns.
  if (Reflect.ownKeys(items).length > items.length + 1) refuse(path, "an array with properties");
  for (let index = 0; index < items.length; index++) check(items[index], [...path, index], above);
}

function checkProperties(object: object, path: (string | number)[], above: Set<object>): void {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== null && prototype !== Object.prototype) {
    refuse(path, `a ${prototype.constructor?.name || "class"} object`);
  }
  if (typeof (object as { toJSON?: unknown }).toJSON === "function") refuse([...path, "toJSON"], "a function");
  if (Object.getOwnPropertySymbols(object).length > 0) refuse(path, "a symbol key");
  for (const [key, value] of Object.entries(object)) {
    // An undefined property is left out by JSON, and reads as undefined again: nothing is lost.
    if (value !== undefined) check(value, [...path, key], above);
  }
}

function refuse(path: (string | number)[], what: string): never {
  const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
  throw new DataError(
    "ERR_DATA_NOT_JSON",
    `Cannot save the session: data${place.slice(0, 200)} holds ${what}, which JSON cannot carry`,
  );
}
