/**
 * Errors of Redis and of its clients, without what may be session data.
 *
 * @module
 */

/** Replies of Redis by which it says: not now. */
const PASSING: ReadonlySet<string> = new Set(["LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TIMEOUT"]);

/** What clients put before a reply of Redis. */
const BEFORE_REPLY = /^(?:Command failed: )?-?/;

/** An error that says what is wrong in one word. Clients put the command, and so session data, into theirs. */
export function withoutData(error: unknown): Error {
  if (error instanceof RedisFailure) return error;
  // A reply of Redis begins with a word such as OOM or READONLY; all else is about the connection.
  const word = /^[A-Z]{2,40}\b/.exec(replyIn(error))?.[0];
  if (word !== undefined) return failure(word, PASSING.has(word));
  const { code, name, cause } = (error ?? {}) as { code?: unknown; name?: unknown; cause?: { code?: unknown } };
  // Most errors of clients have the name "Error", and a class of their own. What `fetch` throws says why in its cause.
  const kind = name === "Error" ? (error as Error).constructor.name : name;
  return failure(String([code, cause?.code, kind].find((one) => typeof one === "string") ?? "Error"), true);
}

/** Whether a server says that it does not have a script. */
export function isScriptMissing(error: unknown): boolean {
  return /^NOSCRIPT\b/.test(replyIn(error));
}

/** No answer came in time. */
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
