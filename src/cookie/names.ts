/**
 * The cookies of a session name: for visitors, users and copies, and those of version 0.1.0.
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
/** In 0.1.0 users had the bare name, and visitors this suffix. */
const FORMER_VISITOR = "-visitor";
/** 0.1.0 had `__Host-` in place of `__Host-Http-`. */
const TODAY = "__Host-Http-";
const FORMER = "__Host-";

/** The cookies for a session name. @throws OptionError for what browsers refuse */
export function sessionCookies(name: string, options: CookieOptions): SessionCookies {
  const visitor = createCookie(name, options);
  return { visitor, session: options.single ? visitor : createCookie(name + USER, options) };
}

/**
 * Every cookie that may hold sessions of this name, including those of 0.1.0.
 *
 * @throws OptionError for what browsers refuse
 */
export function everySessionCookie(name: string, options: CookieOptions): Cookie[] {
  const { session, visitor } = sessionCookies(name, options);
  if (session === visitor) return [visitor];
  const former = [name, name + FORMER_VISITOR].map((one) => createCookie(formerName(one, visitor), options));
  const byName = new Map([session, visitor, ...former].map((cookie) => [cookie.name, cookie]));
  return [...byName.values()];
}

/** The cookie's name in 0.1.0. An explicit prefix was the same. */
function formerName(name: string, today: Cookie): string {
  const isGiven = baseName(name) !== name;
  return !isGiven && today.name.startsWith(TODAY) ? FORMER + name : name;
}

/** The option `name` that leads to this cookie name. */
export function optionName(wireName: string): string {
  const name = baseName(wireName);
  const ending = [USER, COPY, FORMER_VISITOR].find((one) => name.length > one.length && name.endsWith(one)) ?? "";
  return name.slice(0, name.length - ending.length);
}

/** Names of cookies that may hold a token, without prefix. */
export interface Whereabouts {
  /** Today's names. */
  readonly today: readonly string[];
  /** Names in 0.1.0. With `cookie.single` the bare name holds every token, too. */
  readonly former: readonly string[];
}

/** Where a token of this session name may be. @param whose Undefined if the token does not say. */
export function whereabouts(name: string, whose: "user" | "visitor" | "copy" | undefined): Whereabouts {
  if (whose === "copy") return { today: [name + COPY], former: [] };
  const of = (user: string, visitor: string) => [...(whose === "user" ? [] : [visitor]), ...(whose === "visitor" ? [] : [user])];
  return { today: of(name + USER, name), former: of(name, name + FORMER_VISITOR) };
}
