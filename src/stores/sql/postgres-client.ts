/**
 * Runs statements on any Postgres client.
 *
 * @module
 */
import { inTime } from "../../ground/in-time.ts";
import { type Answers, failureOf, tooLate, untilAlone } from "./failure.ts";
import type { Statement } from "./statements.ts";
import type { SqlDatabase } from "./store.ts";
import { makingTable } from "./tables.ts";

/** The method that the store uses of a client: a `Pool`, `Client` or `PoolClient` of `pg`, or `PGlite`. */
export interface PostgresClient {
  query(text: string, values: (string | number | null)[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export interface Setup {
  readonly table: string;
  readonly tables: readonly string[];
  /** In seconds. */
  readonly timeout: number;
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const ANSWERS: Answers = {
  codeOf: (error) => {
    const { code } = (error ?? {}) as { code?: unknown };
    return typeof code === "string" && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
  },
  // Serialization failure, deadlock.
  collided: new Set(["40001", "40P01"]),
  // Lost or too many connections, a canceled query, a lock timeout, a server that stops or starts.
  passing: new Set("08000 08003 08006 08001 08004 08007 53300 57014 55P03 25P03 57P01 57P02 57P03 57P05 25006".split(" ")),
  noTable: new Set(["42P01", "3F000"]),
  // No such column, wrong types, no rights.
  notSetUp: new Set(["42703", "42804", "42883", "42501"]),
};

/** Errors when several processes create a table at the same time. */
const MADE_MEANWHILE: readonly unknown[] = ["23505", "42P07", "42710", "XX000"];

const ADVICE =
  "Run the statements of postgresTable() as a role that may create, and GRANT SELECT, INSERT, UPDATE, DELETE on the table to this one";

export class PostgresDatabase implements SqlDatabase {
  readonly #client: PostgresClient;
  readonly #setup: Setup;

  constructor(client: PostgresClient, setup: Setup) {
    this.#client = client;
    this.#setup = setup;
  }

  async read(statement: Statement): Promise<unknown[]> {
    const { timeout, table } = this.#setup;
    try {
      return await inTime(timeout, () => this.#ask(statement), tooLate);
    } catch (error) {
      throw failureOf(error, ANSWERS, table, ADVICE);
    }
  }

  /** This dialect has no call of several statements. */
  async write([statement]: readonly Statement[]): Promise<unknown[][]> {
    return [await this.read(statement as Statement)];
  }

  #ask(statement: Statement): Promise<unknown[]> {
    const ask = () =>
      untilAlone(
        () => this.#query(statement),
        (error) => says(error, ANSWERS.collided),
      );
    const isMissing = (error: unknown) => this.#setup.tables.length > 0 && says(error, ANSWERS.noTable);
    return makingTable(ask, isMissing, () => this.#makeTable());
  }

  async #makeTable(): Promise<void> {
    for (const sql of this.#setup.tables) {
      // IF NOT EXISTS still fails if another process is creating the same thing.
      await this.#query([sql]).catch((error: unknown) => {
        if (!MADE_MEANWHILE.includes(ANSWERS.codeOf(error))) throw error;
      });
    }
  }

  async #query([sql, ...values]: Statement): Promise<unknown[]> {
    const { rows } = await this.#client.query(sql, values);
    return [...rows];
  }
}

function says(error: unknown, codes: ReadonlySet<string>): boolean {
  const code = ANSWERS.codeOf(error);
  return code !== undefined && codes.has(code);
}
