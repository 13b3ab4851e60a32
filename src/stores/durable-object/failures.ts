/**
 * Errors of a session's object: which to retry, and what configuration is missing.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";

export type ObjectFailure = Error & { readonly code?: string; readonly retryable?: boolean };

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

/** Older objects lack `take`. Nothing else can replace it without two callers getting the record. */
const OLD_OBJECT = "its version of web-session-store cannot take a record. Deploy the Worker that exports SessionObject";

const NO_SQL = `the class has no SQLite. In wrangler.toml it must be under [exports], which needs wrangler 4.107,

  [exports.SessionObject]
  type = "durable-object"
  storage = "sqlite"

or in [[migrations]] under new_sqlite_classes, not new_classes. A class that was deployed without stays without: give it another name
in the Worker's main file, and in the binding:

  export { SessionObject as UserSessions } from "web-session-store/stores/session-object";
`;

/** Error messages of workerd, wrangler dev and Cloudflare's Vitest plugin, with the matching advice. */
const MISSING: readonly (readonly [RegExp, string])[] = [
  [/SQL is not enabled/i, NO_SQL],
  [/does not export a (?:\S+ )?Durable Object/i, `the Worker does not export the class of the binding. ${WIRING}`],
  [
    /^Worker .* not found\. Make sure it is running/i,
    "the Worker in script_name is not running here. Start it too: npx wrangler dev, in its folder",
  ],
  [/does not (?:implement|support RPC)/i, `the class is not SessionObject. ${WIRING}`],
];

/** Drops Cloudflare's message, because the core shows at most a code. */
export function failureOf(error: unknown): ObjectFailure {
  if (error instanceof OptionError) return error;
  const { message, overloaded, retryable, durableObjectReset } = (error ?? {}) as Partial<Record<string, unknown>>;
  if (overloaded === true) return coded("OVERLOADED", "it has more requests than it can handle", false);
  if (retryable === true) return coded("UNREACHABLE", "it cannot be reached", true);
  const text = String(message);
  if (/does not implement (?:the method )?"take"/.test(text)) return coded("OLD_OBJECT", OLD_OBJECT, false);
  const missing = MISSING.find(([said]) => said.test(text));
  if (missing !== undefined) return wrong(missing[1]);
  if (durableObjectReset === true) return coded("RESET", "it was reset", true);
  return error instanceof Error ? error : coded("FAILED", "it failed", false);
}

export function notABinding(given: unknown): OptionError {
  const what = given === undefined || given === null ? "the binding is missing" : "it is not a Durable Object binding";
  return wrong(`${what}. ${WIRING}`);
}

/** The error for a Worker whose compatibility date is too old for RPC. */
export function withoutRpc(): OptionError {
  return wrong("this Worker cannot call methods of objects. Its compatibility_date must be 2024-04-03 or later");
}

function wrong(what: string): OptionError {
  return new OptionError("ERR_OPTION", `Cannot keep sessions in Durable Objects: ${what}`);
}

function coded(code: string, what: string, retryable: boolean): ObjectFailure {
  return Object.assign(new Error(`Cannot ask the session's object: ${what}`), { code, retryable });
}
