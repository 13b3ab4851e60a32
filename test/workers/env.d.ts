// What these tests use of the modules that workerd and its test runner provide.
declare module "cloudflare:workers" {
  export const exports: { readonly default: { fetch(request: Request): Promise<Response> } };
  export const env: {
    readonly SESSION_SECRET: string;
    readonly SESSIONS_KV: import("@cloudflare/workers-types").KVNamespace;
    readonly SESSIONS_DB: import("@cloudflare/workers-types").D1Database;
    readonly SESSIONS: import("@cloudflare/workers-types").DurableObjectNamespace;
  };
}

declare module "cloudflare:test" {
  type Stub = import("@cloudflare/workers-types").DurableObjectStub;
  type Namespace = import("@cloudflare/workers-types").DurableObjectNamespace;
  type State = import("@cloudflare/workers-types").DurableObjectState;
  export function runInDurableObject<Result>(
    stub: Stub,
    run: (instance: unknown, state: State) => Result | Promise<Result>,
  ): Promise<Result>;
  export function runDurableObjectAlarm(stub: Stub): Promise<boolean>;
  export function evictDurableObject(stub: Stub): Promise<void>;
  export function evictAllDurableObjects(): Promise<void>;
  export function listDurableObjectIds(namespace: Namespace): Promise<{ toString(): string }[]>;
}

declare module "cloudflare:node" {
  export function httpServerHandler(options: { port: number }): { fetch(request: Request): Promise<Response> };
}
