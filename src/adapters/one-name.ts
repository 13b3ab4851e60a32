/**
 * One request has one session of a name: of two, both would set the same cookie, and one's changes would be lost.
 *
 * @module
 */
import { OptionError } from "../ground/errors.ts";

/** What is thrown where a second middleware of a name runs for one request. */
export function twice(name: string): OptionError {
  const advice = "use the same one twice, or give one another name";
  return new OptionError("ERR_OPTION", `Cannot use two sessions named "${name}" in one request: ${advice}`);
}
