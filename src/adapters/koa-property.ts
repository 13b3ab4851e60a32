/**
 * `ctx.session`: what reading it, setting it to an object and setting it to null do.
 *
 * @module
 */
import { DataError } from "../errors.ts";
import type { Session } from "../index.ts";
import type { JsonObject } from "../json.ts";
import type { SessionState } from "../state.ts";

/** The property of one request; `loadNow` loads the session that nobody has asked for yet. */
export function sessionProperty<Data extends object>(
  visitor: Session<Data>,
  state: SessionState,
  loadNow: () => void,
): PropertyDescriptor {
  let emptied = false;
  return {
    configurable: true,
    enumerable: true,
    get() {
      loadNow();
      const { data } = visitor;
      const ended = emptied && state.destroyed && state.kept === null && state.renewal === null && !state.content.replaced;
      return ended && Object.keys(data).length === 0 ? null : data;
    },
    set(value: unknown) {
      loadNow();
      // As before: whatever is empty ends the session.
      emptied = !value;
      if (emptied) endSession(visitor, state);
      else if (value !== visitor.data) replaceData(state, value);
    },
  };
}

/** Ends the session; an object of its data that a handler still holds stays as it is. */
function endSession<Data extends object>(visitor: Session<Data>, state: SessionState): void {
  state.assertWritable();
  state.content.replace({});
  visitor.destroy();
}

function replaceData(state: SessionState, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isExotic(value)) {
    const kind = Array.isArray(value) ? "an array" : `a ${isExotic(value) ? "built-in object" : typeof value}`;
    throw new DataError("ERR_DATA_NOT_JSON", `Cannot use ${kind} as the session: it must be a plain object, or null to end it`);
  }
  state.assertWritable();
  state.content.replace(value as JsonObject);
}

/** Whether an object's contents are not in its properties, so that storing those would lose it: a Map, a Date, a Buffer. */
function isExotic(value: unknown): boolean {
  return Object.prototype.toString.call(value) !== "[object Object]" || ArrayBuffer.isView(value);
}
