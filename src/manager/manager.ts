/**
 * Manager: what loading and committing share. The settings, one channel for each cookie, and the backend.
 *
 * @module
 */
import type { Cookie } from "../cookie/serialize.ts";
import type { JsonObject } from "../ground/json.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { Mode } from "../session/next.ts";
import type { SessionRecord } from "../session/record.ts";
import type { SessionHost } from "../session/session.ts";
import type { Visit } from "../session/visit.ts";
import type { TokenCodec } from "../token/codec.ts";
import type { KeyKind } from "../token/keys.ts";
import type { Backend, Occasion } from "./backend.ts";
import type { Feature, Hooks } from "./hooks.ts";
import type { Candidate, Loaded } from "./load.ts";
import type { RequestSettings, StoreOption } from "./settle.ts";

/** One cookie: its name, its tokens, and where its sessions are kept. */
export interface Channel {
  readonly cookie: Cookie;
  readonly codec: TokenCodec;
  readonly mode: Mode;
  /** Drops a token from the memory of opened ones. */
  readonly forget: (token: string) => void;
}

/** What a manager is made of, beside its settings. */
export interface Parts extends RequestSettings {
  readonly channels: { readonly user: Channel; readonly visitor: Channel };
  readonly store: StoreOption | undefined;
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
  /** Writes what changed. */
  commit(visit: Visit, occasion: Occasion): MaybePromise<readonly string[]>;
  /** A record as a living session, or null with an event. */
  living(channel: Channel, candidate: Candidate, record: SessionRecord, visit: Visit, copied?: boolean): Loaded | null;
  /** The data of a record that lives and is where it belongs, or null with an event. */
  dataOf(channel: Channel, id: string, record: SessionRecord): JsonObject | null;
  refuseGrace(why: string): never;
}

/** The channel of a session, by whose it is. */
export const channelOf = ({ channels }: Pick<Manager, "channels">, subject: string | undefined): Channel =>
  subject === undefined ? channels.visitor : channels.user;
