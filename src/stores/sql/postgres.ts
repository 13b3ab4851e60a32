/**
 * Sessions in PostgreSQL: one table, and one statement for each call. Any client that has `query(text, values)`.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { checkOptions, checkTable, checkTimeout, DEFAULT_TABLE } from "./options.ts";
import { type PostgresClient, PostgresDatabase } from "./postgres-client.ts";
import { POSTGRES, postgresTable } from "./postgres-dialect.ts";
import { ServerStore } from "./server-store.ts";
import { type Calls, callsFor } from "./statements.ts";
import { defineSql, type SqlSessionStore, type Values } from "./store.ts";

export type { PostgresClient } from "./postgres-client.ts";
export { postgresTable } from "./postgres-dialect.ts";
export type { SqlSessionStore };

/** How a Postgres store keeps sessions. */
export interface PostgresOptions {
  /** The table, with its schema if that is not the first of the search path: `"auth.sessions"`. Letters, digits and `_`. Default `"web_sessions"`. */
  table?: string;
  /**
   * True makes the table when a statement finds none. A role that may not create gets an error then that says what to do, so that with the rights of
   * production nothing is ever made. Default true.
   */
  createTable?: boolean;
  /**
   * How long to wait for an answer, in seconds, a connection of the pool included. A call that takes longer fails with the reason `TIMEOUT`; Postgres
   * may still carry it out. Default 5.
   */
  timeout?: number;
}

/**
 * Keeps sessions in PostgreSQL 13 or later. Each call is one statement, with no state of a connection: it works through poolers that give each
 * transaction another connection. What has expired stays until `sweep(now)`: call it now and then, or have `pg_cron` do it.
 *
 * @param client A `Pool` or `Client` of `pg`, or whatever else has its `query(text, values)`. Its connections are yours to open and to close. Give a
 * pool a listener for `"error"`: without one, a connection that is lost while nobody uses it ends the process.
 * @throws OptionError when it is no such client, or an option cannot be used.
 *
 * @example
 * ```ts
 * import pg from "pg";
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 5000, query_timeout: 5000 });
 * pool.on("error", (error) => console.warn("Postgres:", error.message));
 * const sessions = createSessions({ secrets, store: postgres(pool) });
 * ```
 */
export function postgres(client: PostgresClient, options: PostgresOptions = {}): SqlSessionStore {
  checkOptions(options, ["table", "createTable", "timeout"]);
  const table = checkTable(options.table ?? DEFAULT_TABLE, 2);
  const timeout = checkTimeout(options.timeout ?? 5);
  if (typeof client?.query !== "function") {
    const advice = "pass a Pool of the package pg, or an object with query(text, values) that answers { rows }";
    throw new OptionError("ERR_OPTION", `Cannot use this Postgres client: ${advice}`);
  }
  const tables = (options.createTable ?? true) ? postgresTable(table) : [];
  return defineSql(
    new PostgresStore(new PostgresDatabase(client, { table, tables, timeout }), callsFor(POSTGRES, table, STRETCH)),
  );
}

/** How many rows a step of a sweep looks at: some milliseconds. */
const STRETCH = 5000;

/** So many logins of one user at the same instant are looked at. */
const ROOM = 32;

class PostgresStore extends ServerStore {
  /**
   * Logins of one user at the same time do not see each other's sessions, and together may leave too many. So where there is not plenty of room, what
   * is beyond the limit is looked at once more: each of them sees all who were written before.
   */
  protected override async write(call: keyof Calls, values: Values): Promise<unknown[][]> {
    const rows = await super.write(call, values);
    const [made] = (rows[0] ?? []) as { others?: number | string }[];
    const { subject, now, mostOthers } = values;
    if (made?.others === undefined || Number(made.others) + ROOM < Number(mostOthers)) return rows;
    const most = { id: "", to: "", mostOthers: Number(mostOthers) + 1 };
    await super.write("settle", { subject: subject as string, now: now as number, ...most });
    return rows;
  }
}
