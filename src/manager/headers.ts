/**
 * Puts Set-Cookie lines and cache headers on a Response, and touches nothing else of it.
 *
 * @module
 */
import type { SessionState } from "../session/visit.ts";

/** What a request did with its session, as far as headers go. */
export interface SessionHeaders {
  /** Set-Cookie lines, at most one for each name and scope. */
  readonly setCookie: readonly string[];
  /** Whether the response may depend on the session. */
  readonly used: boolean;
  /** What a response that says nothing of caches says, because it may show somebody's session. */
  readonly cacheControl: string | undefined;
  /** The value of Clear-Site-Data, if there is to be one. */
  readonly clearSiteData?: string | undefined;
  /** False leaves Cache-Control and Vary as they are. */
  readonly cacheHeaders: boolean;
}

/** The headers for what a committed request did; undefined where there is nothing to say. */
export function headersFor(state: SessionState, setCookie: readonly string[], cacheHeaders: boolean): SessionHeaders | undefined {
  const { used, subject, kept, gone, imported, clearSiteData } = state;
  if (!used && setCookie.length === 0) return undefined;
  // An application may know its users by their data alone, so no living session's answer is for others; nor is that of one just lost.
  const living = used && (kept ?? gone ?? imported) !== null ? "private" : undefined;
  const cacheControl = used && subject !== undefined ? "private, no-store" : living;
  return { setCookie, used, cacheControl, clearSiteData, cacheHeaders };
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
  if (value.type === "error") throw new TypeError("Cannot answer: Response.error() is no answer");
}

/** Whether a Cache-Control header lets shared caches keep the response. */
export function isShared(cacheControl: string | null): boolean {
  return /(^|[\s,])(public|s-maxage)\b/i.test(cacheControl ?? "");
}

/** Whether nobody may ever see the answer to a request. https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Purpose */
export function isUnseen(method: string | undefined, purpose: string | null | undefined): boolean {
  return method === "HEAD" || /\bprefetch\b/i.test(purpose ?? "");
}

/** The response with the headers; a copy if its own cannot be changed. A response with status 101 is left alone. */
export function withSessionHeaders(response: Response, headers: SessionHeaders | undefined): Response {
  if (headers === undefined || response.status === 101) return response;
  try {
    editHeaders(response.headers, headers);
    return response;
  } catch (error) {
    // A redirect made by Response.redirect(), and a fetched response, have headers that cannot be changed.
    if (!(error instanceof TypeError)) throw error;
    const { body, status, statusText } = response;
    const copy = new Response(body, { status, statusText, headers: [...response.headers] });
    editHeaders(copy.headers, headers);
    return copy;
  }
}

/** Where one of these stands, the caches it is meant for do not look at Cache-Control: RFC 9213, section 2.2. */
const TARGETED = ["CDN-Cache-Control", "Cloudflare-CDN-Cache-Control", "Surrogate-Control"];

/** The header operations this needs: those of `Headers`, which an adapter can offer for another kind of response. */
export type HeaderTarget = Pick<Headers, "append" | "delete" | "get" | "getSetCookie" | "has" | "set">;

/** Puts the headers on a response that can be changed. */
export function editHeaders(target: HeaderTarget, headers: SessionHeaders): void {
  const { setCookie, used, cacheControl, clearSiteData, cacheHeaders } = headers;
  if (clearSiteData !== undefined) target.set("Clear-Site-Data", clearSiteData);
  if (setCookie.length > 0) dropLines(target, setCookie);
  for (const line of setCookie) target.append("Set-Cookie", line);
  if (!cacheHeaders) return;
  // RFC 9111, section 7.3: a Set-Cookie header does not keep caches from storing a response.
  if (setCookie.length > 0) {
    target.set("Cache-Control", "no-store");
    for (const name of TARGETED) if (target.has(name)) target.set(name, "no-store");
  } else if (cacheControl !== undefined && !target.has("Cache-Control")) target.set("Cache-Control", cacheControl);
  if (used && !variesByCookie(target.get("Vary"))) target.append("Vary", "Cookie");
}

/** Removes lines of the same names that an earlier run put there; RFC 6265bis, section 4.1.1, allows one for each name. */
function dropLines(target: HeaderTarget, setCookie: readonly string[]): void {
  const lines = target.getSetCookie();
  if (lines.length === 0) return;
  const names = new Set(setCookie.map(cookieName));
  const others = lines.filter((line) => !names.has(cookieName(line)));
  if (others.length === lines.length) return;
  target.delete("Set-Cookie");
  for (const line of others) target.append("Set-Cookie", line);
}

function cookieName(line: string): string {
  return line.slice(0, line.indexOf("="));
}

function variesByCookie(vary: string | null): boolean {
  return /(^|[\s,])(\*|cookie)([\s,]|$)/i.test(vary ?? "");
}
