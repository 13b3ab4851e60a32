/**
 * Settings: the options, checked and settled once.
 *
 * @module
 */

import { type SessionCookies, sessionCookies } from "../cookie/names.ts";
import { baseName, type Cookie, createCookie, isHostOnly } from "../cookie/serialize.ts";
import { adviceForName, OPTION_ADVICE } from "../ground/advice.ts";
import { OptionError } from "../ground/errors.ts";
import { checkFlags, checkGiven, clock, count, refuseUnknown, seconds } from "../ground/option-values.ts";
import type { KeyScope } from "../token/keys.ts";
import { type CheckedSecrets, checkSecrets } from "../token/secrets.ts";
import { primitivesOf } from "../token/session-crypto.ts";
import type { Timeouts } from "../token/timeouts.ts";
import type { Primitives } from "../token/web-crypto.ts";
import type { Feature } from "./contract.ts";
import type { BackedStore } from "./imported.ts";
import type { Manager, RequestSettings } from "./manager.ts";
import type { RequestOptions, SessionOptions } from "./options.ts";
import { plainHttpNotice } from "./plain-http.ts";
import { emitter, warn } from "./reporting.ts";
import { checkStore } from "./store-option.ts";

/** The options, settled. */
export interface Settings extends RequestSettings {
  readonly secrets: CheckedSecrets;
  /** The cryptography of the tokens. */
  readonly primitives: Primitives;
  readonly scope: KeyScope;
  /** The cookie of sessions with a subject, and that of visitors; the same one where they are not told apart. */
  readonly cookies: SessionCookies;
  /** Makes the cookie of a feature, beside those two. */
  readonly furtherCookie: (suffix: string) => Cookie;
  readonly readable: boolean;
  readonly store: BackedStore | undefined;
  readonly anonymous: "store" | "cookie";
  readonly features: readonly Feature[];
  readonly rememberTokens: number;
}

const KNOWN = new Set<keyof SessionOptions>([
  ...([
    "secrets",
    "accept",
    "context",
    "crypto",
    "store",
    "anonymous",
    "copy",
    "maxSessions",
    "readable",
    "name",
    "cookie",
    "idleTimeout",
    "absoluteTimeout",
    "touchEvery",
    "schema",
  ] as const),
  ...(["lazy", "onStoreError", "onEvent", "cacheHeaders", "rememberTokens", "now"] as const),
]);
const DAY = 24 * 60 * 60;
/** A hundred years: longer sums would be no whole seconds any more. */
export const LONGEST: number = 100 * 365 * DAY;

/**
 * Checks the options and fills in the defaults. The caller's object is not changed.
 *
 * @throws {@link OptionError} for anything that cannot work, saying what to do.
 */
export function settle(options: SessionOptions): Settings {
  check(options);
  const { name = "session", cookie = {}, context = "", store, anonymous = "store", readable = false, onEvent } = options;
  const secrets = checkSecrets(options.secrets);
  const cookies = sessionCookies(name, cookie);
  if (cookie.secure === false) warn("not-secure", onEvent);
  if (options.accept?.length && store?.guarantees.atomic === false) warn("accept-not-atomic", onEvent);
  return Object.freeze({
    ...settleRequest(options),
    noticeCookie: cookie.secure === false ? () => {} : plainHttpNotice(onEvent),
    secrets,
    primitives: primitivesOf(options.crypto),
    scope: { name: baseName(name), context },
    readable,
    store,
    anonymous,
    features: featuresOf(options),
    limit: { maxSessions: count("maxSessions", options.maxSessions ?? 100, 1) },
    cookies,
    furtherCookie: (suffix: string) => createCookie(`${name}-${suffix}`, cookie),
    persistent: cookie.persistent ?? true,
    hostOnly: isHostOnly(cookies.session.name),
    neverGone: false,
    prototype: null,
    onLateChange: undefined,
    several: "none" as const,
    timeouts: settleTimeouts(options),
  });
}

function check(options: SessionOptions): void {
  checkGiven(options, "session", "{ secrets }");
  refuseUnknown(options, KNOWN, { advise: adviceForName(OPTION_ADVICE) });
  const { cookie = {}, context = "", store, anonymous = "store", readable } = options;
  for (const [key, value, like] of [["cookie", cookie, '{ sameSite: "strict" }']] as const) {
    if (typeof value !== "object" || value === null)
      throw new OptionError("ERR_OPTION", `Cannot use option ${key}: it must be an object, like ${like}`);
  }
  if (typeof context !== "string") throw new OptionError("ERR_OPTION", "Cannot use option context: it must be a string");
  if (context.includes("\0")) throw new OptionError("ERR_OPTION", "Cannot use option context: it holds a NUL character");
  checkFlags({ readable });
  if (store !== undefined) checkStore(store);
  if (readable && store !== undefined)
    throw new OptionError("ERR_OPTION", "Cannot use option readable: with a store, the cookie holds no data");
  if (!["store", "cookie"].includes(anonymous))
    throw new OptionError("ERR_OPTION", `Cannot use anonymous "${anonymous}": it is "store" or "cookie"`);
  if (anonymous === "cookie" && store === undefined)
    throw new OptionError(
      "ERR_OPTION",
      'Cannot use anonymous "cookie": it needs a store; without one every session is in its cookie',
    );
  if (cookie?.single && anonymous === "cookie")
    throw new OptionError("ERR_OPTION", 'Cannot use anonymous "cookie": with cookie.single, one cookie has visitors and users');
  if (cookie?.single && options.copy !== undefined)
    throw new OptionError("ERR_OPTION", "Cannot use option copy: with cookie.single there is no second cookie");
}

