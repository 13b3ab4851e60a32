// The same for Node, Bun and Deno.
declare const Deno: {
  readonly env: { get(name: string): string | undefined };
  openKv(path?: string): Promise<import("web-session-store/stores/deno-kv").DenoKv>;
  serve(options: { hostname?: string; port?: number }, handler: (request: Request) => Response | Promise<Response>): unknown;
  serve(handler: (request: Request) => Response | Promise<Response>): unknown;
};
declare const app: import("koa") & { request(path: string, init: RequestInit): Promise<Response> };
// koa-passport has no types of its own.
declare module "koa-passport" {
  type Middleware = import("koa").Middleware;
  const passport: {
    initialize(): Middleware;
    session(): Middleware;
    authenticate(strategy: string, callback: (error: unknown, user: { id: number } | false) => unknown): Middleware;
  };
  export default passport;
}
declare const client: import("redis").RedisClientType;
declare const pool: import("web-session-store/stores/postgres").PostgresClient &
  import("web-session-store/stores/mysql").MysqlClient;
declare const storage: import("unstorage").Storage;
// The part that docs/recipes.md uses. ws has no types of its own.
declare module "ws" {
  interface Socket {
    on(event: "message", listener: (data: Uint8Array) => unknown): void;
    on(event: "error", listener: (error: Error) => unknown): void;
    send(text: string): void;
    close(code: number, reason: string): void;
    terminate(): void;
  }
  export class WebSocketServer {
    constructor(options: { noServer: true });
    handleUpgrade(
      request: import("node:http").IncomingMessage,
      socket: import("node:stream").Duplex,
      head: Uint8Array,
      done: (socket: Socket) => void,
    ): void;
  }
}

declare module "iovalkey" {
  export { Redis } from "ioredis";
}

declare module "@upstash/redis" {
  export class Redis {
    constructor(options: { url: string; token: string; retry: { retries: number } });
    eval(script: string, keys: string[], args: string[]): Promise<unknown>;
    evalsha(sha1: string, keys: string[], args: string[]): Promise<unknown>;
    scriptLoad(script: string): Promise<unknown>;
  }
}

declare module "mysql2/promise" {
  export function createPool(options: {
    uri: string;
    connectTimeout?: number;
  }): import("web-session-store/stores/mysql").MysqlClient;
}

declare module "@libsql/client" {
  export function createClient(options: {
    url: string;
    authToken?: string | undefined;
  }): import("web-session-store/stores/libsql").LibsqlClient;
}

declare module "postgres" {
  export default function postgresJs(url: string): {
    unsafe(text: string, values: (string | number | null)[]): Promise<object[]>;
  };
}
