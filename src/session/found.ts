/**
 * What a request may find in the place of its session: one that lives, one that is gone, one that is still to be kept.
 *
 * @module
 */

import type { Key, MovedMark, SessionRecord } from "./record.ts";

/** A living session, as it was loaded or as it was last written. */
export interface Kept {
  readonly key: Key;
  readonly record: SessionRecord;
  readonly token: TokenState;
}

/** What matters about the token in the visitor's browser. */
interface TokenState {
  /** Whether its cookie ends with the browser. */
  readonly temp: boolean;
  /** The text, as the request brought it. */
  readonly text?: string;
  /** Whether the browser needs a new one: `must` or the session is lost, `due` to record use or a newer key. */
  readonly renew: "no" | "due" | "must";
  /** Whether another answer brings the token of this id: then this request may not replace it by one of its own. */
  readonly elsewhere?: true;
}

/** A session that this request came with or found, and that is out of its reach now. */
export interface Gone {
  readonly key: Key;
  /** `moved`: it has another id. `ended`: it is not there at all. */
  readonly why: "moved" | "ended";
  /** What was left where it was, if it moved. */
  readonly mark: MovedMark | null;
  /** Whether it was away before this request asked for it. */
  readonly atLoad: boolean;
  /** Whether the visitor simply begins anew: a visitor's own session, whose cookie displaces no user. */
  readonly anew: boolean;
}

/** The entry that says which session an accepted token became. It is made once, so that a token is good for one session. */
export interface Redemption {
  readonly key: Key;
  /** As long as the token itself. Epoch seconds. */
  readonly expiresAt: number;
}

/** A session that an accepted token brought, and that is not kept yet. */
export interface Imported {
  readonly record: SessionRecord;
  readonly temp: boolean;
  /** Null where the token can be used again: without a store, and when it names no session. */
  readonly redemption: Redemption | null;
}

/**
 * What is to be ended at the commit: a session, with the token that named it; a token that is to become no session; or whatever the
 * accepted tokens of the request stand for.
 */
export type Ending =
  | { readonly is: "session"; readonly key: Key; readonly place: "session" | "visitor"; readonly token?: string | undefined }
  | { readonly is: "token"; readonly redemption: Redemption }
  | { readonly is: "accepted"; readonly header: string };

/** How a living session ends. */
export function endingOf({ key, record, token }: Kept): Ending {
  return { is: "session", key, place: record.subject === undefined ? "visitor" : "session", token: token.text };
}
