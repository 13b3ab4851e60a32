/**
 * The part of `node:async_hooks` that the library uses, because it does not depend on Node's types.
 * https://nodejs.org/api/async_context.html#class-asynclocalstorage
 */
declare module "node:async_hooks" {
  export class AsyncLocalStorage<Store> {
    run<Result>(store: Store, callback: () => Result): Result;
    getStore(): Store | undefined;
  }
}
