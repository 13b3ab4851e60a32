/**
 * Patches: the difference between a session's data before and after a request, key by key.
 *
 * Only top-level keys are compared. A nested object is one value: it is replaced, never merged. `null` is a value too.
 * (So this is not RFC 7396, where null removes and objects merge.)
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import { isPlain, type JsonObject, parseData } from "../ground/json.ts";

/** A change of a session's data. Keys are data: they are never names of a record's fields. */
export interface Patch {
  /** Drop everything that is there first. Only used when a login keeps nothing. */
  readonly replacesData?: true;
  /** Keys to set, with their values as JSON text. */
  readonly set: ReadonlyArray<readonly [key: string, json: string]>;
  /** Keys to remove. */
  readonly unset: readonly string[];
}

/** What turns `before` into `after`, or null when nothing does because they are equal. */
export function diff(before: JsonObject, after: JsonObject): Patch | null {
  const set: [string, string][] = [];
  for (const key of Object.keys(after)) {
    const value = after[key];
    const known = Object.hasOwn(before, key);
    // Objects are compared by what they hold.
    if (known && typeof value !== "object" && value === before[key]) continue;
    const json = JSON.stringify(value);
    // A key whose value is undefined is no key in JSON, so it reads as undefined again next time.
    if (json !== undefined && !(known && JSON.stringify(before[key]) === json)) set.push([key, json]);
  }
  const unset = Object.keys(before).filter((key) => !Object.hasOwn(after, key) || after[key] === undefined);
  return set.length === 0 && unset.length === 0 ? null : { set, unset };
}

/** The JSON text after a patch. Throws a SyntaxError only when the text it is given is not JSON. */
export function applyPatch(data: string, patch: Patch): string {
  const after = tryPatch(data, patch);
  if (after === null) throw new SyntaxError("Cannot apply a patch: the record's data is not a JSON object");
  return after;
}

/** The same; null when the text is not JSON. */
export function tryPatch(data: string, patch: Patch): string | null {
  const object = patch.replacesData ? Object.create(null) : parseData(data);
  if (object === null) return null;
  for (const key of patch.unset) delete object[key];
  for (const [key, json] of patch.set) object[key] = JSON.parse(json);
  return JSON.stringify(object);
}

/** @throws OptionError for what is no plain object of keys and values, such as a Map, or a function that is meant for `update()` */
export function checkChanges(changes: unknown): void {
  if (isPlain(changes) && Object.getOwnPropertySymbols(changes).length === 0) return;
  cannot("patch the session", 'give an object of keys and values, as in patch({ theme: "dark" })');
}

/** Sets keys, and removes those whose value is undefined. */
export function assign(data: Record<string, unknown>, changes: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) delete data[key];
    else Object.defineProperty(data, key, { value, writable: true, enumerable: true, configurable: true });
  }
}
