/**
 * Koa's tokens: the session as raw JSON in one cookie, and its Keygrip signature in `<name>.sig`.
 *
 * This is what koa-session-store 2.0.0 reads and writes, with a few names more for what it does not know.
 *
 * @module
 */
import { type CookieValues, everyCookieValue, MAX_COOKIE_BYTES } from "../cookie/parse.ts";
import { cannot, DataError } from "../ground/errors.ts";
import { type JsonObject, parseData } from "../ground/json.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { isSessionId } from "../ground/session-id.ts";
import { type Claims, isOwnTimeout } from "./claims.ts";
import type { Opened, TokenCodec, TokenFault } from "./codec.ts";
import { type Timeouts, timeoutsIn, timeoutsOf } from "./timeouts.ts";

/** Signs and checks text, as the `keygrip` package does: the first key signs, all of them check. */
export interface Signer {
  sign(text: string): string;
  /** Which key made the signature; -1 for none. */
  index(text: string, signature: string): MaybePromise<number>;
}

/** What Koa's tokens are made with. */
export interface KeygripOptions {
  readonly name: string;
  /** Null for unsigned cookies; undefined where there should be a signature, but the application set no keys. */
  readonly signer: Signer | null | undefined;
  readonly timeouts: Timeouts;
  readonly now: () => number;
}

/** More pairs than this are not looked at. */
const MAX_PAIRS = 4;
/** Stands between value and signature in a token's text; it can be in neither. */
const SEPARATOR = "\n";
/** The names that the library keeps for itself in the cookie's JSON. */
const RESERVED = ["_sid", "_start", "_exp", "_sub", "_idle", "_abs"];

/** A token's cookie value and its signature, which is empty when it is unsigned. */
export function splitKeygripToken(token: string): { readonly value: string; readonly signature: string } {
  const at = token.lastIndexOf(SEPARATOR);
  return { value: token.slice(0, at), signature: token.slice(at + 1) };
}

/** Tokens as koa-session-store writes them. Opening and making them needs no promise. */
export function keygripTokens(options: KeygripOptions): TokenCodec {
  const { name, timeouts, now } = options;

  function find(header: string | null): CookieValues {
    const values = everyCookieValue(header, name, MAX_PAIRS + 1);
    const signatures = everyCookieValue(header, `${name}.sig`, MAX_PAIRS + 1);
    // A signature belongs to the value in the same place: browsers send both cookies in the same order.
    const pairs = values.map((value, index) => ({ value, token: value + SEPARATOR + (signatures[index] ?? "") }));
    const short = pairs.filter(({ value }) => name.length + value.length <= MAX_COOKIE_BYTES);
    const tokens = [...new Set(short.map(({ token }) => token))];
    return { values: tokens, oversize: short.length < values.length, tooMany: values.length > MAX_PAIRS };
  }

  function open(token: string): MaybePromise<Opened | TokenFault> {
    const { value, signature } = splitKeygripToken(token);
    const signer = required(options.signer);
    if (signer === null) return read(value, 0);
    if (signature === "") return "malformed";
    return after(signer.index(`${name}=${value}`, signature), (index) => (index < 0 ? "forged" : read(value, index)));
  }

  /** What a value says that the key in this place made. */
  function read(value: string, index: number): Opened | TokenFault {
    const json = parseData(value);
    // A cookie of the old library says nothing of times; when they matter, it is made again.
    const unstamped = json !== null && json._exp === undefined && isTimed(timeouts);
    const claims = json === null ? null : claimsFrom(json, timeouts, now());
    if (claims === null) return "claims";
    if (unstamped) return { claims, olderKey: "unstamped", endless: true };
    return index === 0 ? { claims } : { claims, olderKey: `app.keys[${index}]` };
  }

  function seal(claims: Claims): string {
    const value = cookieValueOf(claims);
    const signer = required(options.signer);
    return value + SEPARATOR + (signer === null ? "" : signer.sign(`${name}=${value}`));
  }

  return { find, open, seal };
}

function required(signer: Signer | null | undefined): Signer | null {
  if (signer !== undefined) return signer;
  const way = "Is its environment variable set? Make a key with: npx web-session-store keygen. Or give secrets to session()";
  cannot("sign the session cookie", `app.keys holds no key. ${way}`);
}

function claimsFrom(json: JsonObject, common: Timeouts, now: number): Claims | null {
  // Beside no `_start` they are an application's own, which koa-session-store took for data: nothing that could be written again.
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

/** The cookie's value: JSON with every character escaped that a cookie cannot carry, or that old readers refuse. */
function cookieValueOf({ sid, start, exp, idle, abs, sub, data = "{}" }: Claims): string {
  const taken = RESERVED.find((reserved) => data.includes(`"${reserved}"`) && Object.hasOwn(parseData(data) ?? {}, reserved));
  if (taken !== undefined)
    throw new DataError("ERR_DATA_NOT_JSON", `Cannot save the session: the key "${taken}" is kept for the library`);
  const own: JsonObject = { _sid: sid };
  if (Number.isFinite(exp) || (sub ?? idle ?? abs) !== undefined) own._start = start;
  if (Number.isFinite(exp)) own._exp = exp;
  if (sub !== undefined) own._sub = sub;
  if (idle !== undefined) own._idle = idle;
  if (abs !== undefined) own._abs = abs;
  const json = data === "{}" ? JSON.stringify(own) : `${data.slice(0, -1)},${JSON.stringify(own).slice(1)}`;
  return json.replace(/[^\x20-\x7e]|;/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
