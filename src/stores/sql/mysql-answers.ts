/**
 * Error codes of MySQL and MariaDB: https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
 *
 * @module
 */
import type { Answers } from "./failure.ts";

const ofServer = (error: unknown): string | undefined => {
  const { code, errno } = (error ?? {}) as { code?: unknown; errno?: unknown };
  return typeof code === "string" && /^ER_\w{1,50}$/.test(code) && typeof errno === "number" ? code : undefined;
};

/** Connection errors have other codes, such as ECONNREFUSED and PROTOCOL_CONNECTION_LOST. */
export const MYSQL_ANSWERS: Answers = {
  codeOf: ofServer,
  // Each rolls back the whole transaction.
  collided: new Set(["ER_LOCK_DEADLOCK", "ER_CHECKREAD"]),
  passing: new Set([
    ...["ER_CON_COUNT_ERROR", "ER_TOO_MANY_USER_CONNECTIONS", "ER_USER_LIMIT_REACHED", "ER_SERVER_SHUTDOWN"],
    ...[
      "ER_LOCK_WAIT_TIMEOUT",
      "ER_QUERY_INTERRUPTED",
      "ER_QUERY_TIMEOUT",
      "ER_STATEMENT_TIMEOUT",
      "ER_OPTION_PREVENTS_STATEMENT",
    ],
    ...["ER_CONNECTION_KILLED", "ER_NORMAL_SHUTDOWN", "ER_UNKNOWN_STMT_HANDLER", "ER_NEED_REPREPARE"],
  ]),
  noTable: new Set(["ER_NO_SUCH_TABLE"]),
  notSetUp: new Set([
    ...["ER_BAD_FIELD_ERROR", "ER_BAD_DB_ERROR", "ER_NO_DB_ERROR", "ER_DBACCESS_DENIED_ERROR"],
    ...["ER_TABLEACCESS_DENIED_ERROR", "ER_COLUMNACCESS_DENIED_ERROR", "ER_FUNC_INEXISTENT_NAME_COLLISION"],
  ]),
};

export const MYSQL_ADVICE =
  "If the database exists, run the statements of mysqlTable() by an account that may create, and GRANT SELECT, INSERT, UPDATE, DELETE on the table to this one";

export function says(error: unknown, codes: ReadonlySet<string>): boolean {
  const code = ofServer(error);
  return code !== undefined && codes.has(code);
}
