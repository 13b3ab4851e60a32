/**
 * Writes Set-Cookie lines as Koa's `cookies` package does, for the session and its signature.
 *
 * @module
 */
import { KOA_COOKIE_ADVICE } from "../ground/advice.ts";
import { cannot } from "../ground/errors.ts";
import { refuseUnknown, shown } from "../ground/option-values.ts";
import { MAX_COOKIE_BYTES } from "./parse.ts";
import { type Cookie, checkMaxBytes, MAX_AGE_LIMIT } from "./serialize.ts";

/**
 * The cookie options of Koa's `cookies` package, in every spelling that it takes: words in any case;
 * null, `""`, 0 or false for none.
 */
export interface KoaCookieOptions {
  /** Whether `app.keys` sign the cookie. Risky if false: any client can forge its session. Default: true. */
  signed?: boolean | null;
  /** How long the cookie and the session last without use, in milliseconds. Default: until the browser closes. */
  maxAge?: number | null;
  /**
   * When the cookie expires, instead of `maxAge`; a date in the future. Risky: after that
   * date nobody keeps a session.
   */
  expires?: Date | null;
  /** The cookie's path. An empty or undefined value: the folder of the requested page. Default: `"/"`. */
  path?: string | null | undefined;
  /** A host name. Default: this host only. */
  domain?: string | null;
  /** Whether the cookie is only sent over https. Default: whether the request came by https. */
  secure?: boolean | null;
  /** Whether to hide the cookie from scripts. Default: true. */
  httpOnly?: boolean | null;
  /**
   * When requests from other sites carry the cookie. True is `"strict"`, false sends no attribute. Default: `"lax"`.
   */
  sameSite?: "strict" | "lax" | "none" | "Strict" | "Lax" | "None" | "" | boolean | null;
  /** Default: false. */
  partitioned?: boolean | null;
  /** Default: not sent. */
  priority?: "low" | "medium" | "high" | "Low" | "Medium" | "High" | "" | null;
  /** Accepted for compatibility. Here a cookie is set at most once. */
  overwrite?: boolean | null;
  /** The most bytes for name and value, 512 to 4,096, for proxies that take less than browsers. Default: 4,096. */
  maxBytes?: number;
}

const NAME = /^[!-+\--:<>-~]+$/;
const PATH_VALUE = /^[ -:=-~]*$/;
const DOMAIN_VALUE = /^\.?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const LONG_AGO = new Date(0);
/** A hundred years, well within the range of dates. */
const LONGEST_MAX_AGE = 100 * 365 * 24 * 60 * 60 * 1000;

/** Splits a token into the cookie's value and its signature. */
export type SplitToken = (token: string) => { readonly value: string; readonly signature: string };

/**
 * Settles Koa's pair of cookies.
 *
 * @param secure The default of `Secure`: whether the request came by https.
 * @throws OptionError for what the `cookies` package refuses.
 */
export function koaCookie(
  name: string,
  options: KoaCookieOptions,
  secure: boolean,
  now: () => number,
  split: SplitToken,
): Cookie {
  check(name, options, now);
  const signed = isSigned(options);
  const line = (key: string, value: string, expires: Date | undefined): string =>
    `${key}=${value}${attributes(options, secure, expires)}`;
  const pair = (value: string, signature: string, expires: Date | undefined): string[] => [
    line(name, value, expires),
    ...(signed ? [line(`${name}.sig`, signature, expires)] : []),
  ];
  return {
    name,
    maxBytes: options.maxBytes ?? MAX_COOKIE_BYTES,
    sizeOf: (token) => name.length + split(token).value.length,
    set: (token, maxAge) => {
      const { value, signature } = split(token);
      // Without an absolute timeout a stored session's token never expires. Browsers allow this much.
      const lasts = maxAge === Number.POSITIVE_INFINITY ? MAX_AGE_LIMIT : maxAge;
      const end = lasts === undefined ? options.expires : new Date((now() + lasts) * 1000);
      return pair(value, signature, end || undefined);
    },
    clear: () => pair("", "", LONG_AGO),
    clearEvery: () => [],
  };
}

/** Whether the cookie has a signature. */
export function isSigned({ signed = true }: KoaCookieOptions): boolean {
  return Boolean(signed);
}

/** Whether the date of `expires` has passed, so that browsers drop the cookie. */
export function isOver({ maxAge, expires }: KoaCookieOptions, now: () => number): boolean {
  return !maxAge && Boolean(expires) && (expires as Date).getTime() <= now() * 1000;
}

function attributes(options: KoaCookieOptions, secure: boolean, expires: Date | undefined): string {
  const { domain, priority, sameSite = "lax", httpOnly = true, partitioned } = options;
  // An explicit undefined has always meant no path. With another path, browsers would hold two cookies.
  const path = "path" in options ? options.path : "/";
  const site = sameSite === true ? "strict" : sameSite;
  return [
    path && `; path=${path}`,
    expires && `; expires=${expires.toUTCString()}`,
    domain && `; domain=${domain}`,
    priority && `; priority=${priority.toLowerCase()}`,
    site && `; samesite=${site.toLowerCase()}`,
    (options.secure === undefined ? secure : options.secure) && "; secure",
    httpOnly && "; httponly",
    partitioned && "; partitioned",
  ]
    .filter((text) => typeof text === "string")
    .join("");
}

const KNOWN: ReadonlySet<string> = new Set<keyof KoaCookieOptions>([
  ...(["signed", "maxAge", "expires", "path", "domain", "secure", "httpOnly", "sameSite", "partitioned", "priority"] as const),
  ...(["overwrite", "maxBytes"] as const),
]);
const NO_HOST = "it must be a host name alone, like example.com";

function check(name: string, options: KoaCookieOptions, now: () => number): void {
  refuseUnknown(options, KNOWN, [KOA_COOKIE_ADVICE], "cookie option");
  const { path, domain, maxAge, maxBytes, expires, secure, sameSite, priority } = options;
  const words = (value: unknown, ...of: string[]) => typeof value === "string" && of.includes(value.toLowerCase());
  if (!NAME.test(name)) refuse("name", name, 'it must be visible characters of ASCII without "=", ";" and ","');
  if (path && !(typeof path === "string" && PATH_VALUE.test(path)))
    refuse("path", path, 'it must be ASCII text without ";" and "<"');
  if (domain && !(typeof domain === "string" && DOMAIN_VALUE.test(domain))) refuse("domain", domain, NO_HOST);
  if ((maxAge || Number.isNaN(maxAge)) && !(typeof maxAge === "number" && maxAge > 0 && maxAge <= LONGEST_MAX_AGE))
    refuse("maxAge", maxAge, "it must be milliseconds, more than 0 and at most 100 years, or left out to end with the browser");
  if (!maxAge && expires && !Number.isFinite(expires.getTime?.())) refuse("expires", expires, "it must be a Date");
  if (isOver(options, now)) refuse("expires", expires, "it is in the past. Use maxAge");
  if (typeof secure === "string" && secure !== "")
    refuse("secure", secure, "it must be true or false, or left out to follow ctx.secure");
  if (sameSite && sameSite !== true && !words(sameSite, "strict", "lax", "none"))
    refuse("sameSite", sameSite, 'it must be "lax", "strict", "none", true or false');
  if (priority && !words(priority, "low", "medium", "high")) refuse("priority", priority, 'it must be "low", "medium" or "high"');
  if (maxBytes !== undefined) checkMaxBytes(maxBytes);
}

function refuse(what: string, value: unknown, why: string): never {
  cannot(`use cookie ${what} ${shown(value)}`, why);
}
