/**
 * Sessions in MySQL or MariaDB: one table, and one statement for most calls. For a pool or a connection of `mysql2/promise`.
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

/** How a MySQL store keeps sessions. */
export interface MysqlOptions {
  /** The table, with its database if that is not the connection's: `"auth.sessions"`. Letters, digits and `_`. Default `"web_sessions"`. */
  table?: string;
  /**
   * True makes the table when a statement finds none. An account that may not create gets an error then that says what to do, so that with the
   * rights of production nothing is ever made. Default true.
   */
  createTable?: boolean;
  /**
   * True asks by `execute()`, with statements that the server prepares once for each connection. False asks by `query()`, for proxies that know no
   * prepared statements; values are written into the statement then, as hexadecimal digits, which no setting of the server reads as anything else.
   * Default true.
   */
  prepared?: boolean;
  /**
   * How long to wait for an answer, in seconds, a connection of the pool included. A call that takes longer fails with the reason `TIMEOUT`; the
   * server may still carry it out. Default 5.
   */
  timeout?: number;
}

/**
 * Keeps sessions in MariaDB 10.11 or MySQL 8, or later, in an InnoDB table. A call is one statement; logins, new ids and the end of a session that has
 * just got a new id are a few. What has expired stays until `sweep(now)`: call it now and then.
 *
 * @param client A pool of `mysql2/promise`, or a connection for sessions alone. Its connections are yours to open and to close.
 * @throws OptionError when it is no such client, or an option cannot be used.
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
  checkOptions(options, ["table", "createTable", "prepared", "timeout"]);
  const table = checkTable(options.table ?? DEFAULT_TABLE, 2);
  const timeout = checkTimeout(options.timeout ?? 5);
  const { createTable = true, prepared = true } = options;
  // A connection that is still to come, and a client that takes callbacks.
  const { then, promise } = (client ?? {}) as { then?: unknown; promise?: unknown };
  const isPromised = typeof client?.query === "function" && then === undefined && promise === undefined;
  if (!isPromised || (prepared && typeof client.execute !== "function")) {
    const advice = 'pass what createPool() of "mysql2/promise" gives, or pool.promise() of one that takes callbacks';
    throw new OptionError("ERR_OPTION", `Cannot use this MySQL client: ${advice}`);
  }
  const database = new MysqlDatabase(client, { table, tables: createTable ? mysqlTable(table) : [], prepared, timeout });
  return defineSql(new MysqlStore(database, callsFor(MYSQL, table, STRETCH)));
}

/** How many rows a step of a sweep looks at: some milliseconds. */
const STRETCH = 5000;

/** A blank at the end counts in a subject, but not where MySQL compares texts. */
const BLANK_AT_END = / $/;

class MysqlStore extends ServerStore {
  /** No row comes with what was written. So a touch is one of the row as it was read, and what it is then is known. */
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
      // Where it was changed meanwhile, there is another row to take, or none.
      if (taken?.length === 1) return recordFromRow(row);
    }
  }

  protected override subjectText(subject: string): string {
    return super.subjectText(subject).replace(BLANK_AT_END, "%0020");
  }
}

/** What is another one after every change of a session. */
function asRead({ id, version, seen_at: seenAt, expires_at: lastsUntil }: SessionRow) {
  return { id, version, seenAt, lastsUntil };
}
