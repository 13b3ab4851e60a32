/**
 * The SessionStore contract, as a type and in prose. The suite in `web-session-store/testing` tests it.
 *
 * @module
 */
import type { Patch } from "../session/patch.ts";
import type { Key, Limit, Move, MovedMark, SessionInfo, SessionRecord, UpdateOptions, UpdateResult } from "../session/record.ts";

/**
 * Stores session records.
 *
 * - **Unknown is not an error.** For a missing key, return `null`, `false` or `gone`. Throw
 *   only if the store fails: the application gets a `StoreError` and the request fails.
 * - **Keys are clean.** The core checks ids first: 15 to 64 letters, digits, `-` and `_`, from a token it verified.
 * - **Values are JSON text.** Data may have any key, including
 *   `__proto__`. Keep data apart from the record's own fields.
 * - **Nothing comes back.** Only `create` and `replace` insert.
 *   `update` and `touch` change nothing if the record is gone.
 * - **The caller's clock counts.** A record has expired if its `expiresAt` is not after the given `now` (for `replace`,
 *   the new record's `seenAt`). A store may then drop it, and `load` may still return it, but no call may revive it.
 *   It must not be dropped earlier.
 * - **Nothing is shared.** If the caller later changes a record it passed or received, the store does not change.
 *
 * @example
 * ```ts
 * import { storeContract } from "web-session-store/testing";
 * for (const { name, run } of storeContract(() => myStore())) test(name, run);
 * ```
 */
export interface SessionStore {
  /**
   * What the store guarantees. `atomic`: each call is all or nothing and isolated, so no
   * parallel patch is lost and no removed session is revived. `immediate`: every later call sees
   * what a call did, wherever it comes from. `marks: false`: {@link replace} leaves no mark that
   * leads from the old id to the new one, so `regenerateId({ graceSeconds })` is refused.
   */
  readonly guarantees: { readonly atomic: boolean; readonly immediate: boolean; readonly marks?: false };
  /** True if the store keeps only the data. The core then keeps a session's times and user in its token. */
  readonly dataOnly?: boolean;
  /** Split stores only: the part for a subject's sessions, or for a new anonymous session. */
  route?(subject: string | undefined): Promise<string>;
  /**
   * Split stores only: the part for a record that is not a session,
   * such as that of a redeemed token. Always the same for the same id.
   */
  recordRoute?(id: string): Promise<string>;
  /**
   * Returns the record, the mark of a moved session, or null. With `touch`, it also
   * slides a record last seen after `seenAfter` and no later than `seenBefore`, as
   * {@link touch} does, in the same call, unless it has expired.
   */
  load(
    key: Key,
    options: { now: number; touch?: { seenAfter: number; seenBefore: number; expiresAt: number } },
  ): Promise<SessionRecord | MovedMark | null>;
  /** Stores a new record. An atomic store throws rather than overwrite one. */
  create(key: Key, record: SessionRecord, options?: Limit): Promise<void>;
  /**
   * Patches the current data, adds one to its version, and sets `seenAt` to `now`. Neither `seenAt` nor
   * `expiresAt` moves backwards. Never inserts. Only atomic stores get `seenAfter` and `maxBytes`.
   */
  update(key: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult>;
  /**
   * Moves a session to a new key in one step: patches the current data and stores it under `newKey`
   * with everything else from `record` (its `data` and `version` are not used). At `oldKey` it leaves
   * a mark for 60 seconds that says where the session went, why, and how long the old id still works.
   */
  replace(oldKey: Key, newKey: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult>;
  /** Sets `seenAt` and `expiresAt`. Neither moves backwards. False if there is nothing to touch. */
  touch(key: Key, options: { now: number; expiresAt: number }): Promise<boolean>;
  /** Ends a session. A no-op if there is none. At a mark, it follows the marks and ends the session they lead to. */
  remove(key: Key): Promise<void>;
  /**
   * Removes a record and returns it, to one caller only: for records that may be used once. Returns
   * null if there is none, or a mark, which stays. The caller checks whether the record has expired.
   */
  take(key: Key): Promise<SessionRecord | null>;
  /** A subject's sessions, in any order. May include expired ones. */
  list?(subject: string): Promise<SessionInfo[]>;
  /** Ends all sessions of a subject, except one id. Returns how many. */
  removeAll?(subject: string, options?: { except?: string }): Promise<number>;
  /**
   * Opens a WebSocket on the session's object, for a request that the
   * core has checked. Only for stores that can notify a page at once.
   */
  watch?(key: Key, request: Request): Promise<Response>;
}

/** Prefix of the ids of records that say which session an accepted token became. No session id is that long. */
export const REDEEMED = "redeemed-";
