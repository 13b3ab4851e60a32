/**
 * Values that may already be available, so that a cached token needs no promise.
 *
 * @module
 */

/** A value or a promise of it. `await` handles both. */
export type MaybePromise<T> = T | Promise<T>;

/** Calls `next` at once if the value is available, otherwise once it resolves. */
export const after = <T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  value instanceof Promise ? value.then(next) : next(value);

/** All values, in order. A promise only if one of them is. */
export const all = <T>(values: MaybePromise<T>[]): MaybePromise<T[]> =>
  values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as T[]);

/**
 * Caches the result of `make`. After a failure, the next call tries again.
 *
 * Callers never share a pending promise: each makes its own, and the first result is cached. On Workers, a promise
 * belongs to the request that made it. If that request finishes or is cancelled first, the promise never settles,
 * and other requests that wait for it hang. Web Crypto currently computes in the same turn on workerd, so sharing
 * its promises would work, but nothing guarantees that. Deriving a key twice costs a millisecond, once.
 *
 * https://developers.cloudflare.com/workers/configuration/compatibility-flags/
 * (`handle_cross_request_promise_resolution`)
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
      // Another request succeeded in the meantime.
      if (made === undefined) throw error;
      return made.value;
    });
  };
  return () => (made === undefined ? start() : made.value);
}
