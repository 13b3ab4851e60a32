/**
 * What a request may find in the place of its session: one that lives, one that is gone, one that is still to be kept.
 *
 * @module
 */

import type { StoreError } from "../ground/errors.ts";
import type { Key, MovedMark, SessionRecord } from "./record.ts";

/** A living session, as it was loaded or as it was last written. */
export interface Living {
  readonly is: "living";
  readonly key: Key;
  readonly record: SessionRecord;
  readonly cookie: CookieState;
  /** Whether its cookie outlives the browser. */
  readonly remember: boolean;
  /** The token, as the request brought it. */
  readonly text?: string | undefined;
}

/**
 * What matters about the cookie in the visitor's browser. `good`; `due`: to be made again, to record use or a newer key; `missing`: without a new one
 * the session is lost; `elsewhere`: another answer brings it, so this one may not; `owed`: another answer brings it, and this one must, too.
 */
export type CookieState = "good" | "due" | "missing" | "elsewhere" | "owed";

/** Whether this answer has to bring a cookie. */
export const needsCookie = ({ cookie }: { readonly cookie: CookieState }): boolean => cookie === "missing" || cookie === "owed";

/** Whether another answer brings the cookie. */
export const isBroughtElsewhere = ({ cookie }: { readonly cookie: CookieState }): boolean =>
  cookie === "elsewhere" || cookie === "owed";

/** A session that this request came with or found, and that is out of its reach now. */
export interface Gone {
  readonly is: "gone";
  readonly key: Key;
  /** `moved`: it has another id. `ended`: it is not there at all. */
  readonly why: "moved" | "ended";
  /** What was left where it was, if it moved. */
  readonly mark: MovedMark | null;
  /** Whether it was away before this request asked for it. */
  readonly atLoad: boolean;
  /** Whether the visitor simply begins anew: a visitor's own session, whose cookie displaces no user. */
  readonly anew: boolean;
  /** What the handler was shown of it; null where it was away at load. */
  readonly shown: { readonly record: SessionRecord; readonly remember: boolean } | null;
}

/** The entry that says which session an accepted token became. It is made once, so that a token is good for one session. */
export interface Redemption {
  readonly key: Key;
  /** As long as the token itself. Epoch seconds. */
  readonly expiresAt: number;
}

/** A session that an accepted token brought, and that is not kept yet. */
export interface Imported {
  readonly is: "imported";
  readonly record: SessionRecord;
  readonly remember: boolean;
  /** Null where the token can be used again: without a store, and when it names no session. */
  readonly redemption: Redemption | null;
}

/** What there is: one of these, and never two. */
export type Found =
  | { readonly is: "unread" }
  | { readonly is: "new" }
  | Living
  | Imported
  | Gone
  /** The store could not be asked, and the application chose to go on. */
  | { readonly is: "outage"; readonly error: StoreError };

/**
 * What is to be ended at the commit: a session, with the token that named it; a token that is to become no session; or whatever the
 * accepted tokens of the request stand for.
 */
export type Ending =
  | { readonly is: "session"; readonly key: Key; readonly of: "user" | "visitor"; readonly token?: string | undefined }
  | { readonly is: "token"; readonly redemption: Redemption }
  | { readonly is: "accepted"; readonly header: string };

/** Whose a session with this subject is. */
export const whose = (subject: string | undefined): "user" | "visitor" => (subject === undefined ? "visitor" : "user");

/** How a living session ends. */
export const endingOf = ({ key, record, text }: Living): Ending => ({
  is: "session",
  key,
  of: whose(record.subject),
  token: text,
});
