/**
 * Checks of the options of the stores in SQL.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";

/** The table that sessions are in unless an option says otherwise. */
export const DEFAULT_TABLE = "web_sessions";

/** @throws OptionError for an option that there is not. */
export function checkOptions(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new OptionError("ERR_OPTION", `Cannot use option "${unknown}": there is no such option`);
}

/** @throws OptionError unless it is a number of seconds, 0 or more. */
export function checkSeconds(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new OptionError("ERR_OPTION", `Cannot use option ${name}: it must be a number of seconds, 0 or more`);
}

/**
 * @param parts 2 where the name may have that of a schema before it. There, no index's name may be longer than a table's.
 * @throws OptionError unless it is a name that needs no escaping in any database.
 */
export function checkTable(table: string, parts: 1 | 2 = 1): string {
  const most = parts === 1 ? 63 : 55;
  const names = typeof table === "string" ? table.split(".") : [];
  const isName = (name: string) => /^[A-Za-z_]\w*$/.test(name) && name.length <= most && !/^sqlite_/i.test(name);
  if (names.length >= 1 && names.length <= parts && names.every(isName)) return table;
  throw new OptionError("ERR_OPTION", `Cannot use option table: a name is 1 to ${most} letters, digits and _, no digit first`);
}

/** Seconds. */
const LONGEST_TIMEOUT = 600;

/** @throws OptionError unless it is a number of seconds that an answer can be waited for. */
export function checkTimeout(timeout: number): number {
  if (typeof timeout === "number" && timeout > 0 && timeout <= LONGEST_TIMEOUT) return timeout;
  throw new OptionError("ERR_OPTION", `Cannot use option timeout: it is in seconds, more than 0, and at most ${LONGEST_TIMEOUT}`);
}
