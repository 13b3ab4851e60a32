/**
 * SessionRecord: what a store keeps of a session.
 *
 * @module
 */

/** What the application says about a login, for lists of sessions: `{ device: "Firefox on Linux" }`. Strings only. */
export type SessionMeta = Readonly<Record<string, string>>;

/** What a store keeps of a session. Instants are epoch seconds. */
export interface SessionRecord {
  /** The session's data: the JSON text of an object. */
  readonly data: string;
  /** 1 at creation, one more with every change of data. */
  readonly version: number;
  /** When the session began: at its creation or at the last login. */
  readonly startedAt: number;
  /** When the session was last used, as far as was written down. */
  readonly seenAt: number;
  /** When the record ends. A store may keep it longer, never shorter. */
  readonly expiresAt: number;
  /** Who is logged in. */
  readonly subject?: string;
  /** What the application said at the login. */
  readonly meta?: SessionMeta;
}
