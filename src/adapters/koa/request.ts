/**
 * Koa's request, as far as it tells how it came.
 *
 * @module
 */
import type { Came } from "../../manager/plain-http.ts";

/** What is used of Koa's context. */
interface KoaRequest {
  readonly req: { readonly headers: { readonly [name: string]: string | string[] | undefined } };
  readonly secure: boolean;
}

/** How the request came, as a Request would say it. */
export function cameBy({ req: { headers }, secure }: KoaRequest): Came {
  const text = (name: string) => String(headers[name.toLowerCase()] ?? "");
  return { url: `http${secure ? "s" : ""}://${text("Host")}/`, headers: { get: text } };
}
