/**
 * Turns a foreign token into claims: the application's mapping, and the rules that hold whatever it returns.
 *
 * @module
 */
import type { JWTPayload } from "jose";
import { encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import { stringifyData } from "../ground/json.ts";
import { isSessionId, type SessionId } from "../ground/session-id.ts";
import { type Claims, claimsFromJson, claimsToJson } from "../token/claims.ts";

/** What a mapping returns for a foreign token. Times are epoch seconds, and fractions are cut off. */
export interface ForeignClaims {
  /**
   * The session's id in the other software: a string or a whole number. Of two tokens of one session in a request, the
   * newer counts. With a store, the session gets a new id here. An id that is not 15 to 64 letters, digits, `-` or `_`
   * is replaced by a hash of it, always the same. Default: the token's `sid`, else its `jti`, else a hash of the token.
   */
  readonly sid?: unknown;
  /**
   * When the session began. Required: without it, there is no session. It must not move when the token is reissued, or
   * the session never reaches `absoluteTimeout`.
   */
  readonly start?: number | undefined;
  /** When the token was made. Default: the token's `iat`, else `start`. */
  readonly iat?: number | undefined;
  /** When it expires. Required: without it, there is no session. The token's own `exp` wins if it is earlier. */
  readonly exp?: number | undefined;
  /** True if the cookie should end with the browser. Default: false. */
  readonly temp?: boolean | undefined;
  /** Who is logged in. Default: nobody. */
  readonly sub?: string | undefined;
  /** The session's data: an object that JSON can hold. Default: empty. */
  readonly data?: unknown;
}

const ID_BYTES = 24;

/** The default mapping: claims under the names that this library's tokens use. */
export function sameClaims({ sid, start, iat, exp, temp, sub, data }: JWTPayload): ForeignClaims {
  return { sid, start: start as number, iat, exp, temp: temp as boolean, sub, data };
}

/** The payload, if registered claims have the types of RFC 7519, section 4.1. */
export function readPayload(text: string | null): JWTPayload | null {
  const payload: JWTPayload | null = parseObject(text);
  if (payload === null) return null;
  const { iss, sub, jti, iat, nbf, exp } = payload;
  const texts = [iss, sub, jti].every((value) => value === undefined || typeof value === "string");
  const times = [iat, nbf, exp].every((value) => value === undefined || Number.isFinite(value));
  return texts && times ? payload : null;
}

export function parseObject(text: string | null): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/**
 * The claims of a foreign token, or null if they are not usable.
 *
 * @param said What the mapping returned.
 * @param token The text to hash if the token names no session.
 */
export async function claimsFrom(said: ForeignClaims, payload: JWTPayload, token: string): Promise<Claims | null> {
  const { start, exp, temp, sub, data = {} } = said;
  if (!isTime(start) || !isTime(exp)) return null;
  if (typeof data !== "object" || data === null || Array.isArray(data)) return null;
  const iat = said.iat ?? payload.iat ?? start;
  const claims = {
    sid: await idFrom(said.sid, payload, token),
    start: Math.floor(start),
    // A token that is not valid yet counts as made in the future, which is rejected where the time is known.
    iat: Math.floor(Math.max(iat, payload.nbf ?? iat)),
    exp: Math.floor(Math.min(exp, payload.exp ?? exp)),
    ...(temp === true && { temp }),
    ...(sub !== undefined && { sub }),
  };
  try {
    return claimsFromJson(claimsToJson({ ...claims, data: stringifyData(data as Record<string, unknown>) }));
  } catch {
    return null;
  }
}

function isTime(value: unknown): value is number {
  return Number.isFinite(value);
}

/** Ids of different kinds or issuers must not collide. */
function idFrom(sid: unknown, { iss, jti, ...payload }: JWTPayload, token: string): SessionId | Promise<SessionId> {
  const own = [sid, payload.sid].find(isName);
  if (own !== undefined) return isSessionId(own) ? own : hash(["sid", iss ?? null, own]);
  if (!isName(jti)) return hash(["token", token]);
  return isSessionId(jti) ? jti : hash(["jti", iss ?? null, jti]);
}

/** Whether the token names a user or a session, so that no other visitor has an equal one. */
export function namesSession(said: ForeignClaims, { sid, jti }: JWTPayload): boolean {
  return said.sub !== undefined || [said.sid, sid, jti].some(isName);
}

/** An empty name would merge many sessions into one. */
function isName(value: unknown): value is string | number {
  return (typeof value === "string" && value !== "") || Number.isSafeInteger(value);
}

async function hash(parts: readonly (string | number | null)[]): Promise<SessionId> {
  // JSON keeps lone surrogates apart, which UTF-8 would make equal.
  const bytes = encodeUtf8(`web-session-store\0foreign id\0${JSON.stringify(parts)}`);
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).subarray(0, ID_BYTES));
}
