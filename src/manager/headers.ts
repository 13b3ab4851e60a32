/**
 * Puts Set-Cookie lines and cache headers on a Response, and touches nothing else of it.
 *
 * @module
 */
import { subjectOf, type Visit } from "../session/visit.ts";

/** What is read of an answer's headers: those of a Response, or what a framework makes of its own. */
export interface HeaderReader {
  /** The value of a header; null or undefined where there is none. */
  get(name: string): string | null | undefined;
}

/** What goes on the answer to a request. */
export interface Committed {
  /** Lines to append as Set-Cookie, at most one for each name and scope. */
  readonly setCookie: readonly string[];
  /**
   * Cache-Control and Vary, and Clear-Site-Data where it was asked for. What the answer says of caches itself stands, unless it sets a cookie:
   * {@link put} knows how.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What goes on the answer to most requests. */
export const NOTHING: Committed = { setCookie: [], headers: [] };

/** Where one of these stands, the caches it is meant for do not look at Cache-Control: RFC 9213, section 2.2. */
const TARGETED = ["CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Surrogate-Control"];

type Pairs = Committed["headers"];
const VARY: Pairs = [["Vary", "Cookie"]];
// RFC 9111, section 7.3: a Set-Cookie header does not keep caches from storing a response.
const NOT_STORED: Pairs = [["Cache-Control", "no-store"]];
const NOT_STORED_VARYING: Pairs = [...NOT_STORED, ...VARY];
const USERS: Pairs = [["Cache-Control", "private, no-store"], ...VARY];
const VISITORS: Pairs = [["Cache-Control", "private"], ...VARY];

/**
 * What a committed request puts on its answer.
 *
 * @param cacheHeaders False leaves Cache-Control and Vary as they are.
 * @param isUsers Whether it is an answer to a user.
 */
export function headersFor(
  visit: Visit,
  setCookie: readonly string[],
  cacheHeaders: boolean,
  isUsers: boolean = subjectOf(visit) !== undefined,
): Committed {
  if (!visit.used && setCookie.length === 0) return NOTHING;
  const headers = cacheHeaders ? cacheHeadersFor(visit, setCookie.length > 0, isUsers) : [];
  const clearSiteData = visit.farewell?.clearSiteData;
  return { setCookie, headers: clearSiteData === undefined ? headers : [["Clear-Site-Data", clearSiteData], ...headers] };
}

function cacheHeadersFor(visit: Visit, setsCookie: boolean, isUsers: boolean): Pairs {
  if (setsCookie) return visit.used ? NOT_STORED_VARYING : NOT_STORED;
  if (isUsers) return USERS;
  // An application may know its users by their data alone, so no living session's answer is for others; nor is that of one just lost.
  const { is } = visit.found;
  return is === "new" || is === "outage" ? VARY : VISITORS;
}

/**
 * Whether this is an answer: whatever has a status and headers. Frameworks and polyfills bring Response classes of their own, and an
 * error that has a status is still an error.
 */
export function isAnswer(value: unknown): value is Response {
  if (typeof value !== "object" || value === null || value instanceof Error) return false;
  const { status, headers } = value as { status?: unknown; headers?: { get?: unknown } | null };
  return typeof status === "number" && typeof headers?.get === "function";
}

/** @throws TypeError for what is no response: whoever made it forgot to answer. */
export function assertAnswer(value: unknown): asserts value is Response {
  if (!isAnswer(value)) throw new TypeError("Cannot answer: the handler returned no Response");
}

/** @throws TypeError for a response that cannot be sent: asked before anything is written, since nobody would hear of it. */
export function assertSendable(value: Response): void {
  if (value.bodyUsed) throw new TypeError("Cannot answer: the body of the Response was read already");
  if (value.type === "error") throw new TypeError("Cannot answer: Response.error() cannot be sent");
}

/** Whether a Cache-Control header lets shared caches keep the response. */
export const letsShare = (cacheControl: string | null | undefined): boolean =>
  /(^|[\s,])(public|s-maxage)\b/i.test(cacheControl ?? "");

/** Whether nobody may ever see the answer to a request. https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Purpose */
export const isUnseen = (method: string | undefined, purpose: string | null | undefined): boolean =>
  method === "HEAD" || /\bprefetch\b/i.test(purpose ?? "");

/** The response with the headers; a copy if its own cannot be changed. A response with status 101 is left alone. */
export function withCommitted(response: Response, committed: Committed): Response {
  if (committed === NOTHING || response.status === 101) return response;
  try {
    put(response.headers, committed);
    return response;
  } catch (error) {
    // A redirect made by Response.redirect(), and a fetched response, have headers that cannot be changed.
    if (!(error instanceof TypeError)) throw error;
    const { body, status, statusText } = response;
    const copy = new Response(body, { status, statusText, headers: [...response.headers] });
    put(copy.headers, committed);
    return copy;
  }
}

/** The header operations that {@link put} needs: those of `Headers`, which an adapter can offer for another kind of answer. */
export type HeaderTarget = Pick<Headers, "append" | "delete" | "get" | "getSetCookie" | "set">;

/**
 * Puts what `commit()` gave on an answer: Set-Cookie lines in place of earlier ones of the same cookies, and the headers beside what the
 * answer says by now. It may be done again, also on another answer. A redirect made by `Response.redirect()`, and a fetched response, have headers that
 * cannot be changed: copy those, or let `sessions.apply()` do it.
 *
 * @param target The answer's headers, or what does the same to those of another kind of answer.
 * @throws TypeError when they cannot be changed
 *
 * @example
 * ```ts
 * put(response.headers, await sessions.commit(session, response));
 * ```
 */
export function put(target: HeaderTarget, { setCookie, headers }: Committed): void {
  const sets = setCookie.length > 0;
  if (sets) dropLines(target, setCookie);
  for (const line of setCookie) target.append("Set-Cookie", line);
  for (const [name, value] of headers) {
    if (name === "Vary") addToVary(target);
    // What the answer itself says of caches stands, unless it sets a cookie.
    else if (name !== "Cache-Control" || sets || target.get(name) == null) target.set(name, value);
    if (name === "Cache-Control" && sets) storeNowhere(target);
  }
}

function storeNowhere(target: HeaderTarget): void {
  for (const name of TARGETED) if (target.get(name) !== null) target.set(name, "no-store");
}

function addToVary(target: HeaderTarget): void {
  if (!/(^|[\s,])(\*|cookie)([\s,]|$)/i.test(target.get("Vary") ?? "")) target.append("Vary", "Cookie");
}

/** Removes lines of the same names that an earlier run put there; RFC 6265bis, section 4.1.1, allows one for each name. */
function dropLines(target: HeaderTarget, setCookie: readonly string[]): void {
  const lines = target.getSetCookie();
  const names = setCookie.map(cookieName);
  const others = lines.filter((line) => !names.includes(cookieName(line)));
  if (others.length === lines.length) return;
  target.delete("Set-Cookie");
  for (const line of others) target.append("Set-Cookie", line);
}

function cookieName(line: string): string {
  return line.slice(0, line.indexOf("="));
}
