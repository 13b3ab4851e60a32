/** A store of three methods over a Map. */
import type { PlainResult, PlainStore } from "../../src/stores/bridges/plain.ts";

/** Its methods give what `give` makes of what they do; the value itself if nothing else is said. */
export function plainRows(
  rows: Map<string, string>,
  give: <Value>(act: () => Value) => PlainResult<Value> = (act) => act(),
): PlainStore {
  return {
    load: (sid) => give(() => rows.get(sid)),
    save: (sid, data) => give(() => rows.set(sid, data)),
    remove: (sid) => give(() => rows.delete(sid)),
  };
}
