/**
 * The running request: koa-session's stores and hooks get its context wherever they are called.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { KoaContext } from "../koa/types.ts";
import type { KoaSessionStore, Settled } from "./options.ts";

export interface Current {
  readonly ctx: KoaContext & { readonly app: { emit?(event: string, ...said: unknown[]): unknown } };
  /** The options, with the `maxAge` of this session. */
  readonly options: Settled & { maxAge: number | "session" };
  readonly store: KoaSessionStore | undefined;
  /** The store keys of sessions, by id. */
  readonly keys: Map<string, string>;
  /** Whether the data to be saved has changed, or only its expiry. */
  changed: boolean;
}

const requests = new AsyncLocalStorage<Current>();

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

export function within<Result>(request: Current, run: () => Result): Result {
  return requests.run(request, run);
}

/** The running request, or undefined if a session is read outside of one. */
export function current(): Current | undefined {
  return requests.getStore();
}

/**
 * Emits `session:missed`, `session:expired` or `session:invalid` on the application, as koa-session does. Deferred, so
 * that listeners cannot fail the request.
 */
export function tell(event: "missed" | "expired" | "invalid", key: string | undefined, value: unknown): void {
  const ctx = current()?.ctx;
  if (ctx?.app.emit !== undefined) setTimeout(() => ctx.app.emit?.(`session:${event}`, { key, value, ctx }), 0);
}

/** The key of a session in the store. For a new session it is made once, by `genid` or with the `prefix`. */
export function keyOf(id: string, { genid, prefix }: Settled): string {
  const { keys, ctx } = current() ?? {};
  const known = keys?.get(id);
  if (known !== undefined || keys === undefined || (genid ?? prefix) === undefined) return known ?? id;
  const key = genid === undefined ? `${prefix}${id}` : String(genid(ctx));
  keys.set(id, key);
  return key;
}
