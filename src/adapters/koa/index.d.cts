/**
 * What `require("web-session-store/koa")` returns: the function, with the types of the entry as a namespace.
 *
 * @module
 */
import type * as koa from "./index.js" with { "resolution-mode": "import" };

declare const session: koa.KoaSessionFunction;

declare namespace session {
  export type AppKeys = koa.AppKeys;
  export type CompatibleOptions = koa.CompatibleOptions;
  export type KoaContext = koa.KoaContext;
  export type KoaCookieOptions = koa.KoaCookieOptions;
  // biome-ignore lint/suspicious/noExplicitAny: options without a schema fit sessions of any data.
  export type KoaCookieSessionOptions<Data extends object = any> = koa.KoaCookieSessionOptions<Data>;
  export type KoaMiddleware<Data extends object, Manager = koa.KoaMiddleware<Data>["sessions"]> = koa.KoaMiddleware<
    Data,
    Manager
  >;
  export type KoaOptions<Store = koa.KoaStore | null | undefined> = koa.KoaOptions<Store>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  export type KoaSecretOptions<Data extends object = any> = koa.KoaSecretOptions<Data>;
  export type KoaSession<Data extends object> = koa.KoaSession<Data>;
  export type KoaSessionFunction = koa.KoaSessionFunction;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  export type KoaStoredOptions<Data extends object = any, Store = koa.KoaStoredOptions["store"]> = koa.KoaStoredOptions<
    Data,
    Store
  >;
  export type KoaStore = koa.KoaStore;
  export type NodeResponse = koa.NodeResponse;
  export type RequestOptions = koa.RequestOptions;
}

export = session;
