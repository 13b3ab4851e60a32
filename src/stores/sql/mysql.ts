/**
 * A store in MySQL or MariaDB, in one table, through a pool or a connection of `mysql2/promise`.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import type { Key, SessionRecord } from "../../session/record.ts";
import { type MysqlClient, MysqlDatabase } from "./mysql-client.ts";
import { MYSQL, mysqlTable } from "./mysql-dialect.ts";
import { checkOptions, checkTable, checkTimeout, DEFAULT_TABLE } from "./options.ts";
import { recordFromRow, type SessionRow } from "./rows.ts";
import { ServerStore } from "./server-store.ts";
import { callsFor } from "./statements.ts";
import { defineSql, type Slide, type SqlSessionStore } from "./store.ts";

export type { MysqlClient, MysqlConnection } from "./mysql-client.ts";
export { mysqlTable } from "./mysql-dialect.ts";
export type { MysqlQueries, MysqlStatement } from "./mysql-queries.ts";
export type { SqlSessionStore };

/** Options of the MySQL store. */
export interface MysqlOptions {
  /**
   * The table, with its database if that is not the connection's:
   * `"auth.sessions"`. Letters, digits and `_`. Default: `"web_sessions"`.
   */
  table?: string;
  /**
   * Whether to create the table when a statement finds none. If the account
   * may not create tables, the error says what to do. Default: true.
   */
  createTable?: boolean;
  /**
   * Whether to use `execute()`, with statements that the server prepares once per
   * connection. Set it to false for proxies without prepared statements: `query()` then gets
   * the values as hexadecimal digits, which no server setting can misread. Default: true.
   */
  prepared?: boolean;
  /**
   * How long a call may take, in seconds, at most 600, including the wait for a connection of the pool.
   * After that it fails with the reason `TIMEOUT`, but the server may still execute it. Default: 5.
   */
  timeout?: number;
}

/**
 * Creates a store in MariaDB 10.11 or MySQL 8, or later, in an InnoDB table. Most calls
 * are one statement. Logins, new ids and the end of a session that has just changed its
 * id take a few. Expired rows stay until you call `sweep(now)`, so call it regularly.
 *
 * @param client A pool of `mysql2/promise`, or a connection used only for sessions. You open and close its connections.
 * @throws OptionError if it is not such a client, or an option is invalid.
 *
 * @example
 * ```ts
 * import { createPool } from "mysql2/promise";
 *
 * const pool = createPool({ uri: process.env.DATABASE_URL ?? "", connectTimeout: 5000 });
 * const sessions = createSessions({ secrets, store: mysql(pool) });
 * ```
 */
export function mysql(client: MysqlClient, options: MysqlOptions = {}): SqlSessionStore {
  checkOptions(options, "mysql", ["table", "createTable", "prepared", "timeout"]);
  const table = checkTable(options.table ?? DEFAULT_TABLE, 2);
  const timeout = checkTimeout(options.timeout ?? 5);
  const { createTable = true, prepared = true } = options;
  // A promise of a connection, or a client with callbacks.
  const { then, promise } = (client ?? {}) as { then?: unknown; promise?: unknown };
  const isPromised = typeof client?.query === "function" && then === undefined && promise === undefined;
  if (!isPromised || (prepared && typeof client.execute !== "function")) {
    const advice = 'pass a pool from createPool() of "mysql2/promise", or pool.promise() of a pool with callbacks';
    throw new OptionError("ERR_OPTION", `Cannot use this MySQL client: ${advice}`);
  }
  const database = new MysqlDatabase(client, { table, tables: createTable ? mysqlTable(table) : [], prepared, timeout });
  return defineSql(new MysqlStore(database, callsFor(MYSQL, table, STRETCH)));
}

/** Rows per step of a sweep, which takes some milliseconds. */
const STRETCH = 5000;

/** MySQL ignores a trailing blank when it compares strings. */
const BLANK_AT_END = / $/;

class MysqlStore extends ServerStore {
  /** A write returns no row. So it only touches the row as it was read, and the result is computed. */
  protected override async touchDue(row: SessionRow, { now, expiresAt }: Slide): Promise<SessionRow | undefined> {
    const [touched] = await this.write("touchDue", { ...asRead(row), now, expiresAt });
    if (touched?.length !== 1) return undefined;
    return { ...row, seen_at: Math.max(row.seen_at, now), expires_at: Math.max(row.expires_at, expiresAt) };
  }

  override async take({ id }: Key): Promise<SessionRecord | null> {
    for (;;) {
      const row = await this.row(id);
      if (row === undefined || row.moved_at !== null) return null;
      const [taken] = await this.write("take", asRead(row));
      // If the row changed meanwhile, there is another one to take, or none.
      if (taken?.length === 1) return recordFromRow(row);
    }
  }

  protected override subjectText(subject: string): string {
    return super.subjectText(subject).replace(BLANK_AT_END, "%0020");
  }
}

/** Differs after every change of a session. */
function asRead({ id, version, seen_at: seenAt, expires_at: lastsUntil }: SessionRow) {
  return { id, version, seenAt, lastsUntil };
}
