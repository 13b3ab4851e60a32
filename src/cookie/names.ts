/**
 * The cookies of a session name: for visitors, users and copies.
 *
 * @module
 */
import { baseName, type Cookie, type CookieOptions, createCookie } from "./serialize.ts";

/** The cookies for users and visitors; with `single` they are the same. */
export interface SessionCookies {
  readonly session: Cookie;
  readonly visitor: Cookie;
}

/** Suffix of users' cookies. Visitors have the bare name, so that applications without logins show only that. */
const USER = "-user";
const COPY = "-copy";

/** The cookies for a session name. @throws OptionError for what browsers refuse */
export function sessionCookies(name: string, options: CookieOptions): SessionCookies {
  const visitor = createCookie(name, options);
  return { visitor, session: options.single ? visitor : createCookie(name + USER, options) };
}

/** The option `name` that leads to this cookie name. */
export function optionName(wireName: string): string {
  const name = baseName(wireName);
  const ending = [USER, COPY].find((one) => name.length > one.length && name.endsWith(one)) ?? "";
  return name.slice(0, name.length - ending.length);
}

/**
 * Names of cookies that may hold a token of this session name, without prefix. With `cookie.single` the bare name
 * holds every token but copies. @param whose Undefined if the token does not say.
 */
export function whereabouts(name: string, whose: "user" | "visitor" | "copy" | undefined): readonly string[] {
  if (whose === "copy") return [name + COPY];
  return [...(whose === "user" ? [] : [name]), ...(whose === "visitor" ? [] : [name + USER])];
}
