/**
 * Patches: the difference between a session's data before and after a request, key by key.
 *
 * Only top-level keys are compared. A nested object is replaced as a whole, never merged, and `null`
 * is a value (unlike RFC 7396).
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import { isPlain, type JsonObject, parseData } from "../ground/json.ts";

/** A change of a session's data. Keys are keys of the data, never fields of a record. */
export interface Patch {
  /** Drops the existing data first, for a login that keeps nothing. */
  readonly replacesData?: true;
  /** Keys to set, with their values as JSON text. */
  readonly set: ReadonlyArray<readonly [key: string, json: string]>;
  /** Keys to remove. */
  readonly unset: readonly string[];
}

/** What turns `before` into `after`; null if they are equal. */
export function diff(before: JsonObject, after: JsonObject): Patch | null {
  const set: [string, string][] = [];
  for (const key of Object.keys(after)) {
    const value = after[key];
    const known = Object.hasOwn(before, key);
    if (known && typeof value !== "object" && value === before[key]) continue;
    const json = JSON.stringify(value);
    // JSON has no undefined, so such a key reads as undefined next time.
    if (json !== undefined && !(known && JSON.stringify(before[key]) === json)) set.push([key, json]);
  }
  const unset = Object.keys(before).filter((key) => !Object.hasOwn(after, key) || after[key] === undefined);
  return set.length === 0 && unset.length === 0 ? null : { set, unset };
}

/** The JSON text after a patch. @throws SyntaxError if the given text is not JSON */
export function applyPatch(data: string, patch: Patch): string {
  const after = tryPatch(data, patch);
  if (after === null) throw new SyntaxError("Cannot apply a patch: the record's data is not a JSON object");
  return after;
}

/** As {@link applyPatch}; null if the text is not JSON. */
export function tryPatch(data: string, patch: Patch): string | null {
  const object = patch.replacesData ? Object.create(null) : parseData(data);
  if (object === null) return null;
  for (const key of patch.unset) delete object[key];
  for (const [key, json] of patch.set) object[key] = JSON.parse(json);
  return JSON.stringify(object);
}

/** @throws OptionError unless it is a plain object, for example for a Map, or a function meant for `update()` */
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
