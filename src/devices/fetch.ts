/**
 * A page where users see and end the sessions they are logged in with, for `fetch` handlers and Hono.
 *
 * @module
 */
import type { StoredSessions } from "../manager/seam.ts";
import { answer, assertStored } from "./answer.ts";
import { type DevicesOptions, settle } from "./options.ts";

export { deviceOf } from "./device.ts";
export type { DevicesOptions } from "./options.ts";
export type { DevicesPage } from "./page.ts";
export type { DevicesTexts } from "./texts.ts";

/** Handles the requests for the page's address. */
export type DevicesHandler = (request: Request) => Promise<Response>;

/**
 * Returns the handler of the page: a user's sessions by device, with the current one marked, and buttons to end one or
 * all others. It works without JavaScript. Give it every request for its address, whatever the method. It loads the
 * session itself and needs no middleware.
 *
 * Forms of other websites get 403. Users can only end their own sessions. The page contains no session ids and is not
 * cached (`no-store`). The store is always read, even if there is a copy of the session. GET requests change nothing.
 *
 * @param sessions The application's sessions, in a store that lists them. With Hono, `web.sessions`.
 * @throws OptionError if an option cannot be used or there is no store. During a request, OptionError if the store
 * cannot list, StoreError if it fails.
 *
 * @see
 * https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-management-waf-protections
 *
 * @example
 * ```ts
 * import { devices } from "web-session-store/devices";
 *
 * const devicesPage = devices(sessions, { login: "/login" });
 * if (new URL(request.url).pathname === "/account/sessions") return devicesPage(request);
 * ```
 */
export function devices<Data extends object>(
  sessions: StoredSessions<Data>,
  options: DevicesOptions<Request> = {},
): DevicesHandler {
  assertStored(sessions);
  const settled = settle(options);
  return (request) => {
    const { host, searchParams } = new URL(request.url);
    const asked = { request, host, query: searchParams, incoming: request };
    return answer(asked, sessions as unknown as StoredSessions<never>, settled);
  };
}
