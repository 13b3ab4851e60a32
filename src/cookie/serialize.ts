/**
 * Writes Set-Cookie lines by the rules of browsers: names, prefixes and attributes.
 *
 * @module
 */
import { COOKIE_ADVICE } from "../ground/advice.ts";
import { cannot } from "../ground/errors.ts";
import {
  checkValue,
  checkValues,
  FLAG,
  oneOf,
  type Rule,
  refuseUnknown,
  textLike,
  wholeNumber,
} from "../ground/option-values.ts";
import { MAX_COOKIE_BYTES } from "./parse.ts";

/** The attributes of the session cookie. */
export interface CookieOptions {
  /**
   * A host name without scheme, port or path. The cookie is then also sent to every host below it. A
   * leading dot is ignored. Default: this host only, which allows the `__Host-` prefix. Risky: every host
   * below it can set the cookie, too.
   */
  domain?: string | undefined;
  /** The path that the cookie is sent to. It hides nothing from the host's other paths. Default: `"/"`. */
  path?: string | undefined;
  /** When requests from other sites carry the cookie. `"none"` needs `secure`. Default: `"lax"`. */
  sameSite?: "lax" | "strict" | "none" | undefined;
  /**
   * Whether the cookie is only sent over https, or http on localhost. Default: true, also behind a proxy that ends
   * TLS. There is no `"auto"`, since requests are not trusted to say how they came.
   */
  secure?: boolean | undefined;
  /** Whether to hide the cookie from scripts. Default: true. */
  httpOnly?: boolean | undefined;
  /** Whether browsers keep a cookie for each top-level site (CHIPS). Needs `secure`. Default: false. */
  partitioned?: boolean | undefined;
  /** Which cookies Chromium drops first if a host has too many. Default: not sent. */
  priority?: "low" | "medium" | "high" | undefined;
  /** Whether the cookie outlives the browser window (Max-Age is sent). Default: true. */
  persistent?: boolean | undefined;
  /**
   * The most bytes for name and value, 512 to 4,096. A larger cookie is not sent, and the request fails with
   * `ERR_COOKIE_TOO_LARGE`. Lower it for proxies that take less: nginx responds with 502 to more than 4 KB of headers
   * in all, unless you raise its `proxy_buffer_size`. Default: 4,096, the limit of browsers.
   */
  maxBytes?: number | undefined;
  /**
   * True keeps visitors and users in one cookie, named exactly `name`; a prefix in it is checked. For hosts that pass
   * on only one cookie name, such as Firebase Hosting with `name: "__session"`. Not with `copy` or
   * `anonymous: "cookie"`, which need a second cookie. Default: false.
   *
   * Risky: without a prefix, other hosts of the domain and scripts can plant the cookie. So a login keeps no
   * visitor's data except what `keep` names, unless the name has a `__Host-` prefix. And if the response for a
   * visitor's page arrives after that of the login, its cookie replaces the user's, who is then logged out.
   */
  single?: boolean | undefined;
}

/** A cookie with settled name and attributes. */
export interface Cookie {
  /** The full name, with its prefix. */
  readonly name: string;
  /** Lines that set it to a token. `maxAge` in seconds; undefined: until the browser closes. */
  set(token: string, maxAge: number | undefined): string[];
  /** The most bytes for name and value. */
  readonly maxBytes: number;
  /** How many bytes a token takes, as browsers count. */
  sizeOf(token: string): number;
  /**
   * Lines that remove it: from this host and from the domain, if one is set. If it is partitioned, also
   * the unpartitioned one, which an application has set before it opted in.
   */
  clear(): string[];
  /**
   * Lines that remove every cookie of this name with known attributes: with and without the domain, at the path and
   * at `/`, partitioned and not. `others`: all but the one that {@link set} sets.
   */
  clearEvery(others: boolean): string[];
}

/** Browsers keep no cookie longer than 400 days: RFC 6265bis, section 5.5. */
export const MAX_AGE_LIMIT: number = 400 * 24 * 60 * 60;
const PREFIX = /^__(host-http|host|secure|http)-/i;
const MAX_BYTES = wholeNumber(512, MAX_COOKIE_BYTES);
// Browsers ignore attributes longer than 1,024 bytes: RFC 6265bis, section 5.6.
const NAME = textLike(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,1024}$/, "letters, digits and !#$%&'*+-.^_`|~, at most 1024");
const RULES = {
  path: textLike(/^\/[!-+\--:<-~]{0,1023}$/, 'ASCII characters without spaces, ";" and ",", at most 1024, and start with "/"'),
  // Host names, or IPv4 addresses. Browsers silently drop cookies of any other domain.
  domain: textLike(/^(?=.{0,1024}$)\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i, "a host name alone, like example.com"),
  sameSite: oneOf("lax", "strict", "none"),
  secure: FLAG,
  httpOnly: FLAG,
  partitioned: FLAG,
  priority: oneOf("low", "medium", "high"),
  persistent: FLAG,
  maxBytes: MAX_BYTES,
  single: FLAG,
} satisfies Record<keyof CookieOptions, Rule>;
const KNOWN: ReadonlySet<string> = new Set(Object.keys(RULES));
const EXPIRED = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/** The name without its prefix. */
export function baseName(name: string): string {
  return name.replace(PREFIX, "");
}

