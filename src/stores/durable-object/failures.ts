/**
 * What a failure of a session's object means: to be asked again, or to be told what is missing.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";

/** A failure, and whether the call may be made again. */
export type ObjectFailure = Error & { readonly code?: string; readonly retryable?: boolean };

/** What is missing when the binding or the class is. */
const WIRING = `Add to wrangler.toml:

  [[durable_objects.bindings]]
  name = "SESSIONS"
  class_name = "SessionObject"

  [exports.SessionObject]
  type = "durable-object"
  storage = "sqlite"

and to the Worker's main file:

  export { SessionObject } from "web-session-store/stores/session-object";
`;

/** The only call that earlier builds lack. No other call of theirs can take its place: two callers could have the record. */
const OLD_OBJECT = "its version of web-session-store cannot take a record. Deploy the Worker that exports SessionObject";

const NO_SQL = `the class has no SQLite. In wrangler.toml it must be under [exports], which needs wrangler 4.107,

  [exports.SessionObject]
  type = "durable-object"
  storage = "sqlite"

or in [[migrations]] under new_sqlite_classes, not new_classes. A class that was deployed without stays without: give it another name
in the Worker's main file, and in the binding:

  export { SessionObject as UserSessions } from "web-session-store/stores/session-object";
`;

/** What runtimes and tools say, and what is missing then: in workerd itself, in wrangler dev, and in Cloudflare's Vitest plugin. */
const MISSING: readonly (readonly [RegExp, string])[] = [
  [/SQL is not enabled/i, NO_SQL],
  [/does not export a (?:\S+ )?Durable Object/i, `the Worker does not export the class of the binding. ${WIRING}`],
  [
    /^Worker .* not found\. Make sure it is running/i,
    "the Worker that script_name names does not run here. Start it, too: npx wrangler dev, in its folder",
  ],
  [/does not (?:implement|support RPC)/i, `the class is not SessionObject. ${WIRING}`],
];

/** The error for the application. The messages of Cloudflare's are lost on purpose: the core shows a word at most. */
export function failureOf(error: unknown): ObjectFailure {
  if (error instanceof OptionError) return error;
  const { message, overloaded, retryable, durableObjectReset } = (error ?? {}) as Partial<Record<string, unknown>>;
  if (overloaded === true) return coded("OVERLOADED", "it has more requests than it can answer", false);
  if (retryable === true) return coded("UNREACHABLE", "it cannot be reached", true);
  const text = String(message);
  if (/does not implement (?:the method )?"take"/.test(text)) return coded("OLD_OBJECT", OLD_OBJECT, false);
  const missing = MISSING.find(([said]) => said.test(text));
  if (missing !== undefined) return wrong(missing[1]);
  if (durableObjectReset === true) return coded("RESET", "it was reset", true);
  return error instanceof Error ? error : coded("FAILED", "it failed", false);
}

/** The error for a binding that is none. */
export function notABinding(given: unknown): OptionError {
  const what = given === undefined || given === null ? "the binding is missing" : "this is no binding of a Durable Object";
  return wrong(`${what}. ${WIRING}`);
}

/** The error for a Worker so old that its stubs have no methods. */
export function withoutRpc(): OptionError {
  return wrong("this Worker cannot call methods of objects. Its compatibility_date must be 2024-04-03 or later");
}

function wrong(what: string): OptionError {
  return new OptionError("ERR_OPTION", `Cannot keep sessions in Durable Objects: ${what}`);
}

function coded(code: string, what: string, retryable: boolean): ObjectFailure {
  return Object.assign(new Error(`Cannot ask the session's object: ${what}`), { code, retryable });
}
