/**
 * Puts Set-Cookie lines and cache headers on a response.
 *
 * @module
 */
import { subjectOf, type Visit } from "../session/visit.ts";

/** The headers of a response or request: a `Headers`, or what an adapter makes of a framework's own. */
export interface HeaderReader {
  /** The value of a header; null or undefined if there is none. */
  get(name: string): string | null | undefined;
}

/** The headers that a commit adds to the response. */
export interface Committed {
  /** Set-Cookie lines to append, at most one for each name and scope. */
  readonly setCookie: readonly string[];
  /**
   * Cache-Control and Vary, and Clear-Site-Data if requested. The response's own Cache-Control wins unless a cookie
   * is set: {@link put} handles that.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export const NOTHING: Committed = { setCookie: [], headers: [] };

/** Caches that these headers are for ignore Cache-Control: RFC 9213, section 2.2. */
const TARGETED = ["CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Surrogate-Control"];

type Pairs = Committed["headers"];
const VARY: Pairs = [["Vary", "Cookie"]];
// RFC 9111, section 7.3: a Set-Cookie header does not keep caches from storing a response.
const NOT_STORED: Pairs = [["Cache-Control", "no-store"]];
const NOT_STORED_VARYING: Pairs = [...NOT_STORED, ...VARY];
const USERS: Pairs = [["Cache-Control", "private, no-store"], ...VARY];
const VISITORS: Pairs = [["Cache-Control", "private"], ...VARY];

/**
 * The headers for the response to a committed request.
 * @param cacheHeaders False leaves Cache-Control and Vary alone.
 * @param isUsers Whether the response is for a user.
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
  // Applications may know users by their data alone, so every living session's response is
  // private. So is that of one just lost.
  const { is } = visit.found;
  return is === "new" || is === "outage" ? VARY : VISITORS;
}

/**
 * Whether a value has the shape of a response: frameworks have Response classes of their own.
 * An error with a status is none.
 */
export function isAnswer(value: unknown): value is Response {
  if (typeof value !== "object" || value === null || value instanceof Error) return false;
  const { status, headers } = value as { status?: unknown; headers?: { get?: unknown } | null };
  return typeof status === "number" && typeof headers?.get === "function";
}

/** @throws TypeError with this problem if it is no response */
export function assertAnswer(value: unknown, problem: string): asserts value is Response {
  if (!isAnswer(value)) throw new TypeError(`Cannot send the response: ${problem}`);
}

/** @throws TypeError if the response cannot be sent. Checked before anything is written. */
export function assertSendable(value: Response): void {
  if (value.bodyUsed)
    throw new TypeError("Cannot send the response: its body has been read. Return a new one, or clone() it before you read it");
  if (value.type === "error")
    throw new TypeError("Cannot send the response: it is Response.error(), which has no status. Return one with a status");
}

export const letsShare = (cacheControl: string | null | undefined): boolean =>
  /(^|[\s,])(public|s-maxage)\b/i.test(cacheControl ?? "");

/**
 * Whether nobody may ever see the response. https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Purpose
 */
export const isUnseen = (method: string | undefined, purpose: string | null | undefined): boolean =>
  method === "HEAD" || /\bprefetch\b/i.test(purpose ?? "");

/** The response with the headers, or a copy if its own are immutable. Status 101 is left alone. */
export function withCommitted(response: Response, committed: Committed): Response {
  if (committed === NOTHING || response.status === 101) return response;
  try {
    put(response.headers, committed);
    return response;
  } catch (error) {
    // Responses of Response.redirect() and fetch() have immutable headers.
    if (!(error instanceof TypeError)) throw error;
    const { body, status, statusText } = response;
    const copy = new Response(body, { status, statusText, headers: [...response.headers] });
    put(copy.headers, committed);
    return copy;
  }
}

/**
 * The header operations that {@link put} needs, a subset of `Headers`. An adapter can
 * implement them for its framework.
 */
export type HeaderTarget = Pick<Headers, "append" | "delete" | "get" | "getSetCookie" | "set">;

/**
 * Adds the result of `commit()` to a response. Set-Cookie lines replace those of the same cookies; other headers are
 * merged with the response's own. You can call it again, also for another response. Responses of
 * `Response.redirect()` and `fetch()` have immutable headers: copy them, or use `sessions.apply()`.
 *
 * @param target The response's headers, or an equivalent.
 * @throws TypeError if they are immutable
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
    // The response's own Cache-Control wins unless it sets a cookie.
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

/** RFC 6265bis, section 4.1.1, allows one Set-Cookie line for each name. */
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
