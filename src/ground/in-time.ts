/**
 * A timeout for calls that may never finish.
 *
 * @module
 */
import type { Rule } from "./option-values.ts";

/** What an option `timeout` of a store must be. */
export const TIMEOUT: Rule = [
  "a number of seconds, more than 0 and at most 600",
  (value) => typeof value === "number" && value > 0 && value <= 600,
];

/**
 * Returns the call's result if it arrives in time. A late result or error is dropped.
 *
 * @param call Gets a signal that aborts on timeout.
 * @param tooLate Creates the timeout error.
 */
export async function inTime<Result>(
  seconds: number,
  call: (late: AbortSignal) => Promise<Result>,
  tooLate: () => Error,
): Promise<Result> {
  const late = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // Reject first, so that whatever the call does on abort is late.
      reject(tooLate());
      late.abort();
    }, seconds * 1000);
  });
  try {
    return await Promise.race([call(late.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
