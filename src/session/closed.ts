/**
 * The data of a session after its response: readable, and it refuses changes.
 *
 * @module
 */
import { StateError } from "../ground/errors.ts";
import type { JsonObject } from "../ground/json.ts";

/** A view that refuses changes. */
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

export function committedError(): StateError {
  return new StateError(
    "ERR_SESSION_COMMITTED",
    "Cannot change the session: its response has already been made. Change it before that",
  );
}
