/**
 * One session per name in a request: two would set the same cookie, and the changes of one would be lost.
 *
 * @module
 */
import { OptionError } from "../ground/errors.ts";

/** The error for a second middleware with the same name in one request. */
export function twice(name: string): OptionError {
  const advice = "both would set the same cookie. Use one middleware for both, or give one another name.";
  return new OptionError("ERR_OPTION", `Cannot use two sessions named "${name}" in one request: ${advice}`);
}
