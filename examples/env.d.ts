// What the examples use of their platforms, where no package declares it.
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
  /** Deno's types of KV are not here: what the store takes is enough. */
  openKv(path?: string): Promise<import("web-session-store/stores/deno-kv").DenoKv>;
  readonly env: { get(name: string): string | undefined };
  serve(options: { hostname: string; port: number }, handler: (request: Request) => Promise<Response>): unknown;
};

// It brings no types.
declare module "koa-session" {
  import type Koa from "koa";
  export default function session(options: object, app: Koa): Koa.Middleware;
}
