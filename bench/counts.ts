/**
 * What the Durable Object store's operations cost, as
 * test/workers/durable-object-budget.test.ts measures it in workerd.
 */

/** Calls of objects, and rows of their databases as Cloudflare bills them. Setting an alarm is a row written. */
export interface Count {
  readonly calls: number;
  readonly read: number;
  readonly written: number;
}

/** Each starts with a sleeping object, which first checks whether it has a table. That reads up to two rows. */
export const COUNTS = {
  /** A login of a user whose object is empty: the table (2 rows), the session and the alarm. */
  firstLogin: { calls: 1, read: 7, written: 4 },
  /** A login of a user who has another living session, with a limit on their number. */
  login: { calls: 1, read: 11, written: 1 },
  /**
   * A login of a visitor whose session is in the store: read it,
   * store it in the user's object, leave a mark at the visitor's.
   */
  loginFromStore: { calls: 3, read: 11, written: 5 },
  read: { calls: 1, read: 3, written: 0 },
  /** A read of a recently used session: its use is not recorded again. */
  readTooSoonToTouch: { calls: 1, read: 3, written: 0 },
  /** A read that records use. */
  readAndTouch: { calls: 1, read: 4, written: 1 },
  write: { calls: 1, read: 4, written: 1 },
  newId: { calls: 1, read: 12, written: 2 },
  /** A logout, with another session left. */
  logout: { calls: 1, read: 5, written: 1 },
  lastLogout: { calls: 1, read: 5, written: 1 },
  list: { calls: 1, read: 5, written: 0 },
  /** Revoking all of a user's three sessions. */
  revokeAll: { calls: 1, read: 13, written: 3 },
  /** A session that does not exist, in an object that was never written. */
  unknown: { calls: 1, read: 1, written: 0 },
  /** An alarm that finds the user's two sessions alive. */
  alarm: { calls: 1, read: 10, written: 1 },
} as const satisfies Record<string, Count>;
