/**
 * Warns if Secure cookies are sent over plain http, where browsers drop them. Localhost is exempt.
 *
 * @module
 */
import type { Came } from "../session/visit.ts";
import { type Listener, warn } from "./reporting.ts";

/** Called for a request whose response sets a cookie. */
export type NoticeCookie = (request: Came) => void;

/** A URL of this machine. URL.parse() would be slower than all the rest. */
const THIS_MACHINE = /^http:\/\/(([^/?#@]+\.)?localhost|127\.[\d.]+|\[::1\])(:\d*)?([/?#]|$)/i;

/** Warns for the first such request only. */
export function plainHttpNotice(onEvent: Listener): NoticeCookie {
  let told = false;
  const notice = (request: Came): void => {
    if (told || !isPlainHttp(request)) return;
    told = true;
    warn("plain-http", PLAIN_HTTP, onEvent);
  };
  return (request) => (request.url?.startsWith("http:") ? notice(request) : undefined);
}

const PLAIN_HTTP =
  "a Secure cookie was sent over plain http, where browsers drop it: use https, or http://localhost, or in development cookie.secure: false";

/**
 * Whether a browser would drop a Secure cookie. Behind a proxy that ends TLS it does not,
 * although the URL is plain http.
 */
function isPlainHttp({ url, headers }: Came): boolean {
  // Browsers send this header only to https and to their own machine.
  if (headers.get("Sec-Fetch-Site") || url === undefined || THIS_MACHINE.test(url)) return false;
  const isForwarded = /https/i.test(`${headers.get("X-Forwarded-Proto")} ${headers.get("Forwarded")}`);
  return !isForwarded && URL.canParse(url);
}