/** Whether browsers accept this name from its own host only. */
export function isHostOnly(name: string): boolean {
  return PREFIX.exec(name)?.[1]?.toLowerCase().startsWith("host") ?? false;
}

/**
 * Settles a cookie. A bare name gets the strongest prefix that its attributes allow, or none with `single`. A
 * prefix in the name is checked.
 *
 * @throws {@link OptionError} with `ERR_OPTION` for a combination that browsers refuse (RFC
 * 6265bis, sections 4.1.3 and 5.7).
 */
export function createCookie(name: string, options: CookieOptions = {}): Cookie {
  check(name, options);
  const domain = options.domain?.replace(/^\./, "") ?? "";
  const { path = "/", secure = true, maxBytes = MAX_COOKIE_BYTES } = options;
  const wireName = prefixed(name, options);
  const attributes = attributeText(options);
  const line = (value: string, place = domain, where = path, others = attributes) =>
    `${wireName}=${value}; Path=${where}${place && `; Domain=${place}`}${others}`;
  const places = [...new Set([domain, ""])];
  const unpartitioned = attributeText({ ...options, partitioned: false });
  const kinds = [...new Set([attributes, unpartitioned])];
  return {
    name: wireName,
    set: (token, maxAge) => [line(maxAge === undefined ? token : `${token}; Max-Age=${Math.min(maxAge, MAX_AGE_LIMIT)}`)],
    maxBytes,
    sizeOf: (token) => wireName.length + token.length,
    clear: () => places.flatMap((place) => kinds.map((kind) => line(EXPIRED, place, path, kind))),
    clearEvery: (others) => {
      const every = secure ? [unpartitioned, attributeText({ ...options, partitioned: true })] : [unpartitioned];
      const lines = places.flatMap((place) =>
        [...new Set([path, "/"])].flatMap((where) => every.map((kind) => line(EXPIRED, place, where, kind))),
      );
      return others ? lines.filter((one) => one !== line(EXPIRED)) : lines;
    },
  };
}

/** What browsers tell cookies apart by: name, path, domain and partition, of a Set-Cookie line. RFC 6265bis, section 5.7. */
export function placeOf(line: string): string {
  const [pair = "", ...attributes] = line.split(";");
  const telling = attributes
    .map((text) => text.trim().toLowerCase())
    .filter((text) => /^(path|domain)=|^partitioned$/.test(text));
  return [pair.slice(0, pair.indexOf("=")), ...telling.sort()].join(";");
}

function check(name: string, options: CookieOptions): void {
  refuseUnknown(options, KNOWN, [COOKIE_ADVICE], "cookie option");
  checkValue("cookie name", name, NAME);
  checkValues(options, RULES, "cookie ");
  if (options.secure !== false) return;
  if (options.sameSite === "none") refuse('sameSite "none"', "secure");
  if (options.partitioned) refuse("partitioned", "secure");
}

/** @throws {@link OptionError} for a limit above that of browsers, or too small for a token that names a session. */
export function checkMaxBytes(maxBytes: number): void {
  checkValue("cookie maxBytes", maxBytes, MAX_BYTES);
}

function attributeText({ secure = true, httpOnly = true, sameSite = "lax", partitioned, priority }: CookieOptions): string {
  return [
    httpOnly && "; HttpOnly",
    secure && "; Secure",
    `; SameSite=${capital(sameSite)}`,
    partitioned && "; Partitioned",
    priority && `; Priority=${capital(priority)}`,
  ]
    .filter((text) => typeof text === "string")
    .join("");
}

const capital = (word: string): string => word[0]?.toUpperCase() + word.slice(1);

function prefixed(given: string, options: CookieOptions): string {
  if (baseName(given) === "") cannot(`use cookie name "${given}"`, "nothing follows the prefix");
  const name = PREFIX.test(given) ? given : strongestPrefix(options) + given;
  const prefix = PREFIX.exec(name)?.[1]?.toLowerCase();
  if (prefix === undefined) return name;
  const { domain, path = "/", secure = true, httpOnly = true } = options;
  const needs = (what: string): never => refuse(`the name "${name}"`, what);
  if (!secure) needs("secure");
  if (prefix.startsWith("host") && domain !== undefined) needs("no domain");
  if (prefix.startsWith("host") && path !== "/") needs('path "/"');
  if (prefix.endsWith("http") && !httpOnly) needs("httpOnly");
  return name;
}

/** Browsers that do not know `__Host-Http-` see `__Host-` in it; others hide the cookie from scripts. */
function strongestPrefix({ domain, path = "/", secure = true, httpOnly = true, single }: CookieOptions): string {
  if (!secure || single) return "";
  if (domain !== undefined || path !== "/") return "__Secure-";
  return httpOnly ? "__Host-Http-" : "__Host-";
}

function refuse(what: string, needs: string): never {
  cannot(`use ${what} in a cookie`, `it needs ${needs}`);
}
