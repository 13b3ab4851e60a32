/**
 * A store in Cloudflare D1: SQLite with one primary, strongly consistent, billed by the row.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { checkOptions, DEFAULT_TABLE } from "./options.ts";
import { SQLITE, sessionTable } from "./sqlite-dialect.ts";
import { callsFor, type Statement } from "./statements.ts";
import { defineSql, type SqlDatabase, type SqlSessionStore, SqlStore } from "./store.ts";

export { sessionTable } from "./sqlite-dialect.ts";
export type { SqlSessionStore };

/** The methods used of a prepared statement. */
export interface D1Statement {
  bind(...values: (string | number | null)[]): D1Statement;
  all(): Promise<{ results: unknown[] }>;
}

/** The methods used of a `D1Database`, or of a D1 session. */
export interface D1Queries {
  prepare(sql: string): D1Statement;
  batch(statements: D1Statement[]): Promise<{ results: unknown[] }[]>;
}

/** The methods used of the binding, a `D1Database`. */
export interface D1Binding extends D1Queries {
  withSession?(constraint: "first-primary"): D1Queries;
}

/** Options of the D1 store. */
export interface D1Options {
  /** The table. Letters, digits and `_`. Default: `"web_sessions"`. */
  table?: string;
  /** Whether to create the table when a query finds none, so that you need no migration. Default: true. */
  createTable?: boolean;
}

/**
 * Creates a store in a D1 database. Each call is one round trip to the database's primary. A touch that
 * is due, and finding out why a change was refused, take two. Reads never use a replica, which could show
 * a session that ended long ago (https://developers.cloudflare.com/d1/best-practices/read-replication/).
 *
 * Expired rows stay until you call `sweep(now)`, for example from a Cron Trigger.
 *
 * @param database The binding, such as `env.SESSIONS_DB`.
 * @throws OptionError if it is not a D1 binding, with the lines to add to wrangler.toml, or if an option is invalid.
 *
 * @example
 * ```ts
 * import { env } from "cloudflare:workers";
 * const sessions = createSessions({ secrets: env.SESSION_SECRET, store: d1(env.SESSIONS_DB) });
 * ```
 */
export function d1(database: D1Binding, options: D1Options = {}): SqlSessionStore {
  checkOptions(options, "d1", ["table", "createTable"]);
  const { table = DEFAULT_TABLE, createTable = true } = options;
  const tables = sessionTable(table);
  if (typeof database?.prepare !== "function" || typeof database.batch !== "function") {
    throw new OptionError(
      "ERR_OPTION",
      'Cannot use the D1 database: it is not a D1 binding. Run "npx wrangler d1 create sessions" and add to wrangler.toml: ' +
        '[[d1_databases]] binding = "SESSIONS_DB" database_name = "sessions" database_id = "<the id it printed>"',
    );
  }
  return defineSql(new SqlStore(new D1Connection(database, createTable ? tables : []), callsFor(SQLITE, table, STRETCH)));
}

/** Rows per step of a sweep. A step is one or two queries, and reading a row costs a thousandth of writing one. */
const STRETCH = 10_000;

/** A failure of D1. Its own message may contain bound values, so it is dropped. */
class D1Failure extends Error {
  readonly code = "D1_ERROR";
  readonly retryable: boolean;

  constructor(error: unknown) {
    super("Cannot use the session database: D1 failed");
    this.name = "D1Failure";
    this.retryable = TRANSIENT.some((text) => messageOf(error).includes(text));
  }
}

/** D1's errors that are worth a retry: https://developers.cloudflare.com/d1/observability/debug-d1/#error-list */
const TRANSIENT = [
  "Network connection lost",
  "storage caused object to be reset",
  "reset because its code was updated",
  "transient issue on remote node",
];

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

class D1Connection implements SqlDatabase {
  readonly #database: D1Binding;
  readonly #tables: readonly string[];

  constructor(database: D1Binding, tables: readonly string[]) {
    this.#database = database;
    this.#tables = tables;
  }

  read([sql, ...values]: Statement): Promise<unknown[]> {
    return this.#run(
      async (queries) =>
        (
          await queries
            .prepare(sql)
            .bind(...values)
            .all()
        ).results,
    );
  }

  /** A batch is a transaction: https://developers.cloudflare.com/d1/worker-api/d1-database/#batch */
  write(statements: readonly Statement[]): Promise<unknown[][]> {
    return this.#run((queries) => batch(queries, statements));
  }

  async #run<Result>(ask: (queries: D1Queries) => Promise<Result>): Promise<Result> {
    try {
      return await ask(this.#queries()).catch(async (error) => {
        if (this.#tables.length === 0 || !messageOf(error).includes("no such table")) throw error;
        await batch(
          this.#queries(),
          this.#tables.map((sql) => [sql]),
        );
        return ask(this.#queries());
      });
    } catch (error) {
      throw new D1Failure(error);
    }
  }

  /** A new D1 session sends its first query to the primary even if replicas are enabled. */
  #queries(): D1Queries {
    return this.#database.withSession?.("first-primary") ?? this.#database;
  }
}

async function batch(queries: D1Queries, statements: readonly Statement[]): Promise<unknown[][]> {
  const bound = statements.map(([sql, ...values]) => queries.prepare(sql).bind(...values));
  return (await queries.batch(bound)).map(({ results }) => results);
}
