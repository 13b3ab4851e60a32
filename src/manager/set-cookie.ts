/**
 * The Set-Cookie lines of a response: which cookies are set, and which are cleared.
 *
 * @module
 */
import { isSent, MAX_COOKIE_BYTES } from "../cookie/parse.ts";
import type { Cookie } from "../cookie/serialize.ts";
import { DataError } from "../ground/errors.ts";
import { largestKeys } from "../ground/json.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import type { Living } from "../session/found.ts";
import type { Visit } from "../session/visit.ts";
import type { Claims } from "../token/claims.ts";
import { claimsOf } from "./backend.ts";
import { channelOf, type Manager } from "./manager.ts";

export interface NewToken {
  readonly living: Living;
  readonly token: string;
  readonly claims: Claims;
}

/** The most bytes of a token for each character of data (JSON in JSON, UTF-8, Base64), and for all the rest. */
const MOST_PER_CHARACTER = 4;
const MOST_OF_REST = 1000;

/**
 * For calls that report a session as saved before there is a response.
 *
 * @throws DataError if the session does not fit in its cookie
 */
export function assertFits(living: Living, manager: Manager): MaybePromise<void> {
  const { data, subject } = living.record;
  const { cookie, codec, mode } = channelOf(manager, subject);
  if (mode !== "cookie" || MOST_PER_CHARACTER * (data.length + (subject?.length ?? 0)) + MOST_OF_REST <= cookie.maxBytes) return;
  const claims = claimsOf(living, { mode, timeouts: manager.timeouts, now: manager.now() });
  return after(codec.seal(claims), (token) => checkSize(cookie, token, data));
}

function checkSize(cookie: Cookie, token: string, data: string): void {
  const size = cookie.sizeOf(token);
  if (size > cookie.maxBytes) throw tooLarge(size, cookie.maxBytes, data);
}

/** The lines, with or without a new token. @throws DataError if the token is too large for a cookie */
export function setCookieLines(visit: Visit, manager: Manager, made: NewToken | null): readonly string[] {
  const user = manager.channels.user.cookie;
  const visitor = manager.channels.visitor.cookie;
  const own = made === null ? null : channelOf(manager, made.living.record.subject).cookie;
  const set = made === null || own === null ? [] : setLines(own, made, manager);
  // A login takes over the visitor's session, so its cookie is obsolete.
  const isSettled = visit.farewell !== null || visit.rivals === "settled";
  const obsolete = isSettled ? [user, visitor] : own === user ? [visitor] : [];
  const removed = [...new Set(obsolete)].flatMap((cookie) => removalLines(cookie, visit, cookie === own));
  return [...removed, ...set];
}

/**
 * Clears a cookie that was sent. If several came, one was not ours, so every variant with
 * known attributes is cleared.
 */
function removalLines(cookie: Cookie, { cookie: header, rivals }: Visit, isSet: boolean): string[] {
  if (!isSent(header, cookie.name)) return [];
  if (rivals === "settled") return cookie.clearEvery(isSet);
  return isSet ? [] : cookie.clear();
}

function setLines(cookie: Cookie, { token, claims, living: { record } }: NewToken, { persistent, timeouts }: Manager): string[] {
  checkSize(cookie, token, record.data);
  // Without timeouts, as in Koa's compatible mode, it ends with the browser.
  const isTimed = Number.isFinite(record.absoluteTimeout ?? record.idleTimeout ?? timeouts.idleTimeout);
  return cookie.set(token, persistent && isTimed && claims.temp !== true ? claims.exp - claims.iat : undefined);
}

function tooLarge(size: number, most: number, data: string): DataError {
  const limit = most < MAX_COOKIE_BYTES ? `cookie.maxBytes is ${most}` : `browsers keep ${MAX_COOKIE_BYTES}`;
  const text = `the cookie would take ${size} bytes and ${limit}; the largest keys are ${largestKeys(data)}. Use a store`;
  return new DataError("ERR_COOKIE_TOO_LARGE", `Cannot save the session in its cookie: ${text}`);
}
