/**
 * Values that may be there already: what lets a remembered token be answered without a promise.
 *
 * @module
 */

/** A value, or a promise of it. `await` handles both. */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on with `next` at once when the value is there, else when it has come. */
export const after = <T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  value instanceof Promise ? value.then(next) : next(value);

/** All the values, in order; a promise only if one of them is. */
export const all = <T>(values: MaybePromise<T>[]): MaybePromise<T[]> =>
  values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as T[]);

/**
 * Remembers what `make` gives once it is there; the next call after a failure makes it again.
 *
 * A promise under way is never shared: whoever needs the value meanwhile makes it too, and the first that comes is kept. On Workers a
 * promise belongs to the request that made it. When that is answered or given up first, the promise never settles, and every
 * request that waits for it hangs. Web Crypto is no exception: today workerd computes in the same turn, so that its promises could be
 * shared, but nobody promises that, and to derive a key twice costs a millisecond, once.
 *
 * https://developers.cloudflare.com/workers/configuration/compatibility-flags/ (`handle_cross_request_promise_resolution`)
 */
export function once<T>(make: () => MaybePromise<T>): () => MaybePromise<T> {
  let made: { readonly value: T } | undefined;
  const keep = (value: T): T => {
    made ??= { value };
    return made.value;
  };
  const start = (): MaybePromise<T> => {
    const making = make();
    if (!(making instanceof Promise)) return keep(making);
    return making.then(keep, (error) => {
      // Another request had more luck.
      if (made === undefined) throw error;
      return made.value;
    });
  };
  return () => (made === undefined ? start() : made.value);
}
