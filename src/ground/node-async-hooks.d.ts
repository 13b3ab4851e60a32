/**
 * What the library uses of Node's `node:async_hooks`, which it otherwise has no types of.
 * https://nodejs.org/api/async_context.html#class-asynclocalstorage
 */
declare module "node:async_hooks" {
  export class AsyncLocalStorage<Store> {
    run<Result>(store: Store, callback: () => Result): Result;
    getStore(): Store | undefined;
  }
}
