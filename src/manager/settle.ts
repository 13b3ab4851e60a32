/**
 * Settings: the options, checked and with defaults.
 *
 * @module
 */

import { type SessionCookies, sessionCookies } from "../cookie/names.ts";
import { baseName, type Cookie, createCookie, isHostOnly } from "../cookie/serialize.ts";
import { OPTION_ADVICE } from "../ground/advice.ts";
import { cannot } from "../ground/errors.ts";
import {
  checkGiven,
  checkValues,
  clock,
  FLAG,
  FUNCTION,
  oneOf,
  type Rule,
  refuseUnknown,
  wholeNumber,
  wholeSeconds,
} from "../ground/option-values.ts";
import type { TokenCodec } from "../token/codec.ts";
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

export interface Settings extends RequestSettings {
  readonly secrets: CheckedSecrets;
  readonly primitives: Primitives;
  readonly scope: KeyScope;
  /** The cookies of users and visitors; with `cookie.single` they are the same. */
  readonly cookies: SessionCookies;
  /** Makes another cookie, for a feature. */
  readonly furtherCookie: (suffix: string) => Cookie;
  readonly readable: boolean;
  readonly store: BackedStore | undefined;
  readonly anonymous: "store" | "cookie";
  readonly features: readonly Feature[];
  readonly rememberTokens: number;
}

const DAY = 24 * 60 * 60;
/** A hundred years, so that sums stay whole seconds. */
export const LONGEST: number = 100 * 365 * DAY;

const REQUEST_RULES = {
  lazy: FLAG,
  onStoreError: oneOf("fail", "anonymous"),
  onEvent: FUNCTION,
  cacheHeaders: FLAG,
  rememberTokens: wholeNumber(0),
} satisfies Partial<Record<keyof RequestOptions, Rule>>;

const RULES = {
  context: [`a string without "\\0"`, (value) => typeof value === "string" && !value.includes("\0")],
  anonymous: oneOf("store", "cookie"),
  maxSessions: wholeNumber(1),
  readable: FLAG,
  cookie: ['an object, like { sameSite: "strict" }', (value) => typeof value === "object" && value !== null],
  idleTimeout: wholeSeconds(1, LONGEST),
  absoluteTimeout: wholeSeconds(1, LONGEST),
  touchEvery: wholeSeconds(0),
} satisfies Partial<Record<keyof SessionOptions, Rule>>;

const KNOWN: ReadonlySet<string> = new Set<keyof SessionOptions>([
  ...(["secrets", "accept", "crypto", "store", "copy", "name", "schema", "now"] as const),
  ...(Object.keys({ ...RULES, ...REQUEST_RULES }) as (keyof SessionOptions)[]),
]);

const NOT_SECURE = "cookie.secure is false, so the session cookie also travels over plain http";
const NOT_ATOMIC = "the store is not atomic, so one accepted token may become two sessions if two requests bring it at once";

/**
 * Checks the options and fills in the defaults. The caller's object is not changed.
 *
 * @throws {@link OptionError} for an option that cannot work.
 */
export function settle(options: SessionOptions): Settings {
  check(options);
  const { name = "session", cookie = {}, context = "", store, anonymous = "store", readable = false, onEvent } = options;
  const secrets = checkSecrets(options.secrets);
  const cookies = sessionCookies(name, cookie);
  if (cookie.secure === false) warn("not-secure", NOT_SECURE, onEvent);
  if (options.accept?.length && store?.guarantees.atomic === false) warn("accept-not-atomic", NOT_ATOMIC, onEvent);
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
    limit: { maxSessions: options.maxSessions ?? 100 },
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
  refuseUnknown(options, KNOWN, [OPTION_ADVICE]);
  checkValues(options, RULES);
  const { cookie, store, anonymous, readable, copy, maxSessions } = options;
  if (store !== undefined) checkStore(store);
  if (readable && store !== undefined) cannot("use option readable", "with a store, the cookie holds no data");
  if (maxSessions !== undefined && store === undefined)
    cannot("use option maxSessions", "it needs a store; without one nobody can list a user's sessions");
  if (anonymous === "cookie" && store === undefined)
    cannot('use anonymous "cookie"', "it needs a store; without one every session is in its cookie");
  if (cookie?.single && anonymous === "cookie")
    cannot('use anonymous "cookie"', "cookie.single keeps visitors and users in one cookie. Leave one of the two out");
  if (cookie?.single && copy !== undefined)
    cannot("use option copy", "cookie.single allows no second cookie. Leave one of the two out");
}

