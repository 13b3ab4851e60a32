/**
 * Node's response and Koa's errors, as far as session headers go.
 *
 * @module
 */
import type { HeaderTarget } from "../response.ts";

/** What is used of Node's `ServerResponse`. */
export interface NodeResponse {
  readonly headersSent: boolean;
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: string | string[]): unknown;
  removeHeader(name: string): void;
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

/** The status that Koa answers an error with. */
export function statusOf(error: unknown): number {
  const { status, statusCode, code } = (error ?? {}) as { status?: unknown; statusCode?: unknown; code?: unknown };
  if (code === "ENOENT") return 404;
  const given = status ?? statusCode;
  return typeof given === "number" && given >= 400 && given < 600 ? given : 500;
}

/** The error with headers for Koa to send: the error itself, or one that stands for it where it cannot be changed. */
export function errorWithHeaders(error: unknown, headers: Record<string, string | string[]>): unknown {
  if (typeof error !== "object" || error === null || Object.keys(headers).length === 0) return error;
  const all = { ...(error as { headers?: object }).headers, ...headers };
  if (Reflect.set(error, "headers", all)) return error;
  // Koa writes the status on what it catches.
  const own = (value: unknown): PropertyDescriptor => ({ value, writable: true, enumerable: true });
  return Object.create(error, { headers: own(all), status: own(statusOf(error)) });
}
