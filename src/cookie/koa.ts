/**
 * Writes Set-Cookie lines as Koa's `cookies` package does, for the session and its signature.
 *
 * @module
 */
import { OptionError } from "../errors.ts";
import { type Cookie, MAX_AGE_LIMIT } from "./serialize.ts";

/** The cookie options that Koa's users know, from the `cookies` package. */
export interface KoaCookieOptions {
  /** Whether the cookie is signed with `app.keys`. Default true. Risky without: any client can make up its session. */
  signed?: boolean;
  /** How long the cookie and the session last without use, in milliseconds. Default: as long as the browser runs. */
  maxAge?: number;
  /** When the cookie ends, instead of `maxAge`. */
  expires?: Date;
  /** Default `"/"`. */
  path?: string;
  /** Default: this host alone. */
  domain?: string;
  /** Whether only https carries the cookie. Default: when the request came by https. */
  secure?: boolean;
  /** Whether scripts cannot read the cookie. Default true. */
  httpOnly?: boolean;
  /** When the cookie goes along with requests from other sites; true is `"strict"`, false sends nothing. Default `"lax"`. */
  sameSite?: "strict" | "lax" | "none" | boolean;
  /** Default false. */
  partitioned?: boolean;
  /** Default: not sent. */
  priority?: "low" | "medium" | "high";
  /** Known to the `cookies` package; here a cookie is set once at most. */
  overwrite?: boolean;
}

const NAME = /^[!-+\--:<>-~]+$/;
const PATH_VALUE = /^[ -:=-~]*$/;
const DOMAIN_VALUE = /^[.]?[a-z0-9-]+([.][a-z0-9-]+)*$/i;
const LONG_AGO = new Date(0);

/** How a token is taken apart into the cookie's value and its signature. */
export type SplitToken = (token: string) => { readonly value: string; readonly signature: string };

/**
 * Settles Koa's pair of cookies.
 *
 * @param secure What `Secure` is when the options do not say: whether the request came by https.
 * @throws OptionError for what the `cookies` package refuses.
 */
export function koaCookie(
  name: string,
  options: KoaCookieOptions,
  secure: boolean,
  now: () => number,
  split: SplitToken,
): Cookie {
  check(name, options);
  const line = (key: string, value: string, expires: Date | undefined): string =>
    `${key}=${value}${attributes(options, secure, expires)}`;
  const pair = (value: string, signature: string, expires: Date | undefined): string[] => [
    line(name, value, expires),
    ...(options.signed === false ? [] : [line(`${name}.sig`, signature, expires)]),
  ];
  return {
    name,
    sizeOf: (token) => name.length + split(token).value.length,
    set: (token, maxAge) => {
      const { value, signature } = split(token);
      const end = maxAge === undefined ? options.expires : new Date((now() + Math.min(maxAge, MAX_AGE_LIMIT)) * 1000);
      return pair(value, signature, end);
    },
    clear: () => pair("", "", LONG_AGO),
    clearEvery: () => [],
  };
}

function attributes(options: KoaCookieOptions, secure: boolean, expires: Date | undefined): string {
  const { path = "/", domain, priority, sameSite = "lax", httpOnly = true, partitioned = false } = options;
  const site = sameSite === true ? "strict" : sameSite;
  return [
    `; path=${path}`,
    expires && `; expires=${expires.toUTCString()}`,
    domain && `; domain=${domain}`,
    priority && `; priority=${priority}`,
    site && `; samesite=${site}`,
    (options.secure ?? secure) && "; secure",
    httpOnly && "; httponly",
    partitioned && "; partitioned",
  ]
    .filter((text) => typeof text === "string")
    .join("");
}

const KNOWN = new Set([
  ...["signed", "maxAge", "expires", "path", "domain", "secure", "httpOnly", "sameSite", "partitioned", "priority", "overwrite"],
]);

function check(name: string, options: KoaCookieOptions): void {
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) throw new OptionError("ERR_OPTION", `Cannot use cookie option "${key}": there is no such option`);
  }
  checkValues(name, options);
}

function checkValues(name: string, { path = "/", domain, maxAge, sameSite, priority }: KoaCookieOptions): void {
  if (!NAME.test(name)) refuse("name", name);
  if (!PATH_VALUE.test(path)) refuse("path", path);
  if (domain !== undefined && !DOMAIN_VALUE.test(domain)) refuse("domain", domain);
  if (maxAge !== undefined && !(Number.isFinite(maxAge) && maxAge > 0)) refuse("maxAge", maxAge);
  if (sameSite !== undefined && ![true, false, "strict", "lax", "none"].includes(sameSite)) refuse("sameSite", sameSite);
  if (priority !== undefined && !["low", "medium", "high"].includes(priority)) refuse("priority", priority);
}

function refuse(what: string, value: unknown): never {
  throw new OptionError(
    "ERR_OPTION",
    `Cannot use cookie ${what} ${JSON.stringify(value)}: browsers or the cookies package would refuse it`,
  );
}