/** The settings that do not depend on cookies and tokens. */
export function settleRequest(
  options: RequestOptions,
): Pick<Settings, "lazy" | "onStoreError" | "cacheHeaders" | "rememberTokens" | "emit" | "now"> {
  checkValues(options, REQUEST_RULES);
  const { onStoreError = "fail", lazy = false, cacheHeaders = true, rememberTokens = 1000, onEvent, now } = options;
  return { lazy, onStoreError, cacheHeaders, rememberTokens, emit: emitter(onEvent), now: clock(now) };
}

function settleTimeouts({ absoluteTimeout = 30 * DAY, ...options }: SessionOptions): Timeouts {
  const { idleTimeout = Math.min(DAY, absoluteTimeout) } = options;
  checkOrder(`idleTimeout ${idleTimeout}`, idleTimeout, absoluteTimeout);
  const { touchEvery = Math.floor(idleTimeout / 4) } = options;
  if (touchEvery >= idleTimeout) cannot(`use touchEvery ${touchEvery}`, `it must be less than idleTimeout, ${idleTimeout}`);
  return Object.freeze({ idleTimeout, absoluteTimeout, touchEvery });
}

/** @throws {@link OptionError} if sessions would expire before the idle timeout, which would be hard to debug. */
export function checkOrder(what: string, idleTimeout: number, absoluteTimeout: number): void {
  if (idleTimeout > absoluteTimeout)
    cannot(`use ${what}`, `it is more than absoluteTimeout, ${absoluteTimeout}; both are in seconds`);
}

/** The features that the application passed. @throws {@link OptionError} for values that are none */
function featuresOf({ accept = [], copy, schema }: SessionOptions): readonly Feature[] {
  checkFeature("copy", copy, "maxAge", "{ maxAge: 60 }");
  checkFeature("schema", schema, "schema", "z.object({ ... })");
  checkAccept(accept);
  const [first] = accept as readonly unknown[] as readonly Feature[];
  const accepts = first && { "~feature": (manager: Manager) => first["~feature"](manager as never, accept as never) };
  return [accepts, copy, schema].filter((feature) => feature !== undefined) as readonly unknown[] as readonly Feature[];
}

/** @param has A property that only this feature has. */
function checkFeature(name: string, value: object | undefined, has: string, like: string): void {
  if (value !== undefined && !isFeature(value, has))
    cannot(`use option ${name}`, `write ${name}: ${name}(${like}), with ${name} of web-session-store/${name}`);
}

const isFeature = (value: unknown, has: string): boolean =>
  typeof (value as Partial<Feature> | null)?.["~feature"] === "function" && has in (value as object);

function checkAccept(accept: readonly unknown[]): void {
  if (!Array.isArray(accept)) cannot("use option accept", "it must be a list of codecs");
  const at = accept.findIndex((codec) => !isFeature(codec, "open"));
  if (at !== -1) cannot("use option accept", `entry ${at + 1} is ${noCodec(accept[at])}`);
}

function noCodec(value: unknown): string {
  if (typeof value === "function") return "a function; call it, as in koaTokens({ keys })";
  const isOwn = typeof (value as Partial<TokenCodec> | null)?.open === "function";
  return isOwn
    ? "a codec of your own; wrap it with defineCodec() from web-session-store/accept/define"
    : "not a codec. Make one, as in koaTokens({ keys })";
}