/** The part of the settings that has nothing to do with cookies and tokens. */
export function settleRequest(
  options: RequestOptions,
): Pick<Settings, "lazy" | "onStoreError" | "cacheHeaders" | "rememberTokens" | "emit" | "now"> {
  const { onStoreError = "fail", lazy = false, cacheHeaders = true, onEvent } = options;
  if (!["fail", "anonymous"].includes(onStoreError)) {
    throw new OptionError("ERR_OPTION", `Cannot use onStoreError "${onStoreError}": it is "fail" or "anonymous"`);
  }
  if (onEvent !== undefined && typeof onEvent !== "function")
    throw new OptionError("ERR_OPTION", "Cannot use option onEvent: it must be a function");
  checkFlags({ lazy, cacheHeaders });
  return {
    lazy,
    onStoreError,
    cacheHeaders,
    rememberTokens: count("rememberTokens", options.rememberTokens ?? 1000, 0),
    emit: emitter(onEvent),
    now: clock(options.now),
  };
}

function settleTimeouts(options: SessionOptions): Timeouts {
  const absoluteTimeout = seconds("absoluteTimeout", options.absoluteTimeout ?? 30 * DAY, 1, LONGEST);
  const idleTimeout = seconds("idleTimeout", options.idleTimeout ?? Math.min(DAY, absoluteTimeout), 1, LONGEST);
  checkOrder(`idleTimeout ${idleTimeout}`, idleTimeout, absoluteTimeout);
  const touchEvery = seconds("touchEvery", options.touchEvery ?? Math.floor(idleTimeout / 4), 0);
  if (touchEvery >= idleTimeout) {
    throw new OptionError("ERR_OPTION", `Cannot use touchEvery ${touchEvery}: it must be less than idleTimeout, ${idleTimeout}`);
  }
  return Object.freeze({ idleTimeout, absoluteTimeout, touchEvery });
}

/** @throws {@link OptionError} when sessions would end sooner than the idle timeout says: who sees them end would look for the cause. */
export function checkOrder(what: string, idleTimeout: number, absoluteTimeout: number): void {
  if (idleTimeout <= absoluteTimeout) return;
  const longest = `absoluteTimeout, ${absoluteTimeout}; both are in seconds`;
  throw new OptionError("ERR_OPTION", `Cannot use ${what}: it is more than ${longest}`);
}

/** What the application imported, each with what it is to be given as. @throws {@link OptionError} for what is none of it */
function featuresOf({ accept = [], copy, schema }: SessionOptions): readonly Feature[] {
  checkFeature("copy", copy, "copy: copy({ maxAge: 60 })");
  checkFeature("schema", schema, "schema: schema(z.object({ ... }))");
  checkAccept(accept);
  const [first] = accept as readonly unknown[] as readonly Feature[];
  const accepts = first && { "~feature": (manager: Manager) => first["~feature"](manager as never, accept as never) };
  return [accepts, copy, schema].filter((feature) => feature !== undefined) as readonly unknown[] as readonly Feature[];
}

function checkFeature(name: string, value: object | undefined, like: string): void {
  if (value === undefined || isFeature(value)) return;
  throw new OptionError("ERR_OPTION", `Cannot use option ${name}: write ${like}, with ${name} of web-session-store/${name}`);
}

const isFeature = (value: unknown): boolean => typeof (value as Partial<Feature> | null)?.["~feature"] === "function";

function checkAccept(accept: readonly unknown[]): void {
  if (!Array.isArray(accept)) throw new OptionError("ERR_OPTION", "Cannot use option accept: it must be a list of codecs");
  const at = accept.findIndex((codec) => !isFeature(codec));
  if (at === -1) return;
  const isCodec = typeof accept[at]?.open === "function";
  const advice = isCodec ? "a codec of your own; wrap it by defineCodec() of web-session-store/accept/define" : "no codec";
  const isFunction = typeof accept[at] === "function";
  const why = isFunction ? "a function; call it, as in koaTokens({ keys })" : advice;
  throw new OptionError("ERR_OPTION", `Cannot use option accept: number ${at + 1} is ${why}`);
}
