/**
 * Manager: what load, commit, backends and features share. Types only.
 *
 * @module
 */
import type { Cookie } from "../cookie/serialize.ts";
import type { JsonObject } from "../ground/json.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import { whose } from "../session/found.ts";
import type { SessionHost } from "../session/host.ts";
import type { Limit, SessionRecord } from "../session/record.ts";
import type { Came, Visit } from "../session/visit.ts";
import type { Claims } from "../token/claims.ts";
import type { KeyKind } from "../token/keys.ts";
import type { Timeouts } from "../token/timeouts.ts";
import type { Backend, Candidate, Channel, Feature, Hooks, Loaded } from "./contract.ts";
import type { Emit } from "./events.ts";
import type { BackedStore } from "./imported.ts";

export interface RequestSettings {
  readonly limit: Limit;
  readonly persistent: boolean;
  /** Whether no other host can have set the cookie. */
  readonly hostOnly: boolean;
  /** True drops changes of a session that is gone without an error, as Koa's session packages do. */
  readonly neverGone: boolean;
  /** The prototype of `session.data`. */
  readonly prototype: object | null;
  /** Called for changes after the response. Without it they throw. */
  readonly onLateChange: ((id: string) => void) | undefined;
  /** Which of two living sessions to use: `none`, or the `first` as Koa does. */
  readonly several: "none" | "first";
  readonly timeouts: Timeouts;
  readonly lazy: boolean;
  readonly onStoreError: "fail" | "anonymous";
  readonly cacheHeaders: boolean;
  readonly emit: Emit;
  readonly noticeCookie: (request: Came) => void;
  readonly now: () => number;
}

export interface Parts extends RequestSettings {
  readonly channels: { readonly user: Channel; readonly visitor: Channel };
  readonly store: BackedStore | undefined;
  /** Whether opening a token may need a promise, if only for the first one. */
  readonly opensLater: boolean;
  /** Whether tokens prove that their maker had a key. */
  readonly tokensProve: boolean;
  readonly features: readonly Feature[];
  /** Makes a channel for a feature. */
  channel(kind: KeyKind, cookie: Cookie): Channel;
  /** Makes a cookie for a feature. */
  furtherCookie(suffix: string): Cookie;
}

export interface Manager extends Parts, Omit<SessionHost, "now"> {
  readonly backend: Backend;
  readonly hooks: Hooks;
  /** Writes the changes. The cookie goes with the response. */
  commit(visit: Visit): MaybePromise<unknown>;
  /** A record as a living session; null, with an event, if it is none. */
  living(channel: Channel, candidate: Candidate, record: SessionRecord, visit: Visit, copied?: boolean): Loaded | null;
  /** The only token that a request brought, if it is good; null if the session must be loaded to tell. */
  onlyToken(visit: Visit): Promise<{ readonly channel: Channel; readonly claims: Claims } | null>;
  /** The data of a record that lives and came in the right cookie; else null, with an event. */
  dataOf(channel: Channel, id: string, record: SessionRecord): JsonObject | null;
  refuseGrace(why: string): never;
}

export const channelOf = ({ channels }: Pick<Manager, "channels">, subject: string | undefined): Channel =>
  channels[whose(subject)];
