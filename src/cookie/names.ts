/**
 * Which cookies the sessions of one name have: that of visitors, that of users, that of copies, and those of earlier versions.
 *
 * @module
 */
import { baseName, type Cookie, type CookieOptions, createCookie } from "./serialize.ts";

/** The cookies of sessions: of those with a subject, and of visitors; the same one where they are not told apart. */
export interface SessionCookies {
  readonly session: Cookie;
  readonly visitor: Cookie;
}

/** What follows the name in the cookie of users. Visitors have the name alone: an application without logins shows nothing else. */
const USER = "-user";
const COPY = "-copy";
/** Version 0.1.0 had users under the name alone, and visitors under this. */
const FORMER_VISITOR = "-visitor";
/** In 0.1.0 `__Host-` stood where `__Host-Http-` stands today. */
const TODAY = "__Host-Http-";
const FORMER = "__Host-";

/** The cookies of the sessions of this name. @throws OptionError for what browsers refuse */
export function sessionCookies(name: string, options: CookieOptions): SessionCookies {
  const visitor = createCookie(name, options);
  return { visitor, session: options.single ? visitor : createCookie(name + USER, options) };
}

/**
 * Every cookie that a version of this library kept a session of this name in, with these attributes: today's, and those of 0.1.0.
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

/** The name as 0.1.0 had it. One that spelled its prefix had that. */
function formerName(name: string, today: Cookie): string {
  const isGiven = baseName(name) !== name;
  return !isGiven && today.name.startsWith(TODAY) ? FORMER + name : name;
}

/** The option `name` of an application that has a cookie of this name. */
export function optionName(wireName: string): string {
  const name = baseName(wireName);
  const ending = [USER, COPY, FORMER_VISITOR].find((one) => name.length > one.length && name.endsWith(one)) ?? "";
  return name.slice(0, name.length - ending.length);
}

/** Names of cookies that a token may stand in, without their prefix. */
export interface Whereabouts {
  /** Where an application of today looks for it. */
  readonly today: readonly string[];
  /** Where 0.1.0 had it. Under the name alone, `cookie.single` has every token, too. */
  readonly former: readonly string[];
}

/** Where a token of the sessions of this name may stand. @param whose Undefined where the token does not say whose session it names. */
export function whereabouts(name: string, whose: "user" | "visitor" | "copy" | undefined): Whereabouts {
  if (whose === "copy") return { today: [name + COPY], former: [] };
  const of = (user: string, visitor: string) => [...(whose === "user" ? [] : [visitor]), ...(whose === "visitor" ? [] : [user])];
  return { today: of(name + USER, name), former: of(name, name + FORMER_VISITOR) };
}
