/**
 * Runs statements on a pool or a connection of mysql2.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { inTime } from "../../ground/in-time.ts";
import { DatabaseFailure, failureOf, tooLate, untilAlone } from "./failure.ts";
import { MYSQL_ADVICE, MYSQL_ANSWERS, says } from "./mysql-answers.ts";
import { type Ask, askBy, type MysqlQueries, type MysqlResult } from "./mysql-queries.ts";
import type { Statement } from "./statements.ts";
import type { SqlDatabase } from "./store.ts";
import { makingTable } from "./tables.ts";

/** The methods used of a pool's connection. */
export interface MysqlConnection extends MysqlQueries {
  release(): void;
  /** Closes the connection, which rolls back an open transaction. */
  destroy(): void;
}

/** The methods used of a client: a pool of `mysql2/promise`, or a connection, which lacks `getConnection()`. */
export interface MysqlClient extends MysqlQueries {
  getConnection?(): Promise<MysqlConnection>;
}

export interface MysqlSetup {
  readonly table: string;
  readonly tables: readonly string[];
  readonly prepared: boolean;
  /** In seconds. */
  readonly timeout: number;
}

export class MysqlDatabase implements SqlDatabase {
  readonly #client: MysqlClient;
  readonly #setup: MysqlSetup;
  readonly #ask: Ask;
  /** Queues the calls on a single connection, so that none runs inside another's transaction. */
  #line: Promise<unknown> = Promise.resolve();
  #checked = false;

  constructor(client: MysqlClient, setup: MysqlSetup) {
    this.#client = client;
    this.#setup = setup;
    this.#ask = askBy(setup.prepared);
  }

  async read(statement: Statement): Promise<unknown[]> {
    const [rows] = await this.#inTime(() => this.#alone([statement]));
    return rows ?? [];
  }

  write(statements: readonly Statement[]): Promise<unknown[][]> {
    return this.#inTime((late) => (statements.length === 1 ? this.#alone(statements) : this.#transact(statements, late)));
  }

  async #inTime(run: (late: AbortSignal) => Promise<unknown[][]>): Promise<unknown[][]> {
    const { timeout, table, tables } = this.#setup;
    const isMissing = (error: unknown) => tables.length > 0 && says(error, MYSQL_ANSWERS.noTable);
    const make = () => this.#inLine(() => this.#alone(tables.map((sql) => [sql])));
    const call = async (late: AbortSignal) => {
      if (!this.#checked) await this.#inLine(() => this.#check());
      const ask = () =>
        untilAlone(
          () => this.#inLine(() => run(late)),
          (error) => says(error, MYSQL_ANSWERS.collided),
        );
      return makingTable(ask, isMissing, make);
    };
    try {
      return await inTime(timeout, call, tooLate);
    } catch (error) {
      throw failureOf(error, MYSQL_ANSWERS, table, MYSQL_ADVICE);
    }
  }

  /** Runs each statement as its own transaction. */
  async #alone(statements: readonly Statement[]): Promise<unknown[][]> {
    const rows: unknown[][] = [];
    for (const statement of statements) rows.push(rowsOf(await this.#ask(this.#client, statement)));
    return rows;
  }

  #inLine<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.#client.getConnection !== undefined) return run();
    const result = this.#line.then(run);
    this.#line = result.catch(() => {});
    return result;
  }

  /** Runs the statements as one transaction. If the first returns no rows, the others are skipped. */
  async #transact(statements: readonly Statement[], late: AbortSignal): Promise<unknown[][]> {
    const connection = await this.#client.getConnection?.();
    // A connection that arrives after the timeout is returned unused.
    if (late.aborted) connection?.release();
    if (late.aborted) throw tooLate();
    const queries = connection ?? this.#client;
    const destroy = () => connection?.destroy();
    late.addEventListener("abort", destroy);
    try {
      const rows = await this.#runAll(queries, statements);
      late.removeEventListener("abort", destroy);
      connection?.release();
      return rows;
    } catch (error) {
      late.removeEventListener("abort", destroy);
      await this.#rollBack(queries, connection);
      throw error;
    }
  }

  async #runAll(queries: MysqlQueries, statements: readonly Statement[]): Promise<unknown[][]> {
    // This level locks gaps between rows, so simultaneous logins of a user conflict, whatever the server's default.
    await queries.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    await queries.query("START TRANSACTION");
    const rows: unknown[][] = [];
    for (const statement of statements) {
      rows.push(rowsOf(await this.#ask(queries, statement)));
      if (rows[0]?.length === 0) break;
    }
    await queries.query("COMMIT");
    return rows;
  }

  /** If this fails, the connection is closed, so that it never returns to the pool with an open transaction. */
  async #rollBack(queries: MysqlQueries, connection: MysqlConnection | undefined): Promise<void> {
    try {
      await queries.query("ROLLBACK");
      connection?.release();
    } catch {
      connection?.destroy();
    }
  }

  /** Checks once for settings of the connection that would silently lose data. */
  async #check(): Promise<void> {
    const asked: Statement = [
      "SELECT @@autocommit AS autocommit, @@character_set_client AS sent, @@character_set_connection AS read_as, @@character_set_results AS answered",
    ];
    const [found] = rowsOf(await this.#ask(this.#client, asked)) as Record<string, unknown>[];
    const { autocommit, sent, read_as, answered } = found ?? {};
    if (Number(autocommit) !== 1) refuse("autocommit is off, so writes would be lost. Leave autocommit on");
    if ([sent, read_as, answered].some((set) => set !== "utf8mb4")) {
      refuse('its character set is not utf8mb4, so text would be damaged. Leave out charset, or set charset: "utf8mb4"');
    }
    this.#checked = true;
  }
}

function refuse(why: string): never {
  throw new OptionError("ERR_OPTION", `Cannot use this MySQL connection: ${why}`);
}

/** The rows that were read, or one for each row written, with the version that was set. */
function rowsOf(result: MysqlResult): unknown[] {
  if (Array.isArray(result)) return result;
  const { affectedRows, insertId } = result as { affectedRows?: number; insertId?: number | string | bigint };
  if (typeof affectedRows !== "number") throw new DatabaseFailure("NO_RESULT", false);
  const version = Number(insertId ?? 0);
  // CLIENT_FOUND_ROWS changes how affected rows are counted. A version is reliable.
  return Array.from({ length: version > 0 ? 1 : affectedRows }, () => ({ version }));
}
