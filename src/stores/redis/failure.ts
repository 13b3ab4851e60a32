/**
 * Errors of Redis and its clients, stripped of session data.
 *
 * @module
 */

/** Error replies that are worth a retry. */
const PASSING: ReadonlySet<string> = new Set(["LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TIMEOUT"]);

/** What clients put in front of an error reply. */
const BEFORE_REPLY = /^(?:Command failed: )?-?/;

/** Clients put the command, and with it session data, into their errors. */
export function withoutData(error: unknown): Error {
  if (error instanceof RedisFailure) return error;
  // An error reply begins with a word such as OOM or READONLY. Anything else is a connection error.
  const word = /^[A-Z]{2,40}\b/.exec(replyIn(error))?.[0];
  if (word !== undefined) return failure(word, PASSING.has(word));
  const { code, name, cause } = (error ?? {}) as { code?: unknown; name?: unknown; cause?: { code?: unknown } };
  // Most client errors are named "Error" but have a class of their own. `fetch` puts the reason into the cause.
  const kind = name === "Error" ? (error as Error).constructor.name : name;
  return failure(String([code, cause?.code, kind].find((one) => typeof one === "string") ?? "Error"), true);
}

export function isScriptMissing(error: unknown): boolean {
  return /^NOSCRIPT\b/.test(replyIn(error));
}

export function timeoutFailure(): Error {
  return failure("TIMEOUT", true);
}

class RedisFailure extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, retryable: boolean) {
    super(`Cannot ask Redis: ${code}`);
    this.code = code;
    this.retryable = retryable;
  }
}

function failure(code: string, retryable: boolean): RedisFailure {
  return new RedisFailure(code, retryable);
}

function replyIn(error: unknown): string {
  return error instanceof Error ? error.message.replace(BEFORE_REPLY, "") : "";
}
