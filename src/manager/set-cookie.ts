/**
 * The Set-Cookie lines of a response: which cookies are set, and which are cleared.
 *
 * @module
 */
import { clearAccepted } from "../accept/accept.ts";
import { isSent, MAX_COOKIE_BYTES } from "../cookie/parse.ts";
import type { Cookie } from "../cookie/serialize.ts";
import { DataError } from "../ground/errors.ts";
import { largestKeys } from "../ground/json.ts";
import type { Kept } from "../session/found.ts";
import type { SessionState } from "../session/visit.ts";
import type { Claims } from "../token/claims.ts";
import type { Engine } from "./manager.ts";

/** The lines, with a new token or without one. @throws DataError when the token is too large for a cookie */
export function setCookieLines(state: SessionState, engine: Engine, token?: string, claims?: Claims): string[] {
  // Most requests only read, and have nothing to say.
  if (token === undefined && !state.destroyed) return [];
  const session = engine.places.session.cookie;
  const visitor = engine.places.visitor.cookie;
  const written = state.kept?.record.subject === undefined ? visitor : session;
  const set = token === undefined ? [] : setLines(written, token, claims as Claims, state.kept as Kept, engine);
  // A login takes the visitor's session over, so its cookie has nothing left to say.
  const obsolete = state.destroyed || state.settled ? [session, visitor] : written === session ? [visitor] : [];
  const lines = [...new Set(obsolete)].flatMap((cookie) => removalLines(cookie, state, set));
  return [...lines, ...set, ...clearAccepted(engine, state)];
}

/** What removes a cookie that came; of several, every variant whose attributes are known, since one of them was not ours. */
function removalLines(cookie: Cookie, { header, settled }: SessionState, set: readonly string[]): string[] {
  if (!isSent(header, cookie.name)) return [];
  const isSet = set.some((line) => line.startsWith(`${cookie.name}=`));
  if (settled) return cookie.clearEvery(isSet);
  return isSet ? [] : cookie.clear();
}

function setLines(cookie: Cookie, token: string, claims: Claims, { record }: Kept, { persistent }: Engine): string[] {
  const size = cookie.sizeOf(token);
  if (size > cookie.maxBytes) throw tooLarge(size, cookie.maxBytes, record.data);
  return cookie.set(token, persistent && claims.temp !== true ? claims.exp - claims.iat : undefined);
}

function tooLarge(size: number, most: number, data: string): DataError {
  const limit = most < MAX_COOKIE_BYTES ? `cookie.maxBytes is ${most}` : `browsers keep ${MAX_COOKIE_BYTES}`;
  const text = `the cookie would take ${size} bytes and ${limit}; the largest keys are ${largestKeys(data)}. Use a store`;
  return new DataError("ERR_COOKIE_TOO_LARGE", `Cannot save the session in its cookie: ${text}`);
}
