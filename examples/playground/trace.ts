/** What the library did for one request: events, store calls, cookies, time. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { SessionEvent, SessionStore } from "web-session-store";
import { type DefinedStore, defineStore } from "web-session-store/stores/define";
import { span } from "./words.ts";

export interface Report {
  /** Method and path: "POST /login". */
  readonly request: string;
  readonly milliseconds: number;
  readonly events: readonly string[];
  readonly calls: readonly { readonly name: string; readonly milliseconds: number }[];
  readonly received: readonly CookieSize[];
  readonly set: readonly CookieSize[];
}

/** `bytes` counts name and value. Browsers store up to 4096. */
interface CookieSize {
  readonly name: string;
  readonly bytes: number;
  readonly note: string;
}

interface Trace {
  readonly events: string[];
  readonly calls: { name: string; milliseconds: number }[];
}

const traces = new AsyncLocalStorage<Trace>();

/** For the option `onEvent`, which is called within the request that caused the event. */
export function noteEvent(event: SessionEvent): void {
  traces.getStore()?.events.push("reason" in event ? `${event.type} (${event.reason})` : event.type);
}

/** The same store, with its calls recorded. */
export function observed(store: SessionStore): DefinedStore {
  const noted = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      // A route is computed without asking the store.
      if ((name === "route" || name === "recordRoute") && typeof value === "function") return value.bind(target);
      if (typeof value !== "function" || typeof name !== "string") return value;
      return (...args: unknown[]) => timed(name, () => value.apply(target, args) as Promise<unknown>);
    },
  });
  return defineStore(noted);
}

async function timed(name: string, call: () => Promise<unknown>): Promise<unknown> {
  const entry = { name, milliseconds: 0 };
  traces.getStore()?.calls.push(entry);
  const start = performance.now();
  try {
    return await call();
  } finally {
    entry.milliseconds = performance.now() - start;
  }
}

/** Runs a request and returns what happened. `names` are the place's own cookies. */
export async function traced(
  asked: { method: string; path: string; cookie: string; names: readonly string[] },
  run: () => Promise<readonly string[]>,
): Promise<Report> {
  const trace: Trace = { events: [], calls: [] };
  const start = performance.now();
  const setCookie = await traces.run(trace, run);
  const ours = ({ name }: CookieSize) => asked.names.includes(name);
  return {
    request: `${asked.method} ${asked.path}`,
    milliseconds: performance.now() - start,
    ...trace,
    received: asked.cookie.split("; ").map(sizeOf).filter(ours),
    set: setCookie.map(sizeOf).filter(ours),
  };
}

/** Parses a Set-Cookie line or a pair from a Cookie header. */
function sizeOf(line: string): CookieSize {
  const [pair = "", ...attributes] = line.split("; ");
  const name = pair.split("=", 1)[0] as string;
  const maxAge = attributes.find((text) => text.startsWith("Max-Age="))?.slice("Max-Age=".length);
  return { name, bytes: new TextEncoder().encode(pair).length - 1, note: attributes.length === 0 ? "" : lifeOf(maxAge) };
}

/** The note for a removed cookie. */
export const REMOVED = "removed";

function lifeOf(maxAge: string | undefined): string {
  if (maxAge === undefined) return "until the browser is closed";
  return maxAge === "0" ? REMOVED : `for ${span(Number(maxAge))}`;
}
