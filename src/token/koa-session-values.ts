/**
 * The values of koa-session 7: the session as JSON in base64, with keys for its expiry.
 *
 * @module
 */
import { type JsonObject, parseData } from "../ground/json.ts";

/**
 * What koa-session keeps beside the data: the expiry and the idle time, in milliseconds, or that the session ends with
 * the browser.
 */
export interface Stamps {
  readonly _expire?: number;
  readonly _maxAge?: number;
  readonly _session?: true;
}

export const STAMPS: readonly (keyof Stamps)[] = ["_expire", "_maxAge", "_session"];

const utf8 = new TextDecoder();

/** The JSON in a cookie's value, as koa-session reads it, or null. */
export function decodeValue(value: string): JsonObject | null {
  try {
    const binary = atob(value.replaceAll("-", "+").replaceAll("_", "/"));
    return parseData(utf8.decode(Uint8Array.from(binary, (character) => character.charCodeAt(0))));
  } catch {
    return null;
  }
}

/** What a koa-session store returned, as a fresh object, or null if it is not one. */
export function jsonOf(found: unknown): JsonObject | null {
  if (typeof found === "string") return parseData(found);
  return typeof found === "object" && found !== null ? parseData(JSON.stringify(found)) : null;
}

export function isOver({ _expire }: JsonObject, now: number): boolean {
  return typeof _expire === "number" && _expire < now;
}

export function stampsOf({ _expire, _maxAge, _session }: JsonObject): Stamps {
  return {
    ...(typeof _expire === "number" && { _expire }),
    ...(typeof _maxAge === "number" && { _maxAge }),
    ...(_session === true && { _session }),
  };
}

/** Only the data: koa-session uses keys that begin with `_` itself and never saves an application's. */
export function dataOf(json: JsonObject): JsonObject {
  const data: JsonObject = Object.create(null);
  for (const [key, value] of Object.entries(json)) if (!key.startsWith("_")) data[key] = value;
  return data;
}
