/**
 * What the methods of other people's stores may give, from the days before promises, too.
 *
 * @module
 */
import co from "co";

/** What a plain method may give: the value, a promise, a thunk, or a generator, which `co` runs. */
export type PlainResult<T> =
  | T
  | PromiseLike<T>
  | ((done: (error: unknown, value?: T) => void) => void)
  | Generator<unknown, T, never>;

/** The value of whatever such a method gave. */
export function settled<T>(result: PlainResult<T>): Promise<T> {
  const isGenerator = typeof (result as { next?: unknown } | null)?.next === "function";
  const runs = typeof result === "function" || isGenerator || Array.isArray(result);
  // co takes promises too, but not plain values, which a method may just as well return.
  return runs
    ? co(function* () {
        return (yield result) as T;
      })
    : Promise.resolve(result as T | PromiseLike<T>);
}
