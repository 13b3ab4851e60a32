/**
 * The request that runs: koa-session's stores and hooks are given its context, wherever they are called.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { KoaContext } from "../koa/types.ts";
import type { KoaSessionStore, Settled } from "./options.ts";

/** What one request has of its own. */
export interface Current {
  readonly ctx: KoaContext & { readonly app: { emit?(event: string, ...said: unknown[]): unknown } };
  /** The options, whose `maxAge` is that of this session. */
  readonly options: Settled & { maxAge: number | "session" };
  readonly store: KoaSessionStore | undefined;
  /** The keys in the store of ids that are new in this request. */
  readonly keys: Map<string, string>;
  /** Whether what is saved has changed; else only its end moved. */
  changed: boolean;
}

const requests = new AsyncLocalStorage<Current>();

/** What a request has. */
export function requestFor(ctx: KoaContext, options: Settled): Current {
  const { store, ContextStore } = options;
  const own = {
    ctx,
    options: { ...options },
    store: ContextStore ? new ContextStore(ctx) : store,
    keys: new Map(),
    changed: true,
  };
  return own as Current;
}

/** Runs what belongs to one request. */
export function within<Result>(request: Current, run: () => Result): Result {
  return requests.run(request, run);
}

/** The request that runs; none where somebody reads a session without one. */
export function current(): Current | undefined {
  return requests.getStore();
}

/** Tells the application's listeners of `session:missed`, `session:expired` or `session:invalid`, as koa-session does: later, so that they cannot fail the request. */
export function tell(event: "missed" | "expired" | "invalid", key: string | undefined, value: unknown): void {
  const ctx = current()?.ctx;
  if (ctx?.app.emit !== undefined) setTimeout(() => ctx.app.emit?.(`session:${event}`, { key, value, ctx }), 0);
}

/** The key of a session in the store: that of a new one is made once, by `genid`, or with the `prefix`. */
export function keyOf(id: string, { genid, prefix }: Settled): string {
  const { keys, ctx } = current() ?? {};
  const known = keys?.get(id);
  if (known !== undefined || keys === undefined || (genid ?? prefix) === undefined) return known ?? id;
  const key = genid === undefined ? `${prefix}${id}` : String(genid(ctx));
  keys.set(id, key);
  return key;
}
