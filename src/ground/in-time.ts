/**
 * Waiting for an answer that may never come.
 *
 * @module
 */

/**
 * What the call answers, if it does so in time. A late answer is dropped, a late error too.
 *
 * @param call Its signal says when nobody waits any more.
 * @param tooLate Makes the error for a call that took longer.
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
      // First, so that what the call makes of the signal is late.
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
