/**
 * Values that may be there already: what lets a remembered token be answered without a promise.
 *
 * @module
 */

/** A value, or a promise of it. `await` handles both. */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on with `next` at once when the value is there, else when it has come. */
export function after<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** All the values, in order; a promise only if one of them is. */
export function all<T>(values: MaybePromise<T>[]): MaybePromise<T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as T[]);
}
