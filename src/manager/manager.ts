/**
 * Manager: what load, commit, backends and features share, as types.
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

/** What loading and committing need of the options, settled. */
export interface RequestSettings {
  /** How many sessions a subject may have, for logins. */
  readonly limit: Limit;
  readonly persistent: boolean;
  /** Whether no other host can have set the cookie. */
  readonly hostOnly: boolean;
  /** True: a change of a session that is gone is dropped without an error, as by Koa's session packages. */
  readonly neverGone: boolean;
  /** That of `session.data`. */
  readonly prototype: object | null;
  /** Where set, called for changes that come after the answer, and they are ignored; else they throw. */
  readonly onLateChange: ((id: string) => void) | undefined;
  /** Of two living sessions in one request: use `none` of them, or the `first`, as Koa does. */
  readonly several: "none" | "first";
  readonly timeouts: Timeouts;
  readonly lazy: boolean;
  readonly onStoreError: "fail" | "anonymous";
  readonly cacheHeaders: boolean;
  readonly emit: Emit;
  /** Called for each request whose answer sets a cookie. */
  readonly noticeCookie: (request: Came) => void;
  readonly now: () => number;
}

/** What a manager is made of, beside its settings. */
export interface Parts extends RequestSettings {
  readonly channels: { readonly user: Channel; readonly visitor: Channel };
  readonly store: BackedStore | undefined;
  /** Whether opening a token takes a promise, if only the first one. */
  readonly opensLater: boolean;
  /** Whether only those who have a key can make tokens. */
  readonly tokensProve: boolean;
  readonly features: readonly Feature[];
  /** A channel beside those two, for a feature. */
  channel(kind: KeyKind, cookie: Cookie): Channel;
  /** The cookie of a feature, beside those of the session. */
  furtherCookie(suffix: string): Cookie;
}

/** What load, commit, backends and features have of one manager. */
export interface Manager extends Parts, Omit<SessionHost, "now"> {
  readonly backend: Backend;
  readonly hooks: Hooks;
  /** Writes what changed; its cookie goes with the answer, later. */
  commit(visit: Visit): MaybePromise<unknown>;
  /** A record as a living session, or null with an event. */
  living(channel: Channel, candidate: Candidate, record: SessionRecord, visit: Visit, copied?: boolean): Loaded | null;
  /** The only token that a request brought, where it is good; null where the session must be loaded to tell. */
  onlyToken(visit: Visit): Promise<{ readonly channel: Channel; readonly claims: Claims } | null>;
  /** The data of a record that lives and is where it belongs, or null with an event. */
  dataOf(channel: Channel, id: string, record: SessionRecord): JsonObject | null;
  refuseGrace(why: string): never;
}

/** The channel of a session, by whose it is. */
export const channelOf = ({ channels }: Pick<Manager, "channels">, subject: string | undefined): Channel =>
  channels[whose(subject)];
