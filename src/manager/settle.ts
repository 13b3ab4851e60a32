/**
 * Settings: the options, checked and settled once.
 *
 * @module
 */

import { copyCookie, type SessionCookies, sessionCookies } from "../cookie/names.ts";
import { baseName, type Cookie, isHostOnly } from "../cookie/serialize.ts";
import type { DataSchema } from "../features/schema.ts";
import { adviceForName, OPTION_ADVICE } from "../ground/advice.ts";
import { OptionError } from "../ground/errors.ts";
import { checkFlags, checkGiven, clock, count, refuseUnknown, seconds } from "../ground/option-values.ts";
import type { Limit } from "../session/record.ts";
import type { Timeouts } from "../session/timeouts.ts";
import type { SessionStore } from "../stored/contract.ts";
import type { TokenCodec } from "../token/codec.ts";
import type { KeyScope } from "../token/keys.ts";
import { type CheckedSecrets, checkSecrets } from "../token/secrets.ts";
import { primitivesOf } from "../token/session-crypto.ts";
import type { Primitives } from "../token/web-crypto.ts";
import type { Emit } from "./events.ts";
import type { RequestOptions, SessionOptions } from "./options.ts";
import { type NoticeCookie, plainHttpNotice } from "./plain-http.ts";
import { emitter, warn } from "./reporting.ts";
import { checkStore } from "./store-option.ts";

/** What loading and committing need of the options, settled. */
export interface RequestSettings {
  /** How many sessions a subject may have, for logins. */
  readonly limit: Limit;
  /** The cookie of sessions with a subject, and that of visitors; the same one where they are not told apart. */
  readonly cookies: SessionCookies;
  readonly persistent: boolean;
  /** Whether no other host can have set the cookie. */
  readonly hostOnly: boolean;
  /** True: a change of a session that is gone is dropped without an error, as by Koa's session packages. */
  readonly neverGone: boolean;
  /** That of `session.data`. */
  readonly prototype: object | null;
  /** Where set, is told of changes that come after the answer, and they are ignored; else they throw. */
  readonly onLateChange: ((id: string) => void) | undefined;
  /** Of two living sessions in one request: use `none` of them, or the `first`, as Koa does. */
  readonly several: "none" | "first";
  readonly schema: DataSchema | undefined;
  readonly migrate: SessionOptions["migrate"] | undefined;
  readonly timeouts: Timeouts;
  readonly lazy: boolean;
  readonly onStoreError: "fail" | "anonymous";
  readonly cacheHeaders: boolean;
  readonly emit: Emit;
  /** Is told of each request whose answer sets a cookie. */
  readonly noticeCookie: NoticeCookie;
  readonly now: () => number;
}

/** The options, settled. */
export interface Settings extends RequestSettings {
  readonly secrets: CheckedSecrets;
  /** The cryptography of the tokens. */
  readonly primitives: Primitives;
  readonly scope: KeyScope;
  readonly readable: boolean;
  readonly store: SessionStore | undefined;
  readonly anonymous: "store" | "cookie";
  readonly accept: readonly TokenCodec[];
  readonly copy: { readonly cookie: Cookie; readonly maxAge: number } | undefined;
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
    "migrate",
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
    accept: checkAccept(options.accept),
    copy: settleCopy(options),
    limit: { maxSessions: count("maxSessions", options.maxSessions ?? 100, 1) },
    cookies,
    persistent: cookie.persistent ?? true,
    hostOnly: isHostOnly(cookies.session.name),
    neverGone: false,
    prototype: null,
    onLateChange: undefined,
    several: "none" as const,
    schema: checkSchema(options.schema),
    migrate: options.migrate,
    timeouts: settleTimeouts(options),
  });
}

function check(options: SessionOptions): void {
  checkGiven(options, "session", "{ secrets }");
  refuseUnknown(options, KNOWN, { advise: adviceForName(OPTION_ADVICE) });
  const { cookie = {}, copy = {}, context = "", store, anonymous = "store", readable } = options;
  for (const [key, value, like] of [
    ["cookie", cookie, '{ sameSite: "strict" }'],
    ["copy", copy, "{ maxAge: 60 }"],
  ] as const) {
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
  checkSingle(options);
}

/** What needs a second cookie does not go with a single one. */
function checkSingle({ cookie, anonymous, copy }: SessionOptions): void {
  if (!cookie?.single) return;
  if (anonymous === "cookie")
    throw new OptionError("ERR_OPTION", 'Cannot use anonymous "cookie": with cookie.single, one cookie has visitors and users');
  if (copy !== undefined)
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
  for (const [key, value] of Object.entries({ onEvent, migrate: (options as SessionOptions).migrate })) {
    if (value !== undefined && typeof value !== "function")
      throw new OptionError("ERR_OPTION", `Cannot use option ${key}: it must be a function`);
  }
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

const LONGEST_COPY = 300;

function settleCopy(options: SessionOptions): Settings["copy"] {
  const { copy, store, name = "session", cookie = {} } = options;
  if (copy === undefined) return undefined;
  const maxAge = seconds("copy.maxAge", copy.maxAge, 1, LONGEST_COPY);
  if (!store?.guarantees.atomic || !store.guarantees.immediate) {
    throw new OptionError("ERR_OPTION", "Cannot use option copy: it needs a store that is atomic and immediate");
  }
  const { idleTimeout } = settleTimeouts(options);
  if (idleTimeout <= 2 * maxAge) {
    throw new OptionError(
      "ERR_OPTION",
      `Cannot use copy.maxAge ${maxAge}: idleTimeout, ${idleTimeout}, must be more than twice as long`,
    );
  }
  return { cookie: copyCookie(name, cookie), maxAge };
}

function checkAccept(accept: SessionOptions["accept"] = []): readonly TokenCodec[] {
  if (Array.isArray(accept) && accept.every((codec) => typeof codec?.open === "function")) return [...accept];
  const at = Array.isArray(accept) ? accept.findIndex((codec) => typeof codec === "function") : -1;
  const why = at === -1 ? "it must be a list of codecs" : `number ${at + 1} is a function; call it, as in koaTokens({ keys })`;
  throw new OptionError("ERR_OPTION", `Cannot use option accept: ${why}`);
}

function checkSchema(schema: DataSchema | undefined): DataSchema | undefined {
  if (schema === undefined || typeof schema?.["~standard"]?.validate === "function") return schema;
  throw new OptionError("ERR_OPTION", "Cannot use option schema: it is not a Standard Schema, such as those of zod and valibot");
}
