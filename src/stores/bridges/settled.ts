/**
 * Results of plain stores' methods, including styles older than promises.
 *
 * @module
 */
import co from "co";

/** What a plain method may return: the value, a promise, a thunk, or a generator, which `co` runs. */
export type PlainResult<T> =
  | T
  | PromiseLike<T>
  | ((done: (error: unknown, value?: T) => void) => void)
  | Generator<unknown, T, never>;

export function settled<T>(result: PlainResult<T>): Promise<T> {
  const isGenerator = typeof (result as { next?: unknown } | null)?.next === "function";
  const runs = typeof result === "function" || isGenerator || Array.isArray(result);
  // co rejects plain values.
  return runs
    ? co(function* () {
        return (yield result) as T;
      })
    : Promise.resolve(result as T | PromiseLike<T>);
}
