/**
 * Failures of database servers, in one word: a database puts what was bound into its messages.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";

/** A failure of the database. `code` is its own word for it; `retryable` when the same call may work the next time. */
export class DatabaseFailure extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, retryable: boolean) {
    super(`Cannot use the session database: it answers ${code}`);
    this.name = "DatabaseFailure";
    this.code = code;
    this.retryable = retryable;
  }
}

/** What a kind of database says when something is wrong. */
export interface Answers {
  /** Its own code, in one word; undefined for an error that is none of the database. */
  codeOf(error: unknown): string | undefined;
  /** The statement changed nothing, since others were at the same rows: made again, it may work. */
  readonly collided: ReadonlySet<string>;
  /** Not now. */
  readonly passing: ReadonlySet<string>;
  readonly noTable: ReadonlySet<string>;
  /** A table made otherwise, or rights that are missing. */
  readonly notSetUp: ReadonlySet<string>;
}

/** The error for the caller. One of the connection has no code of the database, and may be gone the next time. */
export function failureOf(error: unknown, answers: Answers, table: string, advice: string): Error {
  if (error instanceof DatabaseFailure || error instanceof OptionError) return error;
  const code = answers.codeOf(error);
  if (code === undefined) return new DatabaseFailure(wordOf(error), !(error instanceof TypeError));
  if (answers.noTable.has(code) || answers.notSetUp.has(code)) {
    return new OptionError("ERR_OPTION", `Cannot use the session table ${table}: the database answers ${code}. ${advice}`);
  }
  return new DatabaseFailure(code, answers.collided.has(code) || answers.passing.has(code));
}

function wordOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === "string" && /^\w{1,60}$/.test(code)) return code;
  return error instanceof TypeError && typeof name === "string" ? name : "NO_CONNECTION";
}

/** Stands for an answer that did not come in time. */
export const tooLate = (): DatabaseFailure => new DatabaseFailure("TIMEOUT", true);

const TRIES = 10;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;

/** Retries a call that collided with others and changed nothing, a few times. The last failure is the caller's. */
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
