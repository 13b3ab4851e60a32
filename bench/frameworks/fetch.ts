/**
 * A bare `fetch` handler under test. Separate from the libraries
 * for it, so that ours can be timed without installing them.
 *
 * @module
 */
import { act, type Deeds, noSession } from "../contenders/deeds.ts";
import type { App } from "../harness/app.ts";
import { fetchApp } from "../harness/fetch-app.ts";

/** A request with its headers, and the headers of the response. */
export interface Exchange {
  readonly request: Request;
  readonly headers: Headers;
}

/** The path of a request, without making a URL of it. */
export function pathOf({ url }: Request): string {
  return url.slice(url.indexOf("/", "http://".length));
}

/** A handler under test. */
export function plainApp(deeds?: Deeds<Exchange>): App {
  if (deeds === undefined) return fetchApp(async (request) => new Response(await act(noSession, pathOf(request), request)));
  return fetchApp(async (request) => {
    const headers = new Headers();
    return new Response(await act(deeds, pathOf(request), { request, headers }), { headers });
  });
}
