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
  return new NodeHeaders(response);
}

/** A class, because every request makes one: six functions of its own would each be an object. */
class NodeHeaders implements HeaderTarget {
  readonly #response: NodeHeaderHolder;

  constructor(response: NodeHeaderHolder) {
    this.#response = response;
  }

  get(name: string): string | null {
    const value = this.#response.getHeader(name);
    if (value === undefined) return null;
    return Array.isArray(value) ? value.join(", ") : String(value);
  }

  set(name: string, value: string): void {
    this.#response.setHeader(name, value);
  }

  delete(name: string): void {
    this.#response.removeHeader(name);
  }

  append(name: string, value: string): void {
    const all = [...this.#lines(name), value];
    this.#response.setHeader(name, name === "Set-Cookie" ? all : all.join(", "));
  }

  getSetCookie(): string[] {
    return this.#lines("Set-Cookie");
  }

  #lines(name: string): string[] {
    const value = this.#response.getHeader(name);
    return value === undefined ? [] : Array.isArray(value) ? value : [String(value)];
  }
}
