/**
 * Checks the options of the SQL stores.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { TIMEOUT } from "../../ground/in-time.ts";
import { checkGiven, checkValue, refuseUnknown } from "../../ground/option-values.ts";

export const DEFAULT_TABLE = "web_sessions";

/** @throws OptionError for anything but options of this store. */
export function checkOptions(options: object, store: string, known: readonly string[]): void {
  checkGiven(options, store, "{ table }");
  refuseUnknown(options, new Set(known));
}

/** @throws OptionError unless it is a number of seconds, 0 or more. */
export function checkSeconds(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new OptionError("ERR_OPTION", `Cannot use option ${name}: it must be a number of seconds, 0 or more`);
}

/**
 * @param parts 2 if the name may include a schema. It must then be shorter, to leave room for the index's name.
 * @throws OptionError unless the name needs no escaping in any database.
 */
export function checkTable(table: string, parts: 1 | 2 = 1): string {
  const most = parts === 1 ? 63 : 55;
  const names = typeof table === "string" ? table.split(".") : [];
  const isName = (name: string) => /^[A-Za-z_]\w*$/.test(name) && name.length <= most && !/^sqlite_/i.test(name);
  if (names.length >= 1 && names.length <= parts && names.every(isName)) return table;
  throw new OptionError(
    "ERR_OPTION",
    `Cannot use option table: a name must be 1 to ${most} letters, digits and _, not starting with a digit`,
  );
}

/** @throws OptionError unless it is a number of seconds, more than 0 and at most 600. */
export function checkTimeout(timeout: number): number {
  checkValue("timeout", timeout, TIMEOUT);
  return timeout;
}
