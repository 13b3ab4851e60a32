// What these tests use of the module that workerd provides.
declare module "cloudflare:workers" {
  export const exports: { readonly default: { fetch(request: Request): Promise<Response> } };
  export const env: {
    readonly SESSIONS_KV: import("@cloudflare/workers-types").KVNamespace;
    readonly SESSIONS_DB: import("@cloudflare/workers-types").D1Database;
  };
}
