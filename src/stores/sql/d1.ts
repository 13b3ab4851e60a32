/**
 * Sessions in Cloudflare D1: SQLite with one writer, anywhere in the world. Strong, and billed by the row.
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

/** What the store uses of a prepared statement. */
export interface D1Statement {
  bind(...values: (string | number | null)[]): D1Statement;
  all(): Promise<{ results: unknown[] }>;
}

/** What the store uses of a `D1Database`, or of what its `withSession` gives. */
export interface D1Queries {
  prepare(sql: string): D1Statement;
  batch(statements: D1Statement[]): Promise<{ results: unknown[] }[]>;
}

/** What the store uses of the binding: a `D1Database` has it. */
export interface D1Binding extends D1Queries {
  withSession?(constraint: "first-primary"): D1Queries;
}

/** How a D1 store keeps sessions. */
export interface D1Options {
  /** The table. Letters, digits and `_`. Default `"web_sessions"`. */
  table?: string;
  /** True makes the table when a query finds none, so that no migration is needed. Default true. */
  createTable?: boolean;
}

/**
 * Keeps sessions in a D1 database. Each call is one round trip to the database's primary; only the touch of a session that
 * is due, and finding out why a change was not made, are two. Reads never go to a replica: those may show a session that was
 * ended long ago (https://developers.cloudflare.com/d1/best-practices/read-replication/).
 *
 * What has expired stays until `sweep(now)`: call it from a Cron Trigger.
 *
 * @param database The binding, as `env.SESSIONS_DB`.
 * @throws OptionError when it is not a D1 binding, saying what to write into wrangler.toml.
 *
 * @example
 * ```ts
 * import { env } from "cloudflare:workers";
 * const sessions = createSessions({ secrets: env.SESSION_SECRET, store: d1(env.SESSIONS_DB) });
 * ```
 */
export function d1(database: D1Binding, options: D1Options = {}): SqlSessionStore {
  checkOptions(options, ["table", "createTable"]);
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

/** How many rows a step of a sweep looks at. A row read costs a thousandth of a row written, a step is one or two queries. */
const STRETCH = 10_000;

/** A failure of D1. Its own message is dropped: it may hold what was bound. */
class D1Failure extends Error {
  readonly code = "D1_ERROR";
  readonly retryable: boolean;

  constructor(error: unknown) {
    super("Cannot use the session database: D1 failed");
    this.name = "D1Failure";
    this.retryable = TRANSIENT.some((text) => messageOf(error).includes(text));
  }
}

/** What D1 says when the same query may work the next time: https://developers.cloudflare.com/d1/observability/debug-d1/#error-list */
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

  /** A D1 session for each call: its first query goes to the primary, also where replicas are on. */
  #queries(): D1Queries {
    return this.#database.withSession?.("first-primary") ?? this.#database;
  }
}

async function batch(queries: D1Queries, statements: readonly Statement[]): Promise<unknown[][]> {
  const bound = statements.map(([sql, ...values]) => queries.prepare(sql).bind(...values));
  return (await queries.batch(bound)).map(({ results }) => results);
}
