/**
 * For tests: the contract suites for stores and adapters, and session cookies for your own tests.
 *
 * @module
 */

import { stringifyData } from "../ground/json.ts";
import { checkGiven, refuseUnknownOf } from "../ground/option-values.ts";
import { newSessionId } from "../ground/session-id.ts";
import { managerOf, partsFor } from "../manager/assemble.ts";
import { claimsOf } from "../manager/backend.ts";
import { channelOf } from "../manager/manager.ts";
import type { SessionOptions } from "../manager/options.ts";
import { settle } from "../manager/settle.ts";
import type { SessionMeta } from "../session/record.ts";
import { checkSubject } from "../session/wish.ts";
import type { SessionStore } from "../stored/contract.ts";
import { expiryOf } from "../token/timeouts.ts";

export { type AdapterCase, adapterContract } from "./adapter/adapter-contract.ts";
export type { AdapterApp, AdapterRoute, MakeApp } from "./adapter/app.ts";
export { type StoreCase, storeContract } from "./contract/store-contract.ts";
export type { CaseContext } from "./first-cause.ts";

/** The session that {@link cookieFor} creates. */
export interface CookieForOptions {
  /** The session's data. Default: none. */
  data?: Record<string, unknown>;
  /** Who is logged in. Default: nobody. */
  subject?: string;
  /** What the login stores with the session, as the `meta` of `login()`. Default: nothing. */
  meta?: SessionMeta;
}

const KNOWN: ReadonlySet<string> = new Set<keyof CookieForOptions>(["data", "subject", "meta"]);

/**
 * Returns a Cookie header for an existing session, so a test does not
 * have to log in first. With a store, it also stores the session.
 *
 * @param options The options that your application passes to `createSessions`.
 * @throws OptionError for an unknown or invalid option
 *
 * @example
 * ```ts
 * const Cookie = await cookieFor(options, { subject: "alice", data: { cart: ["apple"] } });
 * const response = await app.request("/cart", { headers: { Cookie } });
 * ```
 */
export async function cookieFor(options: SessionOptions, session: CookieForOptions = {}): Promise<string> {
  checkGiven(session, "cookieFor", "{ subject }");
  refuseUnknownOf("cookieFor()", session, KNOWN);
  const { data = {}, subject, meta } = session;
  if (subject !== undefined) checkSubject("make the cookie", subject);
  const manager = managerOf(partsFor(settle(options)));
  const store = options.store as unknown as SessionStore | undefined;
  const now = manager.now();
  const channel = channelOf(manager, subject);
  const route = channel.mode === "cookie" ? undefined : await store?.route?.(subject);
  const key = route === undefined ? { id: newSessionId() } : { id: newSessionId(), route };
  const record = {
    data: stringifyData(Object.assign(Object.create(null), data)),
    version: 1,
    startedAt: now,
    seenAt: now,
    expiresAt: expiryOf(now, now, manager.timeouts),
    ...(subject !== undefined && { subject }),
    ...(meta !== undefined && { meta }),
  };
  if (channel.mode !== "cookie") await store?.create(key, record);
  const living = { is: "living", key, record, cookie: "missing", remember: true } as const;
  const token = await channel.codec.seal(claimsOf(living, { mode: channel.mode, timeouts: manager.timeouts, now }));
  return `${channel.cookie.name}=${token}`;
}
