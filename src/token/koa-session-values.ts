/**
 * The values of koa-session 7: the session as JSON in base64, with the names that say when it ends.
 *
 * @module
 */
import { type JsonObject, parseData } from "../ground/json.ts";

/** What koa-session keeps beside the data: when the session ends, and after how long unused, in milliseconds; or that it ends with the browser. */
export interface Stamps {
  readonly _expire?: number;
  readonly _maxAge?: number;
  readonly _session?: true;
}

/** Their names. */
export const STAMPS: readonly (keyof Stamps)[] = ["_expire", "_maxAge", "_session"];

const utf8 = new TextDecoder();

/** The JSON in a cookie's value, as koa-session reads it; null where there is none. */
export function decodeValue(value: string): JsonObject | null {
  try {
    const binary = atob(value.replaceAll("-", "+").replaceAll("_", "/"));
    return parseData(utf8.decode(Uint8Array.from(binary, (character) => character.charCodeAt(0))));
  } catch {
    return null;
  }
}

/** What a store of koa-session gave, as an object that is nobody else's; null where it is none. */
export function jsonOf(found: unknown): JsonObject | null {
  if (typeof found === "string") return parseData(found);
  return typeof found === "object" && found !== null ? parseData(JSON.stringify(found)) : null;
}

/** Whether a session says that it is over. */
export function isOver({ _expire }: JsonObject, now: number): boolean {
  return typeof _expire === "number" && _expire < now;
}

/** What a session says of its end. */
export function stampsOf({ _expire, _maxAge, _session }: JsonObject): Stamps {
  return {
    ...(typeof _expire === "number" && { _expire }),
    ...(typeof _maxAge === "number" && { _maxAge }),
    ...(_session === true && { _session }),
  };
}

/** The data alone: whatever begins with `_` is koa-session's own, or was never kept by it. */
export function dataOf(json: JsonObject): JsonObject {
  const data: JsonObject = Object.create(null);
  for (const [key, value] of Object.entries(json)) if (!key.startsWith("_")) data[key] = value;
  return data;
}
