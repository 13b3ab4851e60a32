/**
 * Applications that are a function from Request to Response.
 *
 * @module
 */
import type { App } from "./app.ts";

const ORIGIN = "http://localhost";

/** Puts a `fetch` function under test. */
export function fetchApp(answer: (request: Request) => Response | Promise<Response>): App {
  const send = (path: string, cookie?: string) =>
    answer(new Request(ORIGIN + path, cookie === undefined ? {} : { headers: { cookie } }));
  return {
    async ask(path, cookie) {
      const response = await send(path, cookie);
      return { status: response.status, body: await response.text(), setCookie: response.headers.getSetCookie() };
    },
    ready: (path, cookie) => async () => send(path, cookie),
  };
}
