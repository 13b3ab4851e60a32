/**
 * What a request may find as its session: a living one, one that is gone, one that is not stored yet.
 *
 * @module
 */

import type { StoreError } from "../ground/errors.ts";
import type { Key, MovedMark, SessionRecord } from "./record.ts";

/** A living session, as loaded or last written. */
export interface Living {
  readonly is: "living";
  readonly key: Key;
  readonly record: SessionRecord;
  readonly cookie: CookieState;
  /** Whether its cookie outlives the browser. */
  readonly remember: boolean;
  /** The token that the request brought. */
  readonly text?: string | undefined;
}

/**
 * The state of the browser's cookie. `good`; `due` for renewal, to record use or a newer key; `missing`, so that the
 * session is lost without a new one; `elsewhere`: another response brings it, so this one must not; `owed`: another
 * brings it, and so must this one.
 */
export type CookieState = "good" | "due" | "missing" | "elsewhere" | "owed";

export const needsCookie = ({ cookie }: { readonly cookie: CookieState }): boolean => cookie === "missing" || cookie === "owed";

export const isBroughtElsewhere = ({ cookie }: { readonly cookie: CookieState }): boolean =>
  cookie === "elsewhere" || cookie === "owed";

/** A session that this request can no longer reach. */
export interface Gone {
  readonly is: "gone";
  readonly key: Key;
  /** `moved`: it has another id. `ended`: it no longer exists. */
  readonly why: "moved" | "ended";
  /** The mark that it left, if it moved. */
  readonly mark: MovedMark | null;
  /** Whether it was gone before this request asked for it. */
  readonly atLoad: boolean;
  /** Whether the visitor starts again: the session was a visitor's, whose cookie displaces no user. */
  readonly anew: boolean;
  /** What the handler was shown; null if it was gone at load. */
  readonly shown: { readonly record: SessionRecord; readonly remember: boolean } | null;
}

/** The entry that says which session an accepted token became. It is made once, so a token yields one session. */
export interface Redemption {
  readonly key: Key;
  /** When the token expires. Epoch seconds. */
  readonly expiresAt: number;
}

/** A session from an accepted token that is not stored yet. */
export interface Imported {
  readonly is: "imported";
  readonly record: SessionRecord;
  readonly remember: boolean;
  /** Null if the token can be used again: without a store, or if it names no session. */
  readonly redemption: Redemption | null;
}

export type Found =
  | { readonly is: "unread" }
  | { readonly is: "new" }
  | Living
  | Imported
  | Gone
  /** The store could not be asked, and the application chose to continue. */
  | { readonly is: "outage"; readonly error: StoreError };

/** What to end at the commit: a session with its token, a token alone, or all that accepted tokens stand for. */
export type Ending =
  | { readonly is: "session"; readonly key: Key; readonly of: "user" | "visitor"; readonly token?: string | undefined }
  | { readonly is: "token"; readonly redemption: Redemption }
  | { readonly is: "accepted"; readonly header: string };

export const whose = (subject: string | undefined): "user" | "visitor" => (subject === undefined ? "visitor" : "user");

export const endingOf = ({ key, record, text }: Living): Ending => ({
  is: "session",
  key,
  of: whose(record.subject),
  token: text,
});
