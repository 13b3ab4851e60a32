/**
 * A store in libSQL: a Turso database, a `sqld` server or a file, through `@libsql/client`.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { inTime } from "../../ground/in-time.ts";
import { type Answers, failureOf, tooLate } from "./failure.ts";
import { checkOptions, checkTimeout, DEFAULT_TABLE } from "./options.ts";
import { SQLITE, sessionTable } from "./sqlite-dialect.ts";
import { callsFor, type Statement } from "./statements.ts";
import { defineSql, type SqlDatabase, type SqlSessionStore, SqlStore } from "./store.ts";
import { makingTable } from "./tables.ts";

export { sessionTable } from "./sqlite-dialect.ts";
export type { SqlSessionStore };

/** A statement in libSQL's format. */
export interface LibsqlStatement {
  sql: string;
  args: (string | number | null)[];
}

/** The methods used of a `Client` of `@libsql/client`. */
export interface LibsqlClient {
  batch(statements: LibsqlStatement[], mode: "write" | "read"): Promise<{ readonly rows: readonly unknown[] }[]>;
  reconnect?(): void | Promise<void>;
}

/** Options of the libSQL store. */
export interface LibsqlOptions {
  /** The table. Letters, digits and `_`. Default: `"web_sessions"`. */
  table?: string;
  /** Whether to create the table when a statement finds none, so that you need no migration. Default: true. */
  createTable?: boolean;
  /**
   * How long a call may take, in seconds, at most 600. After that it fails with
   * the reason `TIMEOUT`, but the database may still execute it. Default: 5.
   */
  timeout?: number;
}

/**
 * Creates a store in libSQL, with the same table as `sqlite` and `d1`. Each call is
 * one round trip. A touch that is due, and finding out why a change was refused,
 * take two. Expired rows stay until you call `sweep(now)`, so call it regularly.
 *
 * Do not use an embedded replica (`syncUrl`): it would show sessions that ended long ago. If several processes share
 * a file, give the client a `timeout`, or use `sqlite`, which waits for the others without blocking its own process.
 *
 * @param client A client from `createClient()` of `@libsql/client`. You close it.
 * @throws OptionError if it is not such a client, or an option is invalid.
 *
 * @example
 * ```ts
 * import { createClient } from "@libsql/client";
 *
 * const client = createClient({ url: process.env.TURSO_DATABASE_URL ?? "file:sessions.db", authToken: process.env.TURSO_AUTH_TOKEN });
 * const sessions = createSessions({ secrets, store: libsql(client) });
 * ```
 */
export function libsql(client: LibsqlClient, options: LibsqlOptions = {}): SqlSessionStore {
  checkOptions(options, "libsql", ["table", "createTable", "timeout"]);
  const { table = DEFAULT_TABLE, createTable = true } = options;
  const tables = sessionTable(table);
  const timeout = checkTimeout(options.timeout ?? 5);
  if (typeof client?.batch !== "function") {
    throw new OptionError("ERR_OPTION", "Cannot use this libSQL client: pass a client from createClient() of @libsql/client");
  }
  const database = new LibsqlDatabase(client, table, createTable ? tables : [], timeout);
  return defineSql(new SqlStore(database, callsFor(SQLITE, table, STRETCH)));
}

/** Rows per step of a sweep. */
const STRETCH = 5000;

const ADVICE = "Run the statements of sessionTable(), or leave createTable on";

/**
 * SQLite has one code for a missing table and for other wrong
 * statements. Only the message, which holds no values, tells them apart.
 */
const ANSWERS: Answers = {
  codeOf(error) {
    const { code } = (error ?? {}) as { code?: unknown };
    if (/\bno such table\b/.test(error instanceof Error ? error.message : "")) return "NO_TABLE";
    return typeof code === "string" && /^SQLITE_[A-Z]{2,20}/.test(code) ? code.replace(/^(SQLITE_[A-Z]+).*/, "$1") : undefined;
  },
  collided: new Set(),
  // The client's option `timeout` makes it wait for locks.
  passing: new Set(["SQLITE_BUSY"]),
  noTable: new Set(["NO_TABLE"]),
  notSetUp: new Set(),
};

class LibsqlDatabase implements SqlDatabase {
  readonly #client: LibsqlClient;
  readonly #table: string;
  readonly #tables: readonly string[];
  readonly #timeout: number;

  constructor(client: LibsqlClient, table: string, tables: readonly string[], timeout: number) {
    this.#client = client;
    this.#table = table;
    this.#tables = tables;
    this.#timeout = timeout;
  }

  async read(statement: Statement): Promise<unknown[]> {
    const [rows] = await this.#run([statement], "read");
    return rows ?? [];
  }

  /** A batch is a transaction. */
  write(statements: readonly Statement[]): Promise<unknown[][]> {
    return this.#run(statements, "write");
  }

  async #run(statements: readonly Statement[], mode: "write" | "read"): Promise<unknown[][]> {
    const ask = () => this.#batch(statements, mode);
    const isMissing = (error: unknown) => this.#tables.length > 0 && ANSWERS.codeOf(error) === "NO_TABLE";
    const make = () =>
      this.#batch(
        this.#tables.map((sql) => [sql] as const),
        "write",
      );
    try {
      return await inTime(this.#timeout, () => makingTable(ask, isMissing, make), tooLate);
    } catch (error) {
      throw failureOf(error, ANSWERS, this.#table, ADVICE);
    }
  }

  async #batch(statements: readonly Statement[], mode: "write" | "read"): Promise<unknown[][]> {
    const batch = statements.map(([sql, ...args]) => ({ sql, args }));
    try {
      const results = await this.#client.batch(batch, mode);
      return results.map(({ rows }) => [...rows]);
    } catch (error) {
      // After a lock that it did not get, a file's connection
      // (@libsql/client 0.18) may be unusable until garbage collection.
      if (ANSWERS.codeOf(error) === "SQLITE_BUSY") await this.#client.reconnect?.();
      throw error;
    }
  }
}
