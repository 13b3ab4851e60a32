/**
 * The headers of Node's response, seen as those of a Response.
 *
 * @module
 */
import type { HeaderTarget } from "./headers.ts";

/** What {@link nodeHeaders} uses of a response: Node's `ServerResponse` has it, and so do the replies of many frameworks. */
export interface NodeHeaderHolder {
  /** What `setHeader()` set; a list where there are several lines. */
  getHeader(name: string): number | string | string[] | undefined;
  /** Sets a header, in place of what was there. */
  setHeader(name: string, value: string | string[]): unknown;
  /** Removes a header with all its lines. */
  removeHeader(name: string): unknown;
}

/**
 * The header operations of `Headers` on Node's response, for `put()` and for the `headers` of `commit()`.
 *
 * @example
 * ```ts
 * const headers = nodeHeaders(res);
 * put(headers, await sessions.commit(session, { status: res.statusCode, headers }));
 * ```
 */
export function nodeHeaders(response: NodeHeaderHolder): HeaderTarget {
  const lines = (name: string): string[] => {
    const value = response.getHeader(name);
    return value === undefined ? [] : Array.isArray(value) ? value : [String(value)];
  };
  return {
    get: (name) => (lines(name).length === 0 ? null : lines(name).join(", ")),
    set: (name, value) => void response.setHeader(name, value),
    delete: (name) => void response.removeHeader(name),
    append: (name, value) => {
      const all = [...lines(name), value];
      response.setHeader(name, name === "Set-Cookie" ? all : all.join(", "));
    },
    getSetCookie: () => lines("Set-Cookie"),
  };
}
