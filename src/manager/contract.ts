/**
 * Backend: where sessions are stored, as load and commit see it; and the hooks of features. Types only.
 *
 * @module
 */
import type { Cookie } from "../cookie/serialize.ts";
import type { JsonObject } from "../ground/json.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { Ending, Found, Living } from "../session/found.ts";
import type { Mode } from "../session/next.ts";
import type { Key, Redeemed, SessionRecord } from "../session/record.ts";
import type { Visit, Wish } from "../session/visit.ts";
import type { Claims } from "../token/claims.ts";
import type { TokenCodec } from "../token/codec.ts";
import type { Subjects } from "./seam.ts";

/** One cookie, its codec, and where its sessions are stored. */
export interface Channel {
  readonly cookie: Cookie;
  readonly codec: TokenCodec;
  readonly mode: Mode;
  /** Forgets an opened token. */
  readonly forget: (token: string) => void;
}

/** What cookies stand for; null for nothing. */
export interface Loaded {
  readonly found: Found;
  /** A living session's data, in an object that nothing else refers to. */
  readonly data?: JsonObject;
  /** Whether only a copy was seen. */
  readonly copied?: boolean;
  /** How to end each of several sessions, of which none was used. */
  readonly rivals?: readonly Ending[];
  /** Whether accepted tokens brought it. */
  readonly accepted?: boolean;
}

/** A token that passed every check without the store. */
export interface Candidate {
  readonly text: string;
  readonly claims: Claims;
  readonly olderKey: string | undefined;
}

export interface Ask {
  readonly visit: Visit;
  /** Whether loading counts as use. */
  readonly used: boolean;
  /** Whether to bypass a copy. */
  readonly fresh: boolean;
}

/** What a commit will do: a step, and the session after it. */
export interface Plan {
  /** The wish behind the plan. A later one is still to be carried out. */
  readonly wish: Wish;
  readonly step: string;
  readonly next: Living | null;
  /** Whether data is written, which must fit a schema. */
  readonly saves: boolean;
  /** What the handler sees when the plan is made, if the session will differ. */
  readonly shown?: string | undefined;
}

/** The response that a commit is for, as far as it is known. */
export interface Occasion {
  /**
   * What to do with cookies: `send` them; send only `changes`, for a response that may be in a shared cache; send
   * them `later`; or `impossible`, if the response cannot carry any.
   */
  readonly mode: "send" | "changes" | "later" | "impossible";
  /** A failure is not replaced by another. */
  readonly status: number;
}

export interface AcceptedTokens {
  /**
   * The key of a token's entry, and the entry; null while the token is good.
   * @param identity What the token proves, and who made it.
   */
  redemption(identity: string): Promise<{ readonly key: Key; readonly entry: Redeemed | null }>;
  /** The session under a key. @param follows Whether to follow a key in grace, whose cookie is elsewhere. */
  session(
    key: Key,
    follows: boolean,
  ): Promise<{ readonly key: Key; readonly record: SessionRecord; readonly isElsewhere: boolean } | null>;
}

export interface Backend {
  /** Whether loading takes a promise. */
  readonly waits: boolean;
  /** Opens a WebSocket for a page that watches its session. */
  readonly watch?: ((key: Key, request: Request) => Promise<Response>) | undefined;
  /** What became of accepted tokens, if a store can tell. */
  readonly tokens?: AcceptedTokens;
  /** A user's sessions, if there is a store. */
  readonly members?: Subjects;
  /** What a good token stands for. */
  load(channel: Channel, candidate: Candidate, ask: Ask): MaybePromise<Loaded | null>;
  /** Plans the commit. @param text The data, as JSON. @throws DataError for data that cannot be stored; StoreError */
  plan(visit: Visit, text: string, occasion: Occasion): MaybePromise<Plan>;
  /**
   * Carries a plan out. Returns the session after it, null for none, or `again` if the plan is outdated.
   *
   * @param tries How often this commit has tried before.
   * @throws StoreError, GoneError, ConflictError
   */
  carryOut(plan: Plan, visit: Visit, occasion: Occasion, tries: number): MaybePromise<Living | null | "again">;
  /** Ends a session, or the token of one. */
  end(ending: Exclude<Ending, { is: "accepted" }>): MaybePromise<void>;
  update<Result>(visit: Visit, change: Change<Result>): Promise<Result>;
  /** `session.patch()`. @param load Loads the session, if that is needed. */
  patch(visit: Visit, changes: JsonObject, load: () => MaybePromise<void>): Promise<void>;
  /** Loads a session from the store that was loaded from a copy. */
  refresh(visit: Visit): MaybePromise<void>;
  /** Remembers whose a new id will be, once a handler has seen it. */
  noteNextId(next: string, former: string): void;
  /** @throws OptionError if an old id cannot have a grace. */
  assertGrace(visit: Visit, graceSeconds: number): void;
}

/** Changes the data in place. It may run again. */
export type Change<Result> = (data: Record<string, unknown>) => Result | Promise<Result>;

/** The cookie backend. Backends for stores use it for sessions that are not in the store. */
export interface CookieBackend extends Backend {
  /** One try of `update()`; `again` if this request changed the session meanwhile. */
  tryUpdate<Result>(visit: Visit, change: Change<Result>): Promise<{ readonly result: Result } | "again">;
  /** The same for `patch()`, which begins at once. */
  tryPatch(visit: Visit, changes: JsonObject): Promise<void>;
}

/** A feature's hooks. The manager calls them without knowing the feature. */
export interface Hooks {
  /** Looks for a session elsewhere if our cookies brought none. */
  find?(visit: Visit): MaybePromise<Loaded | null>;
  /** Returns a token's session in place of the store; null if the store must be asked. */
  answer?(header: string | null, claims: Claims): MaybePromise<SessionRecord | null>;
  /** Sees what was found before the handler does. */
  loaded?(visit: Visit, found: Found): MaybePromise<void>;
  /** Stored data as shown, if that differs; else null. */
  convert?(text: string): MaybePromise<string | null>;
  /** Checks data before it is saved. @throws DataError */
  check?(data: JsonObject): MaybePromise<void>;
  /** How to end every session that came in the feature's own way, used or not. */
  endings?(header: string): Promise<readonly Ending[]>;
  /**
   * More Set-Cookie lines.
   *
   * @param changesOnly Whether to send only changes, because the response may be in a shared cache.
   * @param isSilent Whether no cookie of the session is set or cleared.
   */
  lines?(visit: Visit, changesOnly: boolean, isSilent: boolean): MaybePromise<readonly string[]>;
}

/** The value of an option that comes from an import. */
export interface Feature {
  /**
   * Internal. `copy()` of web-session-store/copy, `schema()` of web-session-store/schema and `defineCodec()` of
   * web-session-store/accept/define set it.
   */
  readonly "~feature": (manager: never, feature: never) => unknown;
}
