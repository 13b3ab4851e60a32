/** Everything that a logger could possibly find in a value, as one text. */
import { inspect } from "node:util";

export function inspectDeeply(value: unknown): string {
  const found: string[] = [inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true })];
  try {
    found.push(String(value), JSON.stringify(value) ?? "");
  } catch {
    // What cannot be written as text or JSON is walked below all the same.
  }
  walk(value, new Set(), found);
  return found.join("\n");
}

/** Own and inherited properties, hidden ones and symbols included. */
function walk(value: unknown, seen: Set<unknown>, found: string[]): void {
  if (typeof value !== "object" || value === null) {
    found.push(typeof value === "symbol" ? (value.description ?? "") : String(value));
    return;
  }
  if (seen.has(value)) return;
  seen.add(value);
  for (let owner: object | null = value; owner !== null && owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
    for (const key of Reflect.ownKeys(owner)) {
      found.push(String(key));
      const { value: own, get } = Object.getOwnPropertyDescriptor(owner, key) as PropertyDescriptor;
      if (get !== undefined)
        walk(
          read(() => get.call(value)),
          seen,
          found,
        );
      else if (typeof own !== "function") walk(own, seen, found);
    }
  }
}

function read(get: () => unknown): unknown {
  try {
    return get();
  } catch (error) {
    return error;
  }
}
