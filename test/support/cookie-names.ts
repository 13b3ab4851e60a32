/** The names of our cookies: those of an application that chooses no name, and what they are made of. */

const PREFIX = "__Host-Http-";

export const VISITOR_COOKIE: string = visitorCookie("session");
export const USER_COOKIE: string = userCookie("session");
export const COPY_COOKIE: string = copyCookie("session");

/** The name without its prefix, as options and messages have it. */
export function baseOf(cookie: string): string {
  return cookie.slice(PREFIX.length);
}

/** Where an application of this name has its visitors. */
export function visitorCookie(name: string): string {
  return `${PREFIX}${name}`;
}

/** Where an application of this name has its users. */
export function userCookie(name: string): string {
  return `${PREFIX}${name}-user`;
}

/** Where an application of this name keeps copies. */
export function copyCookie(name: string): string {
  return `${PREFIX}${name}-copy`;
}
