/**
 * Runs statements on a SQLite database in this process.
 *
 * @module
 */
import type { SqliteDatabase, SqliteSource, SqliteStatement } from "./file.ts";
import type { Statement } from "./statements.ts";
import type { SqlDatabase } from "./store.ts";
import { whileLocked } from "./waiting.ts";

/** One connection. Writers in this process queue, so that only one at a time asks for the lock. */
export class Connection implements SqlDatabase {
  readonly #source: SqliteSource;
  readonly #tables: readonly string[];
  readonly #busyTimeout: number;
  #database: SqliteDatabase | undefined;
  #prepared = new Map<string, SqliteStatement>();
  // A promise that requests share is safe here, unlike on Workers, which bind promises to requests.
  #writing: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(source: SqliteSource, tables: readonly string[], busyTimeout: number) {
    this.#source = source;
    this.#tables = tables;
    this.#busyTimeout = busyTimeout;
  }

  /** Readers do not wait for writers. */
  read(statement: Statement): Promise<unknown[]> {
    return whileLocked(() => this.#run(this.#open(), statement), this.#deadline());
  }

  write(statements: readonly Statement[]): Promise<unknown[][]> {
    const deadline = this.#deadline();
    const written = this.#writing.then(() => whileLocked(() => this.#transact(statements), deadline));
    this.#writing = written.catch(() => {});
    return written;
  }

  close(): void {
    this.#closed = true;
    this.#prepared.clear();
    this.#source.close();
  }

  #deadline(): number {
    return performance.now() + 1000 * this.#busyTimeout;
  }

  #open(): SqliteDatabase {
    if (this.#closed) throw new Error("Cannot use the session database: it was closed");
    const database = this.#source.open();
    if (database === this.#database) return database;
    for (const sql of [...this.#source.settings, ...this.#tables]) database.exec(sql);
    this.#prepared = new Map();
    this.#database = database;
    return database;
  }

  #transact(statements: readonly Statement[]): unknown[][] {
    const database = this.#open();
    // A single statement is its own transaction.
    const [only, ...more] = statements;
    if (only !== undefined && more.length === 0) return [this.#run(database, only)];
    database.exec("BEGIN IMMEDIATE");
    try {
      const rows = statements.map((statement) => this.#run(database, statement));
      database.exec("COMMIT");
      return rows;
    } catch (error) {
      rollBack(database);
      throw error;
    }
  }

  #run(database: SqliteDatabase, [sql, ...values]: Statement): unknown[] {
    const statement = this.#prepared.get(sql) ?? database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement.all(...values);
  }
}

/** Fails if SQLite has already rolled back, as after a full disk. */
function rollBack(database: SqliteDatabase): void {
  try {
    database.exec("ROLLBACK");
  } catch {}
}
