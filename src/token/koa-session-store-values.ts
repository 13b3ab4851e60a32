/**
 * The cookie values of koa-session-store 2.0.0: the session as raw JSON, with a few extra keys that this library adds.
 *
 * @module
 */
import { DataError } from "../ground/errors.ts";
import { type JsonObject, parseData } from "../ground/json.ts";
import { isSessionId } from "../ground/session-id.ts";
import { type Claims, isOwnTimeout } from "./claims.ts";
import type { KeygripValues } from "./keygrip.ts";
import { type Timeouts, timeoutsIn, timeoutsOf } from "./timeouts.ts";

/** The keys in the cookie's JSON that the library reserves. */
const RESERVED = ["_sid", "_start", "_exp", "_sub", "_idle", "_abs"];

export function storeValues(timeouts: Timeouts, now: () => number): KeygripValues {
  return {
    read(value) {
      const json = parseData(value);
      // koa-session-store's cookies carry no times. If there are timeouts, the cookie is made again.
      const unstamped = json !== null && json._exp === undefined && isTimed(timeouts);
      const claims = json === null ? null : claimsFrom(json, timeouts, now());
      if (claims === null) return "claims";
      return unstamped ? { claims, olderKey: "unstamped", endless: true } : { claims };
    },
    write: cookieValueOf,
  };
}

function claimsFrom(json: JsonObject, common: Timeouts, now: number): Claims | null {
  // Without `_start` these keys are the application's own data from koa-session-store, and could not be written again.
  const { _idle: idle, _abs: abs } = json._start === undefined ? {} : json;
  if (!isOwnTimeout(idle) || !isOwnTimeout(abs)) return null;
  const own = { ...(idle !== undefined && { idle }), ...(abs !== undefined && { abs }) };
  const timeouts = timeoutsOf(timeoutsIn(own), common);
  const { idleTimeout, absoluteTimeout } = timeouts;
  const timed = isTimed(timeouts);
  const { _sid: sid, _start: start = timed ? now : 0, _exp, _sub: sub } = json;
  if (!isSessionId(sid) || typeof start !== "number" || (sub !== undefined && typeof sub !== "string")) return null;
  const exp = timed ? (_exp ?? Math.min(now + idleTimeout, start + absoluteTimeout)) : Number.POSITIVE_INFINITY;
  if (typeof exp !== "number") return null;
  for (const name of RESERVED) delete json[name];
  const iat = Number.isFinite(idleTimeout) ? Math.min(exp - idleTimeout, now) : start;
  return Object.freeze({ sid, start, iat, exp, ...own, ...(sub !== undefined && { sub }), data: JSON.stringify(json) });
}

function isTimed({ idleTimeout, absoluteTimeout }: Timeouts): boolean {
  return Number.isFinite(idleTimeout) || Number.isFinite(absoluteTimeout);
}

/** The cookie's value: JSON that escapes every character that a cookie cannot carry or that old readers reject. */
function cookieValueOf({ sid, start, exp, idle, abs, sub, data = "{}" }: Claims): string {
  const taken = RESERVED.find((reserved) => data.includes(`"${reserved}"`) && Object.hasOwn(parseData(data) ?? {}, reserved));
  if (taken !== undefined)
    throw new DataError(
      "ERR_DATA_NOT_JSON",
      `Cannot save the session: the key "${taken}" is reserved for the library. Rename it.`,
    );
  const own: JsonObject = { _sid: sid };
  if (Number.isFinite(exp) || (sub ?? idle ?? abs) !== undefined) own._start = start;
  if (Number.isFinite(exp)) own._exp = exp;
  if (sub !== undefined) own._sub = sub;
  if (idle !== undefined) own._idle = idle;
  if (abs !== undefined) own._abs = abs;
  const json = data === "{}" ? JSON.stringify(own) : `${data.slice(0, -1)},${JSON.stringify(own).slice(1)}`;
  return json.replace(/[^\x20-\x7e]|;/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
