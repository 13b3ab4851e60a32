/**
 * The SessionStore contract, in prose and type. `web-session-store/testing` has the suite that proves it.
 *
 * @module
 */
import type { Patch } from "../session/patch.ts";
import type { Key, Limit, Move, MovedMark, SessionInfo, SessionRecord, UpdateOptions, UpdateResult } from "../session/record.ts";

/**
 * Keeps records of sessions.
 *
 * - **Unknown is not an error.** A missing key is `null`, `false` or `gone`. An exception means that the store
 *   failed; it reaches the application as a `StoreError`, and the request fails.
 * - **Keys are clean.** The core checks ids before it asks: 15 to 64 letters, digits, `-` and `_`, from a token it verified.
 * - **Values are JSON text.** Keys of the data may be any text, also `__proto__`; they never mix with the record's own fields.
 * - **Nothing comes back.** Only `create` and `replace` insert. `update` and `touch` of what is gone change nothing.
 * - **The core decides what has expired.** A store may drop a record after its `expiresAt`, never before, or return it.
 * - **Nothing is shared.** What the caller later does to a record it passed or got does not change the store.
 *
 * @example
 * ```ts
 * import { storeContract } from "web-session-store/testing";
 * for (const { name, run } of storeContract(() => myStore())) test(name, run);
 * ```
 */
export interface SessionStore {
  /**
   * What the store promises. `atomic`: each call happens wholly and alone, so no parallel patch is lost and nothing is
   * revived. `immediate`: what one call did, the next one sees, wherever it comes from. `marks: false`: {@link replace} leaves
   * nothing that leads from an old id to the new one, so that `regenerateId({ graceSeconds })` is refused.
   */
  readonly guarantees: { readonly atomic: boolean; readonly immediate: boolean; readonly marks?: false };
  /** True for a store that keeps only the data: the core then keeps a session's times and user in its token. */
  readonly dataOnly?: boolean;
  /** Which part of the store holds the sessions of a subject, or a new anonymous session. Only for stores that are split. */
  route?(subject: string | undefined): Promise<string>;
  /**
   * Which part of the store holds a record that is no session, such as the one of a token that was redeemed: always the same
   * for the same id. Only for stores that are split.
   */
  recordRoute?(id: string): Promise<string>;
  /**
   * The record, the mark of one that moved, or null. With `touch`, a record last seen after `seenAfter`, at `seenBefore` or
   * earlier, is slid in the same call, as {@link touch} would: one that is over must not live again.
   */
  load(
    key: Key,
    options: { now: number; touch?: { seenAfter: number; seenBefore: number; expiresAt: number } },
  ): Promise<SessionRecord | MovedMark | null>;
  /** Keeps a new record. An atomic store throws rather than overwrite one. */
  create(key: Key, record: SessionRecord, options?: Limit): Promise<void>;
  /**
   * Patches what is there now, adds one to its version, and sets `seenAt` to `now`; `expiresAt` never moves backwards.
   * Never inserts. Only an atomic store is asked with `seenAfter` and `maxBytes`.
   */
  update(key: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult>;
  /**
   * Gives a session a new key in one step: patches the data that is there now, keeps it under `newKey` with everything
   * else from `record` (its `data` and `version` are not used), and leaves a mark at `oldKey` for 60 seconds that says where
   * it went, by what, and until when the old id still counts.
   */
  replace(oldKey: Key, newKey: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult>;
  /** Sets `seenAt` and `expiresAt`, neither of which moves backwards. False when there is nothing to touch. */
  touch(key: Key, options: { now: number; expiresAt: number }): Promise<boolean>;
  /** Ends a session. Nothing to end is fine. A mark that says where its session went ends that too, from mark to mark. */
  remove(key: Key): Promise<void>;
  /**
   * Removes a record and answers it, to one caller only: for what may be used once. Null when there is none, and for a mark, which
   * stays. Whether the record had expired is for the caller to see.
   */
  take(key: Key): Promise<SessionRecord | null>;
  /** The sessions of a subject, in any order; expired ones may be among them. */
  list?(subject: string): Promise<SessionInfo[]>;
  /** Ends all sessions of a subject, except one id; answers how many. */
  removeAll?(subject: string, options?: { except?: string }): Promise<number>;
  /** A WebSocket on the session's object, for a request that the core has checked. Only for stores that can tell a page at once. */
  watch?(key: Key, request: Request): Promise<Response>;
}

/** What the ids of records begin with that say which session an accepted token became. No session's id is as long as these. */
export const REDEEMED = "redeemed-";
