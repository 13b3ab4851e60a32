/**
 * What `require("web-session-store/koa-session")` returns: the function, with the types of the entry as a namespace.
 *
 * @module
 */
import type * as koa from "./index.js" with { "resolution-mode": "import" };

declare const session: koa.KoaSessionFactory;

declare namespace session {
  export type ExternalKey = koa.ExternalKey;
  export type KoaApplication = koa.KoaApplication;
  export type KoaSessionContextMembers<Data extends object = Record<string, unknown>> = koa.KoaSessionContextMembers<Data>;
  export type KoaSessionFactory = koa.KoaSessionFactory;
  export type KoaSessionMembers = koa.KoaSessionMembers;
  export type KoaSessionMiddleware = koa.KoaSessionMiddleware;
  export type KoaSessionOptions = koa.KoaSessionOptions;
  export type KoaSessionStore = koa.KoaSessionStore;
}

export = session;
