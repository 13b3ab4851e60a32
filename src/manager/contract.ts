/**
 * Backend: where sessions are kept, as load and commit ask it; and the hooks of features. Types only.
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

/** One cookie: its name, its tokens, and where its sessions are kept. */
export interface Channel {
  readonly cookie: Cookie;
  readonly codec: TokenCodec;
  readonly mode: Mode;
  /** Drops a token from the memory of opened ones. */
  readonly forget: (token: string) => void;
}

/** What cookies stand for; null for nothing. */
export interface Loaded {
  readonly found: Found;
  /** The data of a living session, as an object that is nobody else's. */
  readonly data?: JsonObject;
  /** Whether no more than a copy of the session was seen. */
  readonly copied?: boolean;
  /** How each of several sessions ends, of which none is used. */
  readonly rivals?: readonly Ending[];
  /** Whether accepted tokens brought it. */
  readonly accepted?: boolean;
}

/** A token that passed every check that needs no store. */
export interface Candidate {
  readonly text: string;
  readonly claims: Claims;
  readonly olderKey: string | undefined;
}

/** How a session is asked for. */
export interface Ask {
  readonly visit: Visit;
  /** Whether loading is itself use of it. */
  readonly used: boolean;
  /** Whether a copy will not do. */
  readonly fresh: boolean;
}

/** What one commit comes to: a step, and the session once it is done. */
export interface Plan {
  /** The visit's wish that it was made for: what comes after is still to be carried out. */
  readonly wish: Wish;
  readonly step: string;
  readonly next: Living | null;
  /** Whether data is written, which must fit a schema. */
  readonly saves: boolean;
  /** What the handler sees when the plan is made, where the session will be another one than that. */
  readonly shown?: string | undefined;
}

/** What is known of the answer that a commit is for. */
export interface Occasion {
  /**
   * What can be done with cookies: `send` them; only `changes`, where the response may be cached for everybody; `later`, with the response to
   * come; `impossible`, on a response that carries none.
   */
  readonly mode: "send" | "changes" | "later" | "impossible";
  /** The answer's status: one that tells of a failure is not replaced by another. */
  readonly status: number;
}

/** What a store knows of accepted tokens. */
export interface AcceptedTokens {
  /** Where the entry of a token is, and what it says; null while the token is good. @param identity What the token proves, and who made it. */
  redemption(identity: string): Promise<{ readonly key: Key; readonly entry: Redeemed | null }>;
  /** The session under a key. @param follows Also where the key stands for it in grace: then its cookie is elsewhere. */
  session(
    key: Key,
    follows: boolean,
  ): Promise<{ readonly key: Key; readonly record: SessionRecord; readonly isElsewhere: boolean } | null>;
}

/** Where sessions are kept. */
export interface Backend {
  /** Whether what a token stands for has to be waited for. */
  readonly waits: boolean;
  /** A WebSocket for a page that watches its session, where the store can tell pages. */
  readonly watch?: ((key: Key, request: Request) => Promise<Response>) | undefined;
  /** What became of accepted tokens, where a store can tell. */
  readonly tokens?: AcceptedTokens;
  /** What lists and ends the sessions of a user, where a store keeps them. */
  readonly members?: Subjects;
  /** What a good token stands for. */
  load(channel: Channel, candidate: Candidate, ask: Ask): MaybePromise<Loaded | null>;
  /** What this request's changes come to. @param text The data, as JSON. @throws DataError when the data cannot be kept; StoreError */
  plan(visit: Visit, text: string, occasion: Occasion): MaybePromise<Plan>;
  /**
   * Carries a plan out: the session after it, null where there is none; or `again`, since the plan rests on what is not so any more.
   *
   * @param tries How often it was tried before in this commit.
   * @throws StoreError, GoneError, ConflictError
   */
  carryOut(plan: Plan, visit: Visit, occasion: Occasion, tries: number): MaybePromise<Living | null | "again">;
  /** Ends a session, or the token of one. */
  end(ending: Exclude<Ending, { is: "accepted" }>): MaybePromise<void>;
  /** `session.update()`. */
  update<Result>(visit: Visit, change: Change<Result>): Promise<Result>;
  /** `session.patch()`. @param load Loads the session, where that has to be. */
  patch(visit: Visit, changes: JsonObject, load: () => MaybePromise<void>): Promise<void>;
  /** Asks the store for a session that was shown as a copy has it. */
  refresh(visit: Visit): MaybePromise<void>;
  /** Remembers which session an id will be that a handler was told about. */
  noteNextId(next: string, former: string): void;
  /** @throws OptionError where an old id cannot go on for a while. */
  assertGrace(visit: Visit, graceSeconds: number): void;
}

/** Changes the session's data; gets it as it is now, changes it in place, and may be run again. */
export type Change<Result> = (data: Record<string, unknown>) => Result | Promise<Result>;

/** The backend for cookies, which one for a store goes on with where a session is not in the store. */
export interface CookieBackend extends Backend {
  /** One try of `update()` on a session that no other request writes; `again` when this request changed it meanwhile. */
  tryUpdate<Result>(visit: Visit, change: Change<Result>): Promise<{ readonly result: Result } | "again">;
  /** The same for `patch()`, which begins at once. */
  tryPatch(visit: Visit, changes: JsonObject): Promise<void>;
}

/** What a feature does. A manager knows no feature: it asks whoever is there. */
export interface Hooks {
  /** Looks for a session elsewhere, where our own cookies brought none. */
  find?(visit: Visit): MaybePromise<Loaded | null>;
  /** Answers in place of the store for a session that a token names; null where the store must be asked. */
  answer?(header: string | null, claims: Claims): MaybePromise<SessionRecord | null>;
  /** Looks at what was found, before the handler does. */
  loaded?(visit: Visit, found: Found): MaybePromise<void>;
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
  /** The library's own: by `copy()` of web-session-store/copy, `schema()` of web-session-store/schema, `defineCodec()` of web-session-store/accept/define. */
  readonly "~feature": (manager: never, feature: never) => unknown;
}
