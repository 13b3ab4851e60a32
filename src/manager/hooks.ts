/**
 * Hooks: where features that an application imports take part in a request.
 *
 * @module
 */

import type { JsonObject } from "../ground/json.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { Ending } from "../session/found.ts";
import type { SessionRecord } from "../session/record.ts";
import type { Visit } from "../session/visit.ts";
import type { Claims } from "../token/claims.ts";
import type { Loaded } from "./load.ts";
import type { Manager } from "./manager.ts";

/** What a feature does. A manager knows no feature: it asks whoever is there. */
export interface Hooks {
  /** Looks for a session elsewhere, where our own cookies brought none. */
  find?(visit: Visit): MaybePromise<Loaded | null>;
  /** Answers in place of the store for a session that a token names; null where the store must be asked. */
  answer?(header: string | null, claims: Claims): MaybePromise<SessionRecord | null>;
  /** Looks at what was loaded, before the handler does. */
  loaded?(visit: Visit): MaybePromise<void>;
  /** Stored data as it is to be shown, where that is not what is stored; else null. */
  convert?(text: string): MaybePromise<string | null>;
  /** Looks at data before it is saved. @throws DataError */
  check?(data: JsonObject): MaybePromise<void>;
  /** How every session ends that came in a way of the feature's own, used or not. */
  endings?(header: string): Promise<readonly Ending[]>;
  /**
   * Further Set-Cookie lines.
   *
   * @param changesOnly Whether only what must be said is to be said: the response may be cached for everybody.
   * @param isSilent Whether no cookie of the session is set or cleared.
   */
  lines?(visit: Visit, changesOnly: boolean, isSilent: boolean): MaybePromise<readonly string[]>;
}

/** What an option takes that an import gives. */
export interface Feature {
  readonly "~feature": (manager: Manager, feature: never) => Hooks;
}

/** The hooks of all features. Each hook has one feature at most, but for lines. */
export function hooksOf(features: readonly Feature[], manager: Manager): Hooks {
  const made = features.map((feature) => feature["~feature"](manager, feature as never));
  const lines = made.flatMap((hooks) => hooks.lines ?? []);
  const all: Hooks = Object.assign({}, ...made);
  if (lines.length > 1) all.lines = async (...given) => (await Promise.all(lines.map((one) => one(...given)))).flat();
  return all;
}
