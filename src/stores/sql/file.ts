/**
 * A SQLite file through `node:sqlite`, which Node, Deno and Bun have.
 * It is not imported, so that other runtimes can load this file.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { type Location, locate } from "./location.ts";

/** The methods used of a statement. */
export interface SqliteStatement {
  all(...values: (string | number | null)[]): unknown[];
}

/** The methods used of a database: `DatabaseSync` of `node:sqlite` or `Database` of `bun:sqlite`. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

export interface SqliteSource {
  /** Statements to run on each newly opened database. */
  readonly settings: readonly string[];
  open(): SqliteDatabase;
  close(): void;
}

interface Modules {
  "node:sqlite": { DatabaseSync: new (path: string) => SqliteDatabase };
  "node:fs": {
    statSync(path: string, options: { bigint: true; throwIfNoEntry: false }): { dev: bigint; ino: bigint } | undefined;
    openSync(path: string, flags: "wx", mode: number): number;
    closeSync(file: number): void;
  };
  "node:path": { resolve(path: string): string };
}

type Runtime = { process?: { getBuiltinModule?<Name extends keyof Modules>(name: Name): Modules[Name] | undefined } };

function builtin<Name extends keyof Modules>(name: Name): Modules[Name] {
  const found = (globalThis as Runtime).process?.getBuiltinModule?.(name);
  if (found !== undefined) return found;
  throw new OptionError(
    "ERR_OPTION",
    `Cannot open the session database: this runtime has no ${name}. Use Node 22.13 or later, Deno or Bun, or pass an open database`,
  );
}

/**
 * The file at a path or URI. If the file is deleted or replaced, the next
 * call opens the new one. SQLite alone would keep writing to the old file.
 *
 * @throws {@link OptionError} if the runtime has no `node:sqlite`, or the file cannot be opened.
 */
export class SqliteFile implements SqliteSource {
  readonly settings: readonly string[];
  readonly #location: Location;
  #database: SqliteDatabase | undefined;
  #identity: string | undefined;

  constructor(given: string, synchronous: "full" | "normal") {
    this.settings = ["PRAGMA busy_timeout = 0", "PRAGMA journal_mode = WAL", `PRAGMA synchronous = ${synchronous}`];
    builtin("node:sqlite");
    try {
      this.#location = locate(given, builtin("node:path").resolve);
      this.open();
    } catch (error) {
      if (error instanceof OptionError) throw error;
      const { code, name } = error as { code?: unknown; name: string };
      const reason = typeof code === "string" ? code : name;
      throw new OptionError(
        "ERR_OPTION",
        `Cannot open the session database (${reason}): its folder must exist and be writable, and the runtime must support files`,
      );
    }
  }

  open(): SqliteDatabase {
    const { name, file, makes } = this.#location;
    if (this.#database !== undefined && (file === undefined || identify(file) === this.#identity)) return this.#database;
    const { DatabaseSync } = builtin("node:sqlite");
    this.close();
    if (file !== undefined && makes) create(file);
    this.#database = new DatabaseSync(name);
    if (file !== undefined) this.#identity = identify(file);
    return this.#database;
  }

  close(): void {
    const database = this.#database;
    this.#database = undefined;
    database?.close();
  }
}

/** Makes the file, and those that SQLite adds beside it, private to this user: they contain session data. */
function create(file: string): void {
  const { openSync, closeSync } = builtin("node:fs");
  // Never open an existing file: closing it would release the locks that SQLite holds on it in this process.
  if (identify(file) !== undefined) return;
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    // Another process has just created it the same way.
    if ((error as { code?: unknown }).code !== "EEXIST") throw error;
  }
}

function identify(file: string): string | undefined {
  const found = builtin("node:fs").statSync(file, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}
