/**
 * The claims of a token, and the checks that every token passes.
 *
 * @module
 */
import { isSessionId, type SessionId } from "../ground/session-id.ts";

/** What a token says about a session. Names are those of JWT (RFC 7519) and OpenID Connect where they exist. */
export interface Claims {
  /** The session's public id. */
  readonly sid: SessionId;
  /** The part of the store that holds the record, for stores that need it. */
  readonly route?: string;
  /** When the session began: at its creation or the last login. Epoch seconds. */
  readonly start: number;
  /** When this token was made. Epoch seconds. */
  readonly iat: number;
  /**
   * When this token expires: with its session if it carries the session, otherwise at the absolute timeout. Epoch
   * seconds.
   */
  readonly exp: number;
  /** True if the cookie ends with the browser, as after `login(subject, { remember: false })`. */
  readonly temp?: true;
  /** How long the session may be unused, if its login set its own timeout. Seconds. */
  readonly idle?: number;
  /** How old the session may become, if its login set its own timeout. Seconds. */
  readonly abs?: number;
  /** Who is logged in. Only if the token is the whole session: a store's token does not name its user. */
  readonly sub?: string;
  /** The session's data as JSON text. Only if the token is the whole session. */
  readonly data?: string;
}

/** How far servers' clocks may differ. Seconds. */
const CLOCK_SKEW = 60;

/** The claims as JSON text. The data is embedded as JSON, not as a string. */
export const claimsToJson = ({ data, ...rest }: Claims): string =>
  data === undefined ? JSON.stringify(rest) : `${JSON.stringify(rest).slice(0, -1)},"data":${data}}`;

/** The claims in a token's JSON text, or null if a required one is missing or any has the wrong type. */
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

/** Whether the session began in the future. No honest server made such a token. */
export const isFromTheFuture = ({ start, iat }: Claims, now: number): boolean =>
  start > now + CLOCK_SKEW || iat > now + CLOCK_SKEW;

/**
 * The newest token of each session. If two were made at the same time, the first.
 *
 * @param read Returns the token's session and when it was made.
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

/** Whether this is a valid timeout of a login, or none. */
export const isOwnTimeout = (value: unknown): value is number | undefined =>
  value === undefined || (isInstant(value) && value > 0);

const isInstant = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
