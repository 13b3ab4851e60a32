// The same, on Workers: the bindings that the pages tell their readers to make.
declare namespace Cloudflare {
  interface Env {
    SESSION_SECRET: string;
    SESSIONS: DurableObjectNamespace;
    SESSIONS_KV: KVNamespace;
    SESSIONS_DB: D1Database;
    JWT_KEY: string;
  }
}
