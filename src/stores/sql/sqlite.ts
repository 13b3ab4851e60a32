/**
 * Sessions in a SQLite file: for a server that is one machine, with one process or several. Durable, without a service.
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

/** How a SQLite store keeps sessions. Durations are in seconds. */
export interface SqliteOptions {
  /** The table; it is made when it is not there. Letters, digits and `_`. Default `"web_sessions"`. */
  table?: string;
  /**
   * What a commit waits for; only with a path. `"full"`: until the disk has it, so that nothing that was answered is lost
   * when the power fails. `"normal"`: several times faster, safe when the process dies, but a power failure may undo the
   * last commits: a logout too. Default `"full"`. See https://www.sqlite.org/pragma.html#pragma_synchronous
   */
  synchronous?: "full" | "normal";
  /** How long to wait while another process has locked the file, without blocking this one. After it: `StoreError`, retryable. Default 5. */
  busyTimeout?: number;
  /** How often, at most, a new session also starts a sweep of what has expired; 0 for never. Default 900 (15 minutes). */
  sweepEvery?: number;
}

/** A store in a SQLite file. */
export interface SqliteStore extends SqlSessionStore {
  /** Closes the file. Only one that was opened by its path: who passed a database closes it. Calls after that fail. */
  close(): void;
}

/**
 * Keeps sessions in SQLite: in the file at a path or URI, or in a database that is open.
 *
 * A path needs `node:sqlite`, which Node 22.13, Deno and Bun have. The file is in WAL mode, so that readers do not wait for writers;
 * several processes of one machine may use it. Not on a network drive: SQLite's locks do not work there.
 *
 * A database of yours (`DatabaseSync`, or `Database` of `bun:sqlite`) keeps its settings: set WAL, `synchronous` and a busy
 * timeout of 0 yourself, and open no transaction on it that is not over in the same turn. Give sessions a connection of their own.
 *
 * @param source A path, a `file:` URI, `":memory:"`, or an open database. A file that is made can be read by its user only (mode 600).
 * @throws OptionError when an option cannot be used, or the file cannot be opened.
 *
 * @example
 * ```ts
 * const sessions = createSessions({ secrets, store: sqlite("sessions.db") });
 * ```
 */
export function sqlite(source: string | SqliteDatabase, options: SqliteOptions = {}): SqliteStore {
  checkOptions(options, ["table", "synchronous", "busyTimeout", "sweepEvery"]);
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

/** How many rows a step of a sweep looks at: a millisecond or two. */
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

  /** Beside the request that found it due. A sweep that fails harms nobody: the next one does its work. */
  #sweepIfDue(now: number): void {
    if (this.#sweepEvery === 0 || now - this.#sweptAt < this.#sweepEvery) return;
    this.#sweptAt = now;
    this.sweep(now).catch(() => {});
  }
}
