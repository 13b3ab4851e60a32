/** The names of our cookies: those of an application that chooses no name, and what they are made of. */

export const USER_COOKIE = "__Host-session";
export const VISITOR_COOKIE: string = visitorCookie("session");
export const COPY_COOKIE: string = copyCookie("session");

/** The name without its prefix, as options and messages have it. */
export function baseOf(cookie: string): string {
  return cookie.slice("__Host-".length);
}

/** Where an application of this name has its visitors. */
export function visitorCookie(name: string): string {
  return `__Host-${name}-visitor`;
}

/** Where an application of this name keeps copies. */
export function copyCookie(name: string): string {
  return `__Host-${name}-copy`;
}
