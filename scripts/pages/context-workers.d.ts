// The same, on Workers: the bindings that the pages tell their readers to make. Workers have modules of Node, too.
/// <reference types="node" />
declare const env: Cloudflare.Env;
declare namespace Cloudflare {
  interface Env {
    SESSION_SECRET: string;
    SECRET_BINDING: SecretsStoreSecret;
    SESSIONS: DurableObjectNamespace;
    SESSIONS_KV: KVNamespace;
    SESSIONS_DB: D1Database;
    JWT_KEY: string;
    JWT_PRIVATE_KEY: string;
    OLD_SESSION_SECRET: string;
    APP_KEY: string;
  }
}
