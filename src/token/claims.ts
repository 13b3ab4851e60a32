/**
 * What a token says, and the checks that every token passes, whatever made it.
 *
 * @module
 */
import { isSessionId, type SessionId } from "../ground/session-id.ts";

/** What a token says about a session. Names come from JWT (RFC 7519) and OpenID Connect where they exist. */
export interface Claims {
  /** The session's public id. */
  readonly sid: SessionId;
  /** Which part of the store holds the record, for stores that need it. */
  readonly route?: string;
  /** When the session began: at its creation or at the last login. Epoch seconds. */
  readonly start: number;
  /** When this token was made. Epoch seconds. */
  readonly iat: number;
  /** When this token ends: the session's end where it carries the session, else its absolute limit. Epoch seconds. */
  readonly exp: number;
  /** True when the cookie ends with the browser, as after `login(subject, { remember: false })`. */
  readonly temp?: true;
  /** How long the session may be unused, where its login gave it a timeout of its own. Seconds. */
  readonly idle?: number;
  /** How old the session may become, likewise. Seconds. */
  readonly abs?: number;
  /** Who is logged in. Only where the token is all there is; a store's token says nothing about its user. */
  readonly sub?: string;
  /** The session's data as JSON text. Only where the token is all there is. */
  readonly data?: string;
}

/** Servers' clocks may differ by this much. Seconds. */
const CLOCK_SKEW = 60;

/** The JSON text that a token carries for these claims; the data stands in it as JSON, not as a string. */
export const claimsToJson = ({ data, ...rest }: Claims): string =>
  data === undefined ? JSON.stringify(rest) : `${JSON.stringify(rest).slice(0, -1)},"data":${data}}`;

/** The claims in a token's JSON text, or null when anything that must be there is missing or has another shape. */
export function claimsFromJson(text: string): Claims | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(json)) return null;
  const { sid, route, start, iat, exp, temp, idle, abs, sub, data } = json;
  if (!isSessionId(sid) || !isInstant(start) || !isInstant(iat) || !isInstant(exp)) return null;
  if (route !== undefined && typeof route !== "string") return null;
  if (temp !== undefined && temp !== true) return null;
  if (!isOwnTimeout(idle) || !isOwnTimeout(abs)) return null;
  if (sub !== undefined && typeof sub !== "string") return null;
  if (data !== undefined && !isObject(data)) return null;
  return Object.freeze({ sid, route, start, iat, exp, temp, idle, abs, sub, data: data && JSON.stringify(data) }) as Claims;
}

/** Whether the claims speak of a session that began in the future: no honest server made them. */
export const isFromTheFuture = ({ start, iat }: Claims, now: number): boolean =>
  start > now + CLOCK_SKEW || iat > now + CLOCK_SKEW;

/**
 * Two tokens of one session are one session: the newer counts, and of two that were made at the same time the first.
 *
 * @param read Which session a token is of, and when it was made.
 */
export function newestOfEach<One>(tokens: readonly One[], read: (token: One) => { session: string; iat: number }): One[] {
  const newest = new Map<string, { readonly token: One; readonly iat: number }>();
  for (const token of tokens) {
    const { session, iat } = read(token);
    const other = newest.get(session);
    if (other === undefined || other.iat < iat) newest.set(session, { token, iat });
  }
  return [...newest.values()].map(({ token }) => token);
}

/** Whether this is a timeout as a login gives one, or none. */
export const isOwnTimeout = (value: unknown): value is number | undefined =>
  value === undefined || (isInstant(value) && value > 0);

const isInstant = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
