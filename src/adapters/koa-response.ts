/**
 * Node's response and Koa's errors, as far as session headers go.
 *
 * @module
 */
import { editHeaders, type HeaderTarget, type SessionHeaders } from "../response.ts";

/** What is used of Node's `ServerResponse`. */
export interface NodeResponse {
  readonly headersSent: boolean;
  statusMessage?: string;
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: string | string[]): unknown;
  removeHeader(name: string): void;
}

/** On Workers a response begins with the status text "unknown", which Koa would answer a 404 with; elsewhere with none. */
export function clearStatusText(response: NodeResponse): void {
  if (response.statusMessage === "unknown") response.statusMessage = "";
}

/** The header operations of `Headers` on Node's response, which keeps several lines as a list. */
export function nodeHeaders(response: NodeResponse): HeaderTarget {
  const lines = (name: string): string[] => {
    const value = response.getHeader(name);
    return value === undefined ? [] : Array.isArray(value) ? value : [String(value)];
  };
  return {
    get: (name) => (lines(name).length === 0 ? null : lines(name).join(", ")),
    has: (name) => lines(name).length > 0,
    set: (name, value) => void response.setHeader(name, value),
    delete: (name) => response.removeHeader(name),
    append: (name, value) => {
      const all = [...lines(name), value];
      response.setHeader(name, name === "Set-Cookie" ? all : all.join(", "));
    },
    getSetCookie: () => lines("Set-Cookie"),
  };
}

/** The status that Koa answers an error with. What is no Error is answered with 500. */
export function statusOf(error: unknown): number {
  if (!(error instanceof Error)) return 500;
  const { status, statusCode, code } = error as { status?: unknown; statusCode?: unknown; code?: unknown };
  if (code === "ENOENT") return 404;
  const given = status ?? statusCode;
  return typeof given === "number" && given >= 400 && given < 600 ? given : 500;
}

/**
 * An error that stands for the thrown one and has headers for Koa to send. The thrown one is left alone: an application may
 * throw the same object for many visitors, and may log it.
 */
export function errorWithHeaders(thrown: unknown, headers: SessionHeaders | undefined): unknown {
  if (headers === undefined) return thrown;
  const error = thrown instanceof Error ? thrown : new Error("Cannot answer: what the handler threw is no Error");
  const own = (value: unknown): PropertyDescriptor => ({ value, writable: true, enumerable: false });
  const all = merged((error as { headers?: Record<string, unknown> }).headers ?? {}, headers);
  // Koa writes the status on what it catches.
  return Object.create(error, { headers: own(all), status: own(statusOf(thrown)) });
}

/** The error's own headers with ours, as on the response that Koa will make of them: there the spelling of names does not count. */
function merged(given: Record<string, unknown>, ours: SessionHeaders): Record<string, unknown> {
  const all = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), { name, value }]));
  const target = nodeHeaders({
    headersSent: false,
    getHeader: (name) => all.get(name.toLowerCase())?.value as string | string[] | undefined,
    setHeader: (name, value) => all.set(name.toLowerCase(), { name, value }),
    removeHeader: (name) => void all.delete(name.toLowerCase()),
  });
  editHeaders(target, ours);
  return Object.fromEntries([...all.values()].map(({ name, value }) => [name, value]));
}
