/**
 * Writes Set-Cookie lines: the name on the wire, the attributes, and the rules that browsers hold them to.
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
   * A host name without scheme, port and path: the cookie is sent to it and to every host below it. A dot at its beginning says nothing
   * and is left out. Default: this host alone, which allows the `__Host-` prefix. Risky: every host below it can set the cookie too.
   */
  domain?: string | undefined;
  /** Where on the host the cookie is sent. Default `"/"`. A path keeps nothing secret from other paths of the host. */
  path?: string | undefined;
  /** When the cookie goes along with requests from other sites. Default `"lax"`. `"none"` needs `secure`. */
  sameSite?: "lax" | "strict" | "none" | undefined;
  /**
   * Whether the cookie is only sent over https, or http on localhost. Default true, also behind a proxy that ends TLS. There is no
   * `"auto"`: what a request says of itself does not count.
   */
  secure?: boolean | undefined;
  /** Whether scripts in the page cannot read the cookie. Default true. */
  httpOnly?: boolean | undefined;
  /** Whether the cookie is kept apart for each top-level site (CHIPS). Default false. Needs `secure`. */
  partitioned?: boolean | undefined;
  /** Which cookies Chromium drops first when a host has too many. Default: not sent. */
  priority?: "low" | "medium" | "high" | undefined;
  /** Whether the cookie outlives the browser window (Max-Age is sent). Default true. */
  persistent?: boolean | undefined;
  /**
   * How many bytes name and value may take, 512 to 4,096; a larger cookie is not sent, and the request fails with `ERR_COOKIE_TOO_LARGE`.
   * Lower it where a proxy takes less than browsers: nginx answers 502 to more than 4 KB of headers, all of them together, unless its
   * `proxy_buffer_size` is raised. Default 4,096, what browsers keep.
   */
  maxBytes?: number | undefined;
  /**
   * True keeps visitors and users in one cookie, whose name is `name` as it stands: nothing is put before it or after it, and a prefix that it
   * spells is checked. For hosts that pass on the cookie of one name alone, such as Firebase Hosting: `name: "__session"`. Default false.
   *
   * Risky, by what it gives up. Without a prefix, other hosts of the domain and scripts can plant the cookie; so a login takes no data of
   * the visitor along but what `keep` names, unless the name spells a `__Host-` prefix. And of two answers on their way, that of a
   * visitor's page may come after that of the login, and its cookie then takes the user's place: the user is logged out. Not together with
   * `copy` and `anonymous: "cookie"`, which need a second cookie.
   */
  single?: boolean | undefined;
}

/** A cookie whose name and attributes are settled; it writes Set-Cookie lines. */
export interface Cookie {
  /** The name on the wire, prefix included. */
  readonly name: string;
  /** The lines that set it to a token; `maxAge` in seconds, undefined for as long as the browser runs. */
  set(token: string, maxAge: number | undefined): string[];
  /** How many bytes name and value may take. */
  readonly maxBytes: number;
  /** How many bytes of what browsers limit a token takes. */
  sizeOf(token: string): number;
  /** The lines that remove it from this host and, where a domain is set, from that. */
  clear(): string[];
  /**
   * The lines that remove every cookie of this name whose attributes can be known: with the domain and without, with the path and
   * with `/`, partitioned and not. `others`: all but the one that {@link set} sets.
   */
  clearEvery(others: boolean): string[];
}

/** Browsers keep no cookie longer than 400 days: RFC 6265bis, section 5.5. */
export const MAX_AGE_LIMIT: number = 400 * 24 * 60 * 60;
const PREFIX = /^__(host-http|host|secure|http)-/i;
const MAX_BYTES = wholeNumber(512, MAX_COOKIE_BYTES);
// Attributes longer than 1,024 bytes are ignored by browsers: RFC 6265bis, section 5.6.
const NAME = textLike(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,1024}$/, "letters, digits and !#$%&'*+-.^_`|~, at most 1024");
const RULES = {
  path: textLike(/^\/[!-+\--:<-~]{0,1023}$/, 'ASCII characters without spaces, ";" and ",", at most 1024, and start with "/"'),
  // Names and, for a host that has none, an address of IPv4. Browsers drop a cookie of any other, and do not say so.
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

/** The name without the prefix browsers act on. */
export function baseName(name: string): string {
  return name.replace(PREFIX, "");
}

/** Whether browsers take a cookie of this name from its own host alone. */
export function isHostOnly(name: string): boolean {
  return PREFIX.exec(name)?.[1]?.toLowerCase().startsWith("host") ?? false;
}

/**
 * Settles a cookie. A bare name gets the strongest prefix its attributes allow, or none where it is the single one;
 * a name that spells a prefix is checked.
 *
 * @throws {@link OptionError} with `ERR_OPTION` for a combination that browsers refuse (RFC 6265bis, sections 4.1.3 and 5.7).
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
  return {
    name: wireName,
    set: (token, maxAge) => [line(maxAge === undefined ? token : `${token}; Max-Age=${Math.min(maxAge, MAX_AGE_LIMIT)}`)],
    maxBytes,
    sizeOf: (token) => wireName.length + token.length,
    clear: () => places.map((place) => line(EXPIRED, place)),
    clearEvery: (others) => {
      const kinds = (secure ? [false, true] : [false]).map((partitioned) => attributeText({ ...options, partitioned }));
      const lines = places.flatMap((place) =>
        [...new Set([path, "/"])].flatMap((where) => kinds.map((kind) => line(EXPIRED, place, where, kind))),
      );
      return others ? lines.filter((one) => one !== line(EXPIRED)) : lines;
    },
  };
}

function check(name: string, options: CookieOptions): void {
  refuseUnknown(options, KNOWN, [COOKIE_ADVICE], "cookie option");
  checkValue("cookie name", name, NAME);
  checkValues(options, RULES, "cookie ");
  if (options.secure !== false) return;
  if (options.sameSite === "none") refuse('sameSite "none"', "secure");
  if (options.partitioned) refuse("partitioned", "secure");
}

/** @throws {@link OptionError} for a limit that browsers do not keep, or in which a token that names a session has no room. */
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

/** The name on the wire, which browsers keep with these attributes. */
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

/** Browsers that do not know `__Host-Http-` see `__Host-` in it; those that do refuse such a cookie to scripts. */
function strongestPrefix({ domain, path = "/", secure = true, httpOnly = true, single }: CookieOptions): string {
  if (!secure || single) return "";
  if (domain !== undefined || path !== "/") return "__Secure-";
  return httpOnly ? "__Host-Http-" : "__Host-";
}

function refuse(what: string, needs: string): never {
  cannot(`use ${what} in a cookie`, `it needs ${needs}`);
}
