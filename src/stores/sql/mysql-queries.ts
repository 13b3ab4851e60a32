/**
 * The two ways to query a MySQL server: with prepared statements, or with the values written into the statement.
 *
 * @module
 */
import type { SqlValue } from "./rows.ts";
import type { Statement } from "./statements.ts";

/** The rows that were read, or the effect of a write. */
export type MysqlResult = unknown;

/** The methods used of a pool or a connection. */
export interface MysqlQueries {
  query(options: string | MysqlStatement): Promise<readonly [unknown, ...unknown[]]>;
  execute?(options: MysqlStatement, values: (string | number | null)[]): Promise<readonly [unknown, ...unknown[]]>;
}

/** A statement, with options that override the application's own. */
export interface MysqlStatement {
  readonly sql: string;
  readonly rowsAsArray: false;
  readonly nestTables: false;
  readonly namedPlaceholders: false;
  readonly typeCast: true;
}

export type Ask = (queries: MysqlQueries, statement: Statement) => Promise<MysqlResult>;

export function askBy(prepared: boolean): Ask {
  return async (queries, [sql, ...values]) => {
    const [result] = prepared
      ? await (queries.execute as NonNullable<MysqlQueries["execute"]>)(plainly(sql), values)
      : await queries.query(plainly(written(sql, values)));
    return result;
  };
}

const plainly = (sql: string): MysqlStatement => ({
  sql,
  rowsAsArray: false,
  nestTables: false,
  namedPlaceholders: false,
  typeCast: true,
});

/** Writes the values into the statement. Our statements contain no other question marks. */
function written(sql: string, values: readonly SqlValue[]): string {
  let place = 0;
  return sql.replace(/\?/g, () => literal(values[place++] as SqlValue));
}

/** Hexadecimal digits are safe however the server treats backslashes and quotes. */
function literal(value: SqlValue): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(Number(value));
  const bytes = new TextEncoder().encode(value);
  return `_utf8mb4 X'${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}'`;
}
