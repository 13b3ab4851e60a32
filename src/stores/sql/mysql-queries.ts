/**
 * The two ways to ask a MySQL server: statements that it has prepared, and statements with their values in them.
 *
 * @module
 */
import type { SqlValue } from "./rows.ts";
import type { Statement } from "./statements.ts";

/** What a statement answers: rows, or what it did. */
export type MysqlResult = unknown;

/** What the store uses of whatever asks: a pool, or one connection. */
export interface MysqlQueries {
  query(options: string | MysqlStatement): Promise<readonly [unknown, ...unknown[]]>;
  execute?(options: MysqlStatement, values: (string | number | null)[]): Promise<readonly [unknown, ...unknown[]]>;
}

/** A statement, and what must not be as an application has it for its own. */
export interface MysqlStatement {
  readonly sql: string;
  readonly rowsAsArray: false;
  readonly nestTables: false;
  readonly namedPlaceholders: false;
  readonly typeCast: true;
}

/** Runs a statement. */
export type Ask = (queries: MysqlQueries, statement: Statement) => Promise<MysqlResult>;

/** `prepared`: by `execute()`. */
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

/** The statement with its values. No text of this library has a question mark but for them. */
function written(sql: string, values: readonly SqlValue[]): string {
  let place = 0;
  return sql.replace(/\?/g, () => literal(values[place++] as SqlValue));
}

/** Digits alone: what a backslash or a quote means to the server is of no account. */
function literal(value: SqlValue): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(Number(value));
  const bytes = new TextEncoder().encode(value);
  return `_utf8mb4 X'${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}'`;
}
