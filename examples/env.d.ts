// The bindings of examples/worker.ts.
declare namespace Cloudflare {
  interface Env {
    SESSION_SECRET: string;
  }
}
