/**
 * A store in a SQLite file, for one machine with one or several processes.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import type { Key, Limit, SessionRecord } from "../../session/record.ts";
import { Connection } from "./connection.ts";
import { type SqliteDatabase, SqliteFile, type SqliteSource, type SqliteStatement } from "./file.ts";
import { checkOptions, checkSeconds, DEFAULT_TABLE } from "./options.ts";
import { SQLITE, sessionTable } from "./sqlite-dialect.ts";
import { callsFor } from "./statements.ts";
import { defineSql, type SqlSessionStore, SqlStore } from "./store.ts";

export { sessionTable } from "./sqlite-dialect.ts";
export type { SqliteDatabase, SqliteStatement, SqlSessionStore };

/** Options of the SQLite store. Durations are in seconds. */
export interface SqliteOptions {
  /** The table, which is created if it does not exist. Letters, digits and `_`. Default: `"web_sessions"`. */
  table?: string;
  /**
   * What a commit waits for, if you pass a path. `"full"` waits for the disk, so no acknowledged write is lost in a
   * power failure. `"normal"` is several times faster and survives a crash of the process, but a power failure may undo
   * the last commits, including a logout. Default: `"full"`. See https://www.sqlite.org/pragma.html#pragma_synchronous
   */
  synchronous?: "full" | "normal";
  /**
   * How long to wait, without blocking this process, while another process locks
   * the file. After that, calls fail with a retryable `StoreError`. Default: 5.
   */
  busyTimeout?: number;
  /**
   * Minimum time between sweeps of expired rows, which start with
   * a new session. 0 disables them. Default: 900 (15 minutes).
   */
  sweepEvery?: number;
}

/** A store in a SQLite file. */
export interface SqliteStore extends SqlSessionStore {
  /**
   * Closes the file if the store opened it from a path. If you passed a database, close it yourself. Later calls fail.
   */
  close(): void;
}

/**
 * Creates a store in SQLite, from a path, a URI or an open database.
 *
 * A path needs `node:sqlite`, which Node 22.13, Deno and Bun have. The file is in
 * WAL mode, so readers do not wait for writers, and several processes of one machine
 * may use it. Do not put it on a network drive: SQLite's locks do not work there.
 *
 * An open database (`DatabaseSync`, or `Database` of `bun:sqlite`) keeps its settings: set
 * WAL, `synchronous` and a busy timeout of 0 yourself. Do not leave a transaction open on
 * it beyond the current turn of the event loop. Better, give sessions their own connection.
 *
 * @param source A path, a `file:` URI, `":memory:"`, or an open
 * database. New files are readable only by their user (mode 600).
 * @throws OptionError if an option is invalid, or the file cannot be opened.
 *
 * @example
 * ```ts
 * const sessions = createSessions({ secrets, store: sqlite("sessions.db") });
 * ```
 */
export function sqlite(source: string | SqliteDatabase, options: SqliteOptions = {}): SqliteStore {
  checkOptions(options, "sqlite", ["table", "synchronous", "busyTimeout", "sweepEvery"]);
  const { table = DEFAULT_TABLE, synchronous = "full" } = options;
  const busyTimeout = checkSeconds("busyTimeout", options.busyTimeout ?? 5);
  const sweepEvery = checkSeconds("sweepEvery", options.sweepEvery ?? 900);
  if (synchronous !== "full" && synchronous !== "normal")
    throw new OptionError("ERR_OPTION", 'Cannot use option synchronous: it is "full" or "normal"');
  const tables = sessionTable(table);
  const opened = typeof source === "string" ? new SqliteFile(source, synchronous) : given(source);
  const connection = new Connection(opened, tables, busyTimeout);
  return { ...defineSql(new SqliteSessionStore(connection, table, sweepEvery)), close: () => connection.close() };
}

function given(database: SqliteDatabase): SqliteSource {
  if (typeof database?.prepare !== "function" || typeof database.exec !== "function") {
    throw new OptionError("ERR_OPTION", "Cannot use the session database: it is not a path, and lacks prepare() or exec()");
  }
  return { settings: [], open: () => database, close: () => {} };
}

/** Rows per step of a sweep, which takes a millisecond or two. */
const STRETCH = 1000;

class SqliteSessionStore extends SqlStore {
  readonly #sweepEvery: number;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(connection: Connection, table: string, sweepEvery: number) {
    super(connection, callsFor(SQLITE, table, STRETCH));
    this.#sweepEvery = sweepEvery;
  }

  override async create(key: Key, record: SessionRecord, limit?: Limit): Promise<void> {
    await super.create(key, record, limit);
    this.#sweepIfDue(record.seenAt);
  }

  /** Runs in the background. If a sweep fails, the next one catches up. */
  #sweepIfDue(now: number): void {
    if (this.#sweepEvery === 0 || now - this.#sweptAt < this.#sweepEvery) return;
    this.#sweptAt = now;
    this.sweep(now).catch(() => {});
  }
}
