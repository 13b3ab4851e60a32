/**
 * Waits for a locked SQLite file without blocking the event loop.
 *
 * @module
 */

// Short pauses: a lock lasts for a commit, a few milliseconds, and SQLite has no queue.
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 8;
const BUSY = 5;

/** Names of SQLite's result codes, for logs. */
const NAMES: Readonly<Record<number, string>> = {
  1: "SQLITE_ERROR",
  5: "SQLITE_BUSY",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  19: "SQLITE_CONSTRAINT",
  26: "SQLITE_NOTADB",
};

/**
 * A failure of the database. `code` is SQLite's name for it. `retryable` if another process held the lock for too long.
 */
class SqliteFailure extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(error: unknown) {
    const result = resultCode(error);
    const code = result === undefined ? "SQLITE_ERROR" : (NAMES[result] ?? "SQLITE_ERROR");
    super(`Cannot use the session database: it reports ${code}`);
    this.name = "SqliteFailure";
    this.code = code;
    this.retryable = result === BUSY;
  }
}

/** The primary result code of an error from `node:sqlite` (`errcode`) or `bun:sqlite` (`errno`). */
function resultCode(error: unknown): number | undefined {
  const { errcode, errno } = (error ?? {}) as { errcode?: unknown; errno?: unknown };
  const code = errcode ?? errno;
  return typeof code === "number" ? code & 0xff : undefined;
}

/** Retries while the file is locked, until `deadline` (a `performance.now()` value) has passed. Tries at least once. */
export async function whileLocked<Result>(attempt: () => Result, deadline: number): Promise<Result> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return attempt();
    } catch (error) {
      if (resultCode(error) === undefined) throw error;
      if (resultCode(error) !== BUSY || performance.now() >= deadline) throw new SqliteFailure(error);
    }
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
  }
}
