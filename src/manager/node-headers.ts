/**
 * Node's response headers with the interface of `Headers`.
 *
 * @module
 */
import type { HeaderTarget } from "./headers.ts";

/**
 * The part of a response that {@link nodeHeaders} uses. Node's `ServerResponse` and many frameworks' replies have it.
 */
export interface NodeHeaderHolder {
  /** The value of a header; a list if there are several lines. */
  getHeader(name: string): number | string | string[] | undefined;
  /** Sets a header and replaces its earlier value. */
  setHeader(name: string, value: string | string[]): unknown;
  /** Removes a header with all its lines. */
  removeHeader(name: string): unknown;
}

/**
 * Makes Node's response headers usable for `put()`, and for `headers` in `commit()`.
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

/** A class, since every request makes one and six closures would cost more. */
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
