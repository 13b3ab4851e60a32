/**
 * Settings: the options, checked and settled once.
 *
 * @module
 */
import { baseName, type Cookie, createCookie } from "./cookie/serialize.ts";
import { OptionError } from "./errors.ts";
import type { Emit } from "./events.ts";
import type { Timeouts } from "./lifetime.ts";
import { clock, count, refuseUnknown } from "./option-values.ts";
import type { RequestOptions, SessionOptions } from "./options.ts";
import type { DataSchema } from "./schema.ts";
import type { Limit, SessionStore } from "./stores/store.ts";
import type { TokenCodec } from "./token/codec.ts";
import type { KeyScope } from "./token/keys.ts";
import { type CheckedSecrets, checkSecrets } from "./token/secrets.ts";

/** What loading and committing need of the options, settled. */
export interface RequestSettings {
  /** How many sessions a subject may have, for logins. */
  readonly limit: Limit;
  /** The cookie of sessions with a subject, and that of visitors; the same one where they are not told apart. */
  readonly cookies: { readonly session: Cookie; readonly visitor: Cookie };
  readonly persistent: boolean;
  /** Whether no other host can have set the cookie. */
  readonly hostOnly: boolean;
  /** True: a change of a session that is gone is dropped without an error, as by Koa's session packages. */
  readonly neverGone: boolean;
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
  readonly now: () => number;
}

