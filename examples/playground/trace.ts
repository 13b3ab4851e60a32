/** What the library did for one request: its events, the calls of the store, the cookies, the time. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { SessionEvent, SessionStore } from "web-session-store";
import { type DefinedStore, defineStore } from "web-session-store/stores/define";
import { span } from "./words.ts";

export interface Report {
  /** What was asked for: "POST /login". */
  readonly request: string;
  readonly milliseconds: number;
  readonly events: readonly string[];
  readonly calls: readonly { readonly name: string; readonly milliseconds: number }[];
  readonly received: readonly CookieSize[];
  readonly set: readonly CookieSize[];
}

/** `bytes` is that of name and value, of which browsers keep 4096; `note` says what else is to be known. */
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

/** For the option `onEvent`. It is called within the request it tells about. */
export function noteEvent(event: SessionEvent): void {
  traces.getStore()?.events.push("reason" in event ? `${event.type} (${event.reason})` : event.type);
}

/** The same store, whose calls are noted. */
export function observed(store: SessionStore): DefinedStore {
  const noted = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      // A route is computed, not asked for.
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

/** Runs a request; answers with what happened, once it is all done. `cookies` are the names of the place's own. */
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

/** Of a line of Set-Cookie, or of a pair in Cookie. */
function sizeOf(line: string): CookieSize {
  const [pair = "", ...attributes] = line.split("; ");
  const name = pair.split("=", 1)[0] as string;
  const maxAge = attributes.find((text) => text.startsWith("Max-Age="))?.slice("Max-Age=".length);
  return { name, bytes: new TextEncoder().encode(pair).length - 1, note: attributes.length === 0 ? "" : lifeOf(maxAge) };
}

/** What the note says of a cookie that is taken away. */
export const REMOVED = "removed";

function lifeOf(maxAge: string | undefined): string {
  if (maxAge === undefined) return "until the browser is closed";
  return maxAge === "0" ? REMOVED : `for ${span(Number(maxAge))}`;
}
