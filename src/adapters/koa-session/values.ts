/**
 * The values of koa-session's cookies in this dialect: a key of the store, or the session itself.
 *
 * What koa-session keeps beside the data is stored among the flash values, so that handlers see only the data.
 *
 * @module
 */
import type { JsonObject } from "../../ground/json.ts";
import { parseData } from "../../ground/json.ts";
import { isSessionId, newSessionId } from "../../ground/session-id.ts";
import type { Opened, TokenFault } from "../../token/codec.ts";
import type { KeygripValues } from "../../token/keygrip.ts";
import { dataOf, decodeValue, isOver, STAMPS, type Stamps, stampsOf } from "../../token/koa-session-values.ts";
import { current, keyOf, tell } from "./current.ts";
import type { Settled } from "./options.ts";

/** The prefix of a stamp in a record's data. */
const STAMP = "~flash:";
const ENDLESS = { start: 0, iat: 0, exp: Number.POSITIVE_INFINITY };

/** The stamps of a session that is saved now. */
export function stampsFor(maxAge: number | "session"): Stamps {
  return maxAge === "session" ? { _session: true } : { _expire: Date.now() + maxAge, _maxAge: maxAge };
}

/** A loaded session as a record's data, or null if it has expired or the application rejects it. */
export function dataFrom(json: JsonObject, key: string | undefined, { valid }: Settled): string | null {
  const event = isOver(json, Date.now()) ? "expired" : isValid(json, valid) ? undefined : "invalid";
  if (event !== undefined) {
    tell(event, key, json);
    return null;
  }
  const data = dataOf(json);
  for (const [name, value] of Object.entries(stampsOf(json))) data[STAMP + name] = value;
  return JSON.stringify(data);
}

function isValid(json: JsonObject, valid: Settled["valid"]): boolean {
  return valid === undefined || Boolean(valid(current()?.ctx, { ...json }));
}

/** A record's data in koa-session's form. Without stamps, it gets those of a session saved now. */
export function jsonFrom(text: string, { maxAge }: Settled): JsonObject {
  const all = parseData(text) ?? {};
  const stamps: JsonObject = {};
  delete all[`${STAMP}_savedAt`];
  for (const name of STAMPS) {
    if (Object.hasOwn(all, STAMP + name)) stamps[name] = all[STAMP + name];
    delete all[STAMP + name];
  }
  const isStamped = Object.keys(stamps).length > 0;
  return Object.assign({}, dataOf(all), isStamped ? stamps : stampsFor(current()?.options.maxAge ?? maxAge));
}

/** The cookie's values if a store keeps the session. */
export function keyValues(options: Settled): KeygripValues {
  return {
    read(value) {
      if (value === "") return "malformed";
      current()?.keys.set(value, value);
      return { claims: { ...ENDLESS, sid: value } };
    },
    write: ({ sid }) => keyOf(sid, options),
  };
}

/** The cookie's values if the cookie is the session. */
export function sessionValues(options: Settled): KeygripValues {
  const { encode, decode } = options;

  function read(value: string): Opened | TokenFault {
    const json = decode === undefined ? decodeValue(value) : decodedBy(decode, value);
    if (json === null) return "malformed";
    const { _sid, _sub: sub, _start } = json;
    const data = dataFrom(json, undefined, options);
    if (data === null) return "claims";
    const sid = isSessionId(_sid) ? _sid : newSessionId();
    const start = typeof _start === "number" ? _start : 0;
    return { claims: { ...ENDLESS, sid, start, data, ...(typeof sub === "string" && { sub }) } };
  }

  function write({ sid, start, sub, data = "{}" }: { sid: string; start: number; sub?: string; data?: string }): string {
    // koa-session drops these extra keys at its next save.
    const json = { ...jsonFrom(data, options), _sid: sid, ...(sub !== undefined && { _sub: sub, _start: start }) };
    return encode === undefined ? btoa(binary(JSON.stringify(json))) : encode(json);
  }

  return { read, write };
}

/** Whatever the application's decode throws, the value is no session. */
function decodedBy(decode: (value: string) => unknown, value: string): JsonObject | null {
  try {
    return parseData(JSON.stringify(decode(value)));
  } catch {
    return null;
  }
}

function binary(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
