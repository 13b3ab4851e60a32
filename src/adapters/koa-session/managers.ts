/**
 * The managers of the koa-session dialect: koa-session's cookies, signed with the application's keys.
 *
 * @module
 */
import { koaCookie } from "../../cookie/koa.ts";
import type { Cookie } from "../../cookie/serialize.ts";
import { cannot } from "../../ground/errors.ts";
import { plainHttpNotice } from "../../manager/plain-http.ts";
import { lateChanges } from "../../manager/reporting.ts";
import { settleRequest } from "../../manager/settle.ts";
import { keygripTokens, splitKeygripToken } from "../../token/keygrip.ts";
import { type KeyedManagers, keyedManagers, NO_TIMEOUTS, signerFor } from "../koa/app-keys.ts";
import type { AppKeys } from "../koa/types.ts";
import { current } from "./current.ts";
import { MEMBERS } from "./members.ts";
import type { Settled } from "./options.ts";
import { storeOf } from "./store.ts";
import { keyValues, sessionValues } from "./values.ts";

export function koaSessionManagers(options: Settled, keys: AppKeys | undefined): KeyedManagers {
  const { key: name, onEvent, externalKey, signed } = options;
  const store = (options.store ?? options.ContextStore) ? storeOf(options) : undefined;
  const { rememberTokens, ...settings } = settleRequest(onEvent === undefined ? {} : { onEvent });
  const isSigned = signed && !externalKey;
  const signer = isSigned ? signerFor(keys, "sha1", onEvent) : null;
  return keyedManagers({
    ...settings,
    cookie: (secure) => cookieOf(options, secure, settings.now),
    mode: store === undefined ? "cookie" : "store",
    codec: keygripTokens({ name, signer, values: store === undefined ? sessionValues(options) : keyValues(options) }),
    rememberTokens: isMemorable(options, keys) ? rememberTokens : 0,
    noticeCookie: options.secure ? plainHttpNotice(onEvent) : () => {},
    timeouts: NO_TIMEOUTS,
    persistent: true,
    prototype: MEMBERS,
    onLateChange: lateChanges(onEvent),
    store,
    tokensProve: isSigned,
  });
}

/**
 * The characters that a cookie value may have. A value made of a visitor's data must not end early and set attributes.
 */
const VALUE = /^[ -:<-~]*$/;

/**
 * Whether a token always opens to the same claims and may be cached. Not if the cookie holds the session, whose expiry
 * and validity change, nor with a Keygrip, whose keys may change. A key that the application makes is not an id.
 */
function isMemorable({ store, ContextStore, signed, externalKey, genid, prefix }: Settled, keys: AppKeys | undefined): boolean {
  return Boolean((store ?? ContextStore) && signed && !externalKey && !genid && !prefix && Array.isArray(keys));
}

/** The cookie, which expires with its session, or what stands for it with `externalKey`. */
function cookieOf(
  { key: name, cookie, externalKey, maxAge: common, endsBy }: Settled,
  secure: boolean,
  now: () => number,
): Cookie {
  const one = koaCookie(name, cookie, secure, now, splitKeygripToken);
  if (externalKey) {
    const give = (token: string): string[] => {
      externalKey.set(current()?.ctx as never, splitKeygripToken(token).value);
      return [];
    };
    return { ...one, set: give, clear: () => [] };
  }
  return {
    ...one,
    set: (token) => {
      if (!VALUE.test(splitKeygripToken(token).value))
        cannot("set the session's cookie", "encode and genid must return ASCII without ; and control characters");
      const maxAge = current()?.options.maxAge ?? common;
      const isOwn = maxAge !== common || endsBy === undefined;
      return one.set(token, maxAge === "session" || !isOwn ? undefined : maxAge / 1000);
    },
  };
}
