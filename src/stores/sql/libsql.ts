/**
 * Sessions in libSQL: a Turso database, a `sqld` server or a file, by a client of `@libsql/client`.
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

/** A statement as libSQL takes it. */
export interface LibsqlStatement {
  sql: string;
  args: (string | number | null)[];
}

/** What the store uses of a client: a `Client` of `@libsql/client` has it. */
export interface LibsqlClient {
  batch(statements: LibsqlStatement[], mode: "write" | "read"): Promise<{ readonly rows: readonly unknown[] }[]>;
  reconnect?(): void | Promise<void>;
}

/** How a libSQL store keeps sessions. */
export interface LibsqlOptions {
  /** The table. Letters, digits and `_`. Default `"web_sessions"`. */
  table?: string;
  /** True makes the table when a statement finds none, so that no migration is needed. Default true. */
  createTable?: boolean;
  /** How long to wait for an answer, in seconds. A call that takes longer fails with the reason `TIMEOUT`; the database may still carry it out. Default 5. */
  timeout?: number;
}

/**
 * Keeps sessions in libSQL, in the table that `sqlite` and `d1` have too. Each call is one round trip; only the touch of a session that is due, and
 * finding out why a change was not made, are two. What has expired stays until `sweep(now)`: call it now and then.
 *
 * Not with an embedded replica (`syncUrl`): it would show sessions that were ended long ago. A file that several processes share needs a client with
 * a `timeout`; `sqlite` waits for them without blocking its own.
 *
 * @param client What `createClient()` of `@libsql/client` gives. It is yours to close.
 * @throws OptionError when it is no such client, or an option cannot be used.
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
  checkOptions(options, ["table", "createTable", "timeout"]);
  const { table = DEFAULT_TABLE, createTable = true } = options;
  const tables = sessionTable(table);
  const timeout = checkTimeout(options.timeout ?? 5);
  if (typeof client?.batch !== "function") {
    throw new OptionError("ERR_OPTION", "Cannot use this libSQL client: pass what createClient() of @libsql/client gives");
  }
  const database = new LibsqlDatabase(client, table, createTable ? tables : [], timeout);
  return defineSql(new SqlStore(database, callsFor(SQLITE, table, STRETCH)));
}

/** How many rows a step of a sweep looks at. */
const STRETCH = 5000;

const ADVICE = "Run the statements of sessionTable(), or leave createTable on";

/** SQLite says by one code that there is no table, and that a statement is wrong; its text tells them apart, and holds no values. */
const ANSWERS: Answers = {
  codeOf(error) {
    const { code } = (error ?? {}) as { code?: unknown };
    if (/\bno such table\b/.test(error instanceof Error ? error.message : "")) return "NO_TABLE";
    return typeof code === "string" && /^SQLITE_[A-Z]{2,20}/.test(code) ? code.replace(/^(SQLITE_[A-Z]+).*/, "$1") : undefined;
  },
  collided: new Set(),
  // Who may wait for a lock is the client: its option timeout.
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
      // A file's connection (@libsql/client 0.18) may be of no use after a lock that it did not get, until garbage is collected.
      if (ANSWERS.codeOf(error) === "SQLITE_BUSY") await this.#client.reconnect?.();
      throw error;
    }
  }
}
