/**
 * The data of a session whose answer is made: it can be read, and a change is told that it comes too late.
 *
 * @module
 */
import { StateError } from "../ground/errors.ts";
import type { JsonObject } from "../ground/json.ts";

/** The data, for reading. */
export function closedView(data: JsonObject, onChange: () => void): JsonObject {
  const refuse = () => {
    onChange();
    return true;
  };
  return new Proxy(data, { set: refuse, defineProperty: refuse, deleteProperty: refuse });
}

export function throwCommitted(): never {
  throw committedError();
}

/** What a change meets that comes too late. */
export function committedError(): StateError {
  return new StateError("ERR_SESSION_COMMITTED", "Cannot change the session: its response has already been made");
}
