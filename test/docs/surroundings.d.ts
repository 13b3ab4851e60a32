/** What the blocks of the documentation take as given: an application's own names, and the library's where a page has imported them. */
declare const SECRET: string;
declare const OLD_SECRET: string;
declare const SESSION_SECRET: string;
declare const secrets: string;
declare const env: Cloudflare.Env;
declare const user: { id: string };
declare const id: string;
declare const token: string;
declare const bearer: string;
declare const server: import("node:http").Server;
// biome-ignore lint/suspicious/noExplicitAny: an application's data may be anything.
declare const session: import("web-session-store").Session<any>;
declare const sessions: import("web-session-store").Sessions;
declare const createSessions: typeof import("web-session-store").createSessions;
declare const memory: typeof import("web-session-store/stores/memory").memory;
declare const redis: typeof import("web-session-store/stores/redis").redis;
declare const sqlite: typeof import("web-session-store/stores/sqlite").sqlite;
declare const DatabaseSync: typeof import("node:sqlite").DatabaseSync;
declare const client: Awaited<ReturnType<ReturnType<typeof import("redis").createClient>["connect"]>>;

declare namespace Cloudflare {
  interface Env {
    SESSION_SECRET: string;
    OLD_SESSION_SECRET: string;
    JWT_PRIVATE_KEY: string;
    APP_KEY: string;
    SESSIONS: DurableObjectNamespace<import("web-session-store/stores/session-object").SessionObject>;
    SESSIONS_KV: KVNamespace;
    SESSIONS_DB: D1Database;
  }
}
