/**
 * Koa's `app.keys`: the signer for the dialects' cookies, and the managers made with the keys.
 *
 * @module
 */

import type { Cookie } from "../../cookie/serialize.ts";
import { cannot } from "../../ground/errors.ts";
import type { Sessions } from "../../index.ts";
import { channelFor } from "../../manager/assemble.ts";
import type { Parts, RequestSettings } from "../../manager/manager.ts";
import { type Listener, warn } from "../../manager/reporting.ts";
import { sessionsOf } from "../../manager/sessions.ts";
import type { Mode } from "../../session/next.ts";
import type { TokenCodec } from "../../token/codec.ts";
import type { Signer } from "../../token/keygrip.ts";
import { keygripSigner } from "../../token/node-crypto.ts";
import { looksWeak } from "../../token/secrets.ts";
import type { Timeouts } from "../../token/timeouts.ts";
import type { Managers } from "./middleware.ts";
import type { AppKeys } from "./types.ts";

/** The managers for one set of keys: one for https requests, one for others. */
export interface KeyedManagers {
  for(secure: boolean): Sessions<never>;
}

const KEYS = "it must be a list of strings, or a Keygrip";
const WEAK_KEY =
  "a key in app.keys is shorter than 32 bytes or looks like a placeholder; make one with: npx web-session-store keygen, put it first, and keep the old one behind it until its cookies have expired";

/** The parts of a manager that differ between dialects. */
export type DialectParts = Omit<RequestSettings, "hostOnly" | "limit" | "neverGone" | "several"> &
  Pick<Parts, "store" | "tokensProve"> & {
    /** @param secure Whether the request came by https. */
    cookie(secure: boolean): Cookie;
    readonly mode: Mode;
    readonly codec: TokenCodec;
    /** How many opened tokens are cached. */
    readonly rememberTokens: number;
  };

export const NO_TIMEOUTS: Timeouts = {
  idleTimeout: Number.POSITIVE_INFINITY,
  absoluteTimeout: Number.POSITIVE_INFINITY,
  touchEvery: Number.POSITIVE_INFINITY,
};

/**
 * The managers of a dialect. Visitors and users share one cookie, the first of several cookies counts, and no request
 * fails because its session is gone.
 */
export function keyedManagers({ cookie, mode, codec, rememberTokens, ...parts }: DialectParts): KeyedManagers {
  const managerFor = (secure: boolean): Sessions<never> => {
    const one = cookie(secure);
    const both = channelFor(one, mode, codec, rememberTokens);
    return sessionsOf({
      ...parts,
      hostOnly: false,
      neverGone: true,
      several: "first",
      limit: {},
      features: [],
      opensLater: false,
      channels: { user: both, visitor: both },
      channel: () => both,
      furtherCookie: () => one,
    });
  };
  const [plain, whole] = [managerFor(false), managerFor(true)];
  return { for: (secure) => (secure ? whole : plain) };
}

/** The managers of a middleware whose cookies the application signs, by the keys of each application. */
export function managersByKeys(make: (keys: AppKeys | undefined) => KeyedManagers): Managers {
  const made = new WeakMap<object, { keys: AppKeys | undefined; managers: KeyedManagers }>();
  let latest: Sessions<never> | undefined;
  return {
    for({ app, secure }) {
      let entry = made.get(app);
      if (entry === undefined || !sameKeys(entry.keys, app.keys)) {
        const keys = Array.isArray(app.keys) ? [...app.keys] : app.keys;
        entry = { keys, managers: make(keys) };
        made.set(app, entry);
      }
      latest = entry.managers.for(secure);
      return latest;
    },
    one() {
      if (latest !== undefined) return latest;
      const why = "without secrets they are made with app.keys at the first request";
      cannot("get the sessions yet", `${why}. Get them after it, or set secrets.`);
    },
  };
}

/** Applications may set new keys at any time, or change the list in place. */
function sameKeys(before: AppKeys | undefined, now: AppKeys | undefined): boolean {
  if (!Array.isArray(before) || !Array.isArray(now)) return before === now;
  return before.length === now.length && before.every((key, index) => key === now[index]);
}

/** The signer for these keys, or undefined if there are none. @throws OptionError for keys that are not strings. */
export function signerFor(given: AppKeys | undefined, algorithm: "sha1" | "sha256", onEvent: Listener): Signer | undefined {
  if (given === undefined) return undefined;
  if (!isList(given)) {
    if (typeof given?.sign !== "function" || typeof given.index !== "function") cannot("use app.keys", KEYS);
    return given;
  }
  // An unset environment variable leaves a gap in the list.
  const keys = given.filter((key) => key !== undefined && key !== "");
  if (keys.length === 0) return undefined;
  if (!keys.every((key) => typeof key === "string")) {
    cannot("use app.keys", KEYS);
  }
  if (keys.some(looksWeak)) warn("weak-key", WEAK_KEY, onEvent);
  return keygripSigner(keys, algorithm);
}

function isList(keys: AppKeys): keys is readonly (string | undefined)[] {
  return Array.isArray(keys);
}
