/**
 * Koa's compatible mode: managers with the cookies and tokens of koa-session-store 2.0.0.
 *
 * @module
 */

import { isOver, isSigned, koaCookie } from "../../cookie/koa.ts";
import { KOA_ADVICE, OPTION_ADVICE } from "../../ground/advice.ts";
import { cannot } from "../../ground/errors.ts";
import { checkGiven, refuseUnknown, seconds } from "../../ground/option-values.ts";
import { type NoticeCookie, plainHttpNotice } from "../../manager/plain-http.ts";
import { lateChanges, warn } from "../../manager/reporting.ts";
import { checkOrder, LONGEST, settleRequest } from "../../manager/settle.ts";
import type { DefinedStore } from "../../stored/define.ts";
import { keygripTokens, splitKeygripToken } from "../../token/keygrip.ts";
import { storeValues } from "../../token/koa-session-store-values.ts";
import type { Timeouts } from "../../token/timeouts.ts";
import { methodsOn } from "../express-methods.ts";
import { type KeyedManagers, keyedManagers, NO_TIMEOUTS, signerFor } from "./app-keys.ts";
import type { AppKeys, CompatibleOptions } from "./types.ts";

const KNOWN: ReadonlySet<string> = new Set<keyof CompatibleOptions | "store">([
  ...(["name", "store", "cookie", "idleTimeout", "absoluteTimeout", "touchEvery", "signatureAlgorithm"] as const),
  ...(["lazy", "onStoreError", "onEvent", "cacheHeaders", "rememberTokens", "now"] as const),
]);
/**
 * The prototype of the data. Applications of koa-session-store call methods such as hasOwnProperty on their session.
 */
const DATA = methodsOn(Object.prototype);
const EXPIRES_PAST = "cookie.expires is in the past, so browsers drop the session cookie at once; use cookie.maxAge";

/**
 * Checks the options of the compatible mode, but not the keys, which an application may set later. @throws OptionError
 */
export function checkCompatible(options: CompatibleOptions): void {
  checkGiven(options, "session", "{ secrets }");
  refuseUnknown(options, KNOWN, [KOA_ADVICE, OPTION_ADVICE]);
  if (options.cookie && typeof options.cookie !== "object") cannot("use option cookie", "it must be an object");
  const { now } = settleRequest(options);
  koaCookie(cookieName(options), options.cookie || {}, false, now, splitKeygripToken);
  settleTimeouts(options);
}

/** The cookie's name. As in koa-session-store, an empty one counts as none. */
export function cookieName({ name }: CompatibleOptions): string {
  return name || "koa:sess";
}

export function compatibleManagers(
  options: CompatibleOptions,
  store: DefinedStore | undefined,
  keys: AppKeys | undefined,
): KeyedManagers {
  const name = cookieName(options);
  const cookie = options.cookie || {};
  const { rememberTokens, ...settings } = settleRequest(options);
  const timeouts = settleTimeouts(options);
  const mode = store === undefined ? "cookie" : store.dataOnly ? "data" : "store";
  const signer = isSigned(cookie) ? signerFor(keys, options.signatureAlgorithm ?? "sha1", options.onEvent) : null;
  const codec = keygripTokens({ name, signer, values: storeValues(mode === "store" ? NO_TIMEOUTS : timeouts, settings.now) });
  return keyedManagers({
    ...settings,
    cookie: (secure) => koaCookie(name, cookie, secure, settings.now, splitKeygripToken),
    mode,
    codec,
    // Keys behind a Keygrip may change unnoticed, and a removed key must stop working at once.
    rememberTokens: signer === null || Array.isArray(keys) ? rememberTokens : 0,
    noticeCookie: noticeFor(options, settings.now),
    timeouts,
    persistent: Boolean(cookie.maxAge) || !cookie.expires,
    prototype: DATA,
    onLateChange: lateChanges(options.onEvent),
    store,
    tokensProve: signer !== null,
  });
}

/** Warns about cookies that browsers drop, once for each kind. */
function noticeFor({ cookie, onEvent }: CompatibleOptions, now: () => number): NoticeCookie {
  const noticePlainHttp = cookie?.secure ? plainHttpNotice(onEvent) : () => {};
  let told = false;
  return (request) => {
    noticePlainHttp(request);
    if (told || !isOver(cookie || {}, now)) return;
    told = true;
    warn("expires-past", EXPIRES_PAST, onEvent);
  };
}

function settleTimeouts({ cookie, idleTimeout, absoluteTimeout, touchEvery }: CompatibleOptions): Timeouts {
  const fromCookie = cookie?.maxAge ? Math.ceil(cookie.maxAge / 1000) : undefined;
  const idle = idleTimeout ?? fromCookie;
  if (idle !== undefined && touchEvery !== undefined && touchEvery >= idle) {
    cannot(`use touchEvery ${touchEvery}`, `it must be less than the idle timeout, ${idle}`);
  }
  const timeouts = {
    idleTimeout: idle === undefined ? NO_TIMEOUTS.idleTimeout : seconds("idleTimeout", idle, 1, LONGEST),
    absoluteTimeout:
      absoluteTimeout === undefined ? NO_TIMEOUTS.absoluteTimeout : seconds("absoluteTimeout", absoluteTimeout, 1, LONGEST),
    touchEvery: idle === undefined ? NO_TIMEOUTS.touchEvery : seconds("touchEvery", touchEvery ?? Math.floor(idle / 4), 0),
  };
  const what = idleTimeout === undefined ? `cookie maxAge of ${idle} seconds` : `idleTimeout ${idle}`;
  if (idle !== undefined) checkOrder(what, timeouts.idleTimeout, timeouts.absoluteTimeout);
  return timeouts;
}
