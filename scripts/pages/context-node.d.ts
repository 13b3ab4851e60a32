// The same, on Node, Bun and Deno.
declare const Deno: {
  readonly env: { get(name: string): string | undefined };
  serve(options: { hostname?: string; port?: number }, handler: (request: Request) => Response | Promise<Response>): unknown;
  serve(handler: (request: Request) => Response | Promise<Response>): unknown;
};
declare const app: import("koa") & { request(path: string, init: RequestInit): Promise<Response> };
declare const server: import("node:http").Server;
declare const client: import("redis").RedisClientType;
declare const storage: import("unstorage").Storage;
