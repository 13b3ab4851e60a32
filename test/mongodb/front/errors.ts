/**
 * Errors of PostgreSQL and DocumentDB as MongoDB says them.
 *
 * @module
 */
import type { Document } from "./wire.ts";

/** An error that the driver gets. */
export class CommandError extends Error {
  readonly code: number;
  readonly codeName: string;

  constructor(code: number, codeName: string, message: string = codeName) {
    super(message);
    this.code = code;
    this.codeName = codeName;
  }
}

const DUPLICATE_KEY = 11000;
/** What a server says that it has no name for. */
const OTHER = [8, "UnknownError"] as const;

/** The states of PostgreSQL (five characters) that MongoDB has a code for. */
const CODES: Record<string, readonly [code: number, codeName: string]> = {
  "40001": [112, "WriteConflict"],
  "40P01": [112, "WriteConflict"],
  "55P03": [24, "LockTimeout"],
  M000R: [85, "IndexOptionsConflict"],
  M000S: [86, "IndexKeySpecsConflict"],
  M001C: [DUPLICATE_KEY, "DuplicateKey"],
};

/** What PostgreSQL refused; null when it was not there to refuse anything. */
export function refusalOf(error: unknown): CommandError | null {
  if (error instanceof CommandError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const state = String(code);
  // 57P.. is a server on its way down or up; without a state, the connection was lost.
  if (!/^[0-9A-Z]{5}$/.test(state) || state.startsWith("57P") || state.startsWith("08")) return null;
  const [number, name] = CODES[state] ?? OTHER;
  return new CommandError(number, name, `${String(message)} (${state})`);
}

/** A refusal as an answer. In a transaction, a conflict is an invitation to begin again. */
export function answerOf({ code, codeName, message }: CommandError, isTransaction: boolean): Document {
  const isPassing = isTransaction && ["WriteConflict", "LockTimeout", "NoSuchTransaction"].includes(codeName);
  return { ok: 0, errmsg: message, code, codeName, ...(isPassing && { errorLabels: ["TransientTransactionError"] }) };
}

/** DocumentDB writes a state of PostgreSQL as a number of six bits for each character. */
function stateIn(code: number): string {
  return Array.from({ length: 5 }, (_none, at) => String.fromCharCode(((code >> (6 * at)) & 63) + 48)).join("");
}

/** An answer whose write errors have MongoDB's codes. */
export function withCodes(answer: Document): Document {
  const errors = answer.writeErrors as { code: unknown }[] | undefined;
  for (const error of errors ?? []) error.code = (CODES[stateIn(Number(error.code))] ?? OTHER)[0];
  return answer;
}
