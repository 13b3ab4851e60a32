/**
 * A page on which users see where they are logged in, and end sessions, for `fetch` handlers and for Hono.
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

/** Answers the requests for one address. */
export type DevicesHandler = (request: Request) => Promise<Response>;

/**
 * Makes the page: a user's sessions with their devices, this one marked, and buttons to end one or all others. It works without JavaScript. It is to
 * get every request for its address, whatever the method, and loads the session itself: it needs no middleware around it.
 *
 * Forms of other websites get 403. Users end only sessions of their own. No id stands in the page, and nobody stores it (`no-store`). The store is asked
 * even where a copy of the session is at hand. What a GET asks for changes nothing.
 *
 * @param sessions The sessions of the application, in a store that lists them; with Hono, `web.sessions`.
 * @throws OptionError for an option that cannot be used, and for sessions without a store; when it answers: OptionError where the store cannot list,
 * StoreError when it fails
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html#session-management-waf-protections
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
