/**
 * Errors of database servers, reduced to a code. Their own messages contain bound values.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";

/** A failure of the database. `code` is the database's own. `retryable` if the same call may succeed on a retry. */
export class DatabaseFailure extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, retryable: boolean) {
    super(`Cannot use the session database: it reports ${code}`);
    this.name = "DatabaseFailure";
    this.code = code;
    this.retryable = retryable;
  }
}

export interface Answers {
  codeOf(error: unknown): string | undefined;
  /** The statement changed nothing because of a conflict, so a retry may succeed. */
  readonly collided: ReadonlySet<string>;
  /** Errors that are worth a retry later. */
  readonly passing: ReadonlySet<string>;
  readonly noTable: ReadonlySet<string>;
  /** The table has other columns, or the account lacks rights. */
  readonly notSetUp: ReadonlySet<string>;
}

/** A connection error has no code of the database, and may be temporary. */
export function failureOf(error: unknown, answers: Answers, table: string, advice: string): Error {
  if (error instanceof DatabaseFailure || error instanceof OptionError) return error;
  const code = answers.codeOf(error);
  if (code === undefined) return new DatabaseFailure(wordOf(error), !(error instanceof TypeError));
  if (answers.noTable.has(code) || answers.notSetUp.has(code)) {
    return new OptionError("ERR_OPTION", `Cannot use the session table ${table}: the database reports ${code}. ${advice}`);
  }
  return new DatabaseFailure(code, answers.collided.has(code) || answers.passing.has(code));
}

function wordOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === "string" && /^\w{1,60}$/.test(code)) return code;
  return error instanceof TypeError && typeof name === "string" ? name : "NO_CONNECTION";
}

export const tooLate = (): DatabaseFailure => new DatabaseFailure("TIMEOUT", true);

const TRIES = 10;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;

/** Retries a call that changed nothing because of a conflict. */
export async function untilAlone<Result>(attempt: () => Promise<Result>, collided: (error: unknown) => boolean): Promise<Result> {
  for (let tries = 1, pause = FIRST_PAUSE_MS; ; tries++, pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === TRIES || !collided(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
  }
}
