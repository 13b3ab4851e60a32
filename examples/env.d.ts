// Platform types that the examples use and no package declares.
declare namespace Cloudflare {
  interface Env {
    SESSION_SECRET: string;
    APP_KEY: string;
    SESSIONS: DurableObjectNamespace;
    SESSIONS_KV: KVNamespace;
    SESSIONS_DB: D1Database;
  }
}

declare const Deno: {
  /** The parameter type of the store is enough. */
  openKv(path?: string): Promise<import("web-session-store/stores/deno-kv").DenoKv>;
  readonly env: { get(name: string): string | undefined };
  serve(options: { hostname: string; port: number }, handler: (request: Request) => Promise<Response>): unknown;
};

// koa-session has no types.
declare module "koa-session" {
  import type Koa from "koa";
  export default function session(options: object, app: Koa): Koa.Middleware;
}
