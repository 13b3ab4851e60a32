/**
 * A store in PostgreSQL, in one table, through any client that has `query(text, values)`.
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

/** Options of the Postgres store. */
export interface PostgresOptions {
  /**
   * The table, with its schema if that is not the first of the search path:
   * `"auth.sessions"`. Letters, digits and `_`. Default: `"web_sessions"`.
   */
  table?: string;
  /**
   * Whether to create the table when a statement finds none. If the role
   * may not create tables, the error says what to do. Default: true.
   */
  createTable?: boolean;
  /**
   * How long a call may take, in seconds, at most 600, including the wait for a connection of the pool.
   * After that it fails with the reason `TIMEOUT`, but Postgres may still execute it. Default: 5.
   */
  timeout?: number;
}

/**
 * Creates a store in PostgreSQL 13 or later. Each call is one statement and uses no connection
 * state, so it works through poolers that switch connections between transactions. Expired
 * rows stay until you call `sweep(now)`, so call it regularly, or let `pg_cron` delete them.
 *
 * @param client A `Pool` or `Client` of `pg`, or any object with its `query(text, values)`. You open and close its
 * connections. Add a listener for `"error"` to a pool: without one, losing an idle connection ends the process.
 * @throws OptionError if it is not such a client, or an option is invalid.
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
  checkOptions(options, "postgres", ["table", "createTable", "timeout"]);
  const table = checkTable(options.table ?? DEFAULT_TABLE, 2);
  const timeout = checkTimeout(options.timeout ?? 5);
  if (typeof client?.query !== "function") {
    const advice = "pass a Pool of the package pg, or an object with query(text, values) that returns { rows }";
    throw new OptionError("ERR_OPTION", `Cannot use this Postgres client: ${advice}`);
  }
  const tables = (options.createTable ?? true) ? postgresTable(table) : [];
  return defineSql(
    new PostgresStore(new PostgresDatabase(client, { table, tables, timeout }), callsFor(POSTGRES, table, STRETCH)),
  );
}

/** Rows per step of a sweep, which takes some milliseconds. */
const STRETCH = 5000;

/** How many simultaneous logins of one user are allowed for. */
const ROOM = 32;

class PostgresStore extends ServerStore {
  /**
   * Simultaneous logins of a user do not see each other's sessions, and together may exceed the
   * limit. So near the limit it is checked once more, when each check sees all rows written before.
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
