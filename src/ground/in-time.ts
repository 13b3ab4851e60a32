/**
 * Waiting for an answer that may never come.
 *
 * @module
 */

/**
 * What the call answers, if it does so in time. A late answer is dropped, a late error too.
 *
 * @param tooLate Makes the error for a call that took longer.
 */
export async function inTime<Result>(seconds: number, call: () => Promise<Result>, tooLate: () => Error): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), seconds * 1000);
  });
  try {
    return await Promise.race([call(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