/** The options, settled. */
export interface Settings extends RequestSettings {
  readonly secrets: CheckedSecrets;
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
const STORE_METHODS = ["load", "create", "update", "replace", "touch", "remove"] as const;
const DAY = 24 * 60 * 60;
/** A hundred years: longer sums would be no whole seconds any more. */
const LONGEST = 100 * 365 * DAY;

/**
 * Checks the options and fills in the defaults. The caller's object is not changed.
 *
 * @throws {@link OptionError} for anything that cannot work, saying what to do.
 */
export function settle(options: SessionOptions): Settings {
  refuseUnknown(options, KNOWN);
  const { name = "session", cookie = {}, context = "", store, anonymous = "store", readable = false } = options;
  for (const [key, value] of Object.entries({ cookie, copy: options.copy === undefined ? {} : options.copy })) {
    if (typeof value !== "object" || value === null)
      throw new OptionError("ERR_OPTION", `Cannot use option ${key}: it must be an object`);
  }
  const secrets = checkSecrets(options.secrets);
  if (typeof context !== "string") throw new OptionError("ERR_OPTION", "Cannot use option context: it must be a string");
  if (context.includes("\0")) throw new OptionError("ERR_OPTION", "Cannot use option context: it holds a NUL character");
  if (readable && store !== undefined)
    throw new OptionError("ERR_OPTION", "Cannot use option readable: with a store, the cookie holds no data");
  checkStore(store);
  if (!["store", "cookie"].includes(anonymous))
    throw new OptionError("ERR_OPTION", `Cannot use anonymous "${anonymous}": it is "store" or "cookie"`);
  if (anonymous === "cookie" && store === undefined)
    throw new OptionError(
      "ERR_OPTION",
      'Cannot use anonymous "cookie": it needs a store; without one every session is in its cookie',
    );
  const session = createCookie(name, cookie);
  if (cookie.secure === false) warn("not-secure", options.onEvent);
  if (options.accept?.length && store?.guarantees.atomic === false) warn("accept-not-atomic", options.onEvent);
  return Object.freeze({
    ...settleRequest(options),
    secrets,
    scope: { name: baseName(name), context },
    readable,
    store,
    anonymous,
    accept: checkAccept(options.accept),
    copy: settleCopy(options),
    limit: { maxSessions: count("maxSessions", options.maxSessions ?? 100, 1) },
    cookies: { session, visitor: createCookie(`${name}-visitor`, cookie) },
    persistent: cookie.persistent ?? true,
    hostOnly: /^__host-/i.test(session.name),
    neverGone: false,
    onLateChange: undefined,
    several: "none" as const,
    schema: checkSchema(options.schema),
    migrate: options.migrate,
    timeouts: settleTimeouts(options),
  });
}

/** The part of the settings that has nothing to do with cookies and tokens. */
export function settleRequest(
  options: RequestOptions,
): Omit<
  Settings,
  | "secrets"
  | "scope"
  | "readable"
  | "store"
  | "anonymous"
  | "accept"
  | "copy"
  | "limit"
  | "cookies"
  | "persistent"
  | "hostOnly"
  | "several"
  | "neverGone"
  | "onLateChange"
  | "schema"
  | "migrate"
  | "timeouts"
> {
  const { onStoreError = "fail", lazy = false, cacheHeaders = true, onEvent } = options;
  if (!["fail", "anonymous"].includes(onStoreError)) {
    throw new OptionError("ERR_OPTION", `Cannot use onStoreError "${onStoreError}": it is "fail" or "anonymous"`);
  }
  for (const [key, value] of Object.entries({ onEvent, migrate: (options as SessionOptions).migrate })) {
    if (value !== undefined && typeof value !== "function")
      throw new OptionError("ERR_OPTION", `Cannot use option ${key}: it must be a function`);
  }
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
  const idleTimeout = count("idleTimeout", options.idleTimeout ?? DAY, 1, LONGEST);
  const absoluteTimeout = count("absoluteTimeout", options.absoluteTimeout ?? 30 * DAY, 1, LONGEST);
  const touchEvery = count("touchEvery", options.touchEvery ?? Math.floor(idleTimeout / 4), 0);
  if (touchEvery >= idleTimeout) {
    throw new OptionError("ERR_OPTION", `Cannot use touchEvery ${touchEvery}: it must be less than idleTimeout, ${idleTimeout}`);
  }
  return Object.freeze({ idleTimeout, absoluteTimeout, touchEvery });
}

const LONGEST_COPY = 300;

function settleCopy(options: SessionOptions): Settings["copy"] {
  const { copy, store, name = "session", cookie = {} } = options;
  if (copy === undefined) return undefined;
  const maxAge = count("copy.maxAge", copy.maxAge, 1, LONGEST_COPY);
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
  return { cookie: createCookie(`${name}-copy`, cookie), maxAge };
}

function checkAccept(accept: SessionOptions["accept"] = []): readonly TokenCodec[] {
  if (Array.isArray(accept) && accept.every((codec) => typeof codec?.open === "function")) return [...accept];
  throw new OptionError("ERR_OPTION", "Cannot use option accept: it must be a list of codecs");
}

function checkSchema(schema: DataSchema | undefined): DataSchema | undefined {
  if (schema === undefined || typeof schema?.["~standard"]?.validate === "function") return schema;
  throw new OptionError("ERR_OPTION", "Cannot use option schema: it is no Standard Schema, such as those of zod and valibot");
}

function checkStore(store: SessionStore | undefined): void {
  if (store === undefined) return;
  const missing = STORE_METHODS.filter((method) => typeof store?.[method] !== "function");
  if (missing.length > 0 || store.guarantees === undefined) {
    const lacks = missing.length > 0 ? `the method ${missing.join(", ")}` : "guarantees";
    throw new OptionError("ERR_OPTION", `Cannot use option store: it lacks ${lacks}`);
  }
}

function emitter(onEvent: SessionOptions["onEvent"]): Emit {
  if (onEvent === undefined) return () => {};
  return (event) => {
    try {
      const heard: unknown = onEvent(event);
      if (heard instanceof Promise) heard.catch(() => {});
    } catch {
      // A listener that fails must not fail the request it watches.
    }
  };
}

const WARNINGS = {
  "late-change": "ctx.session was changed after the answer, and the change is lost; change it before, or await what changes it",
  "not-secure": "cookie.secure is false, so the session cookie also travels over plain http",
  "accept-not-atomic": "the store is not atomic, so two requests that bring an accepted token together may become two sessions",
  "weak-key": "a key in app.keys is shorter than 32 bytes or looks like a placeholder; make one with: openssl rand -base64 32",
};

/** Reports something insecure, to the application's listener or to the console. */
export function warn(reason: Exclude<keyof typeof WARNINGS, "late-change">, onEvent: SessionOptions["onEvent"]): void {
  if (onEvent !== undefined) emitter(onEvent)({ type: "insecure", reason });
  else console.warn(`web-session-store: ${WARNINGS[reason]}`);
}

/** Reports changes that come too late: each to the application's listener; without one, the first to the console. */
export function lateChanges(onEvent: SessionOptions["onEvent"]): (id: string) => void {
  const emit = emitter(onEvent);
  let isTold = onEvent !== undefined;
  return (id) => {
    emit({ type: "lost", id, reason: "late" });
    if (!isTold) console.warn(`web-session-store: ${WARNINGS["late-change"]}`);
    isTold = true;
  };
}
