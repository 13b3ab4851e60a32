/**
 * The SQL of `sqlite` and `d1`: one table, and every statement that is run on it. Values are only ever bound.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";

/** The table that sessions are in unless an option says otherwise. */
export const DEFAULT_TABLE = "web_sessions";

// `data` stands last, so that reading the other columns of a long row reads one page. There is no rowid, so that a new
// session without a subject is one row written and not two, and no index on what every use of a session changes.
const TABLE = (name: string) => `CREATE TABLE IF NOT EXISTS "${name}" (
  id TEXT NOT NULL PRIMARY KEY,
  subject TEXT,
  version INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  moved_at INTEGER,
  moved_to TEXT,
  meta TEXT,
  data TEXT NOT NULL
) WITHOUT ROWID`;

const SUBJECT_INDEX = (name: string) =>
  `CREATE INDEX IF NOT EXISTS "${name}_subject" ON "${name}" (subject) WHERE subject IS NOT NULL`;

/**
 * What makes the table, for a migration: two statements, which change nothing where the table is.
 *
 * @param table Default `"web_sessions"`.
 * @throws OptionError when the name has other characters than letters, digits and `_`.
 */
export function sessionTable(table: string = DEFAULT_TABLE): readonly [table: string, index: string] {
  if (!/^[A-Za-z_]\w{0,62}$/.test(table) || /^sqlite_/i.test(table)) {
    throw new OptionError("ERR_OPTION", "Cannot use option table: a name is 1 to 63 letters, digits and _, no digit first");
  }
  return [TABLE(table), SUBJECT_INDEX(table)];
}

const COLUMNS = "id, subject, version, started_at, seen_at, expires_at, moved_at, moved_to, meta, data";
/** Bound: the id, and now. */
const LIVING = "id = ? AND moved_at IS NULL AND expires_at > ?";
/** Bound: those, and the version that a change is for, or null. */
const CHANGEABLE = `${LIVING} AND version = coalesce(?, version)`;
const SLIDE = "seen_at = max(seen_at, ?), expires_at = max(expires_at, ?)";

/** How many bytes the data of a column takes, as JSON in UTF-8: quotes, a colon and a comma for each key. */
const bytesOf = (column: string) =>
  `(SELECT 1 + total(4 + length(CAST(key AS BLOB)) + length(CAST(value AS BLOB))) FROM json_each(${column}))`;

/** The statements for one table. A `?` is bound in the order in which it stands. */
export interface Statements {
  readonly load: string;
  readonly create: string;
  readonly update: string;
  readonly updateUnread: string;
  readonly touch: string;
  readonly touchDue: string;
  readonly move: string;
  readonly mark: string;
  readonly limit: string;
  readonly remove: string;
  readonly take: string;
  readonly list: string;
  readonly removeAll: string;
  readonly lookForExpired: string;
  readonly removeExpired: string;
}

/** Writes the statements for a table whose name was checked. Those that write return a row for each they wrote. */
export function statementsFor(name: string): Statements {
  const table = `"${name}"`;
  const touch = `UPDATE ${table} SET ${SLIDE} WHERE ${LIVING}`;
  return {
    load: `SELECT ${COLUMNS} FROM ${table} WHERE id = ?`,
    create: `INSERT INTO ${table} (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, ?, ?) RETURNING id`,
    update: `UPDATE ${table} SET data = json_patch(data, ?), version = version + 1, ${SLIDE} WHERE ${CHANGEABLE} RETURNING version`,
    // Bound besides: seenAfter, the patch, maxBytes. Data that somebody broke is no session.
    updateUnread: `UPDATE ${table} SET data = json_patch(data, ?), version = version + 1, ${SLIDE} WHERE ${CHANGEABLE}
      AND seen_at > ? AND CASE WHEN json_valid(data) THEN ${bytesOf("json_patch(data, ?)")} <= max(?, ${bytesOf("data")}) END
      RETURNING version`,
    touch: `${touch} RETURNING id`,
    touchDue: `${touch} AND seen_at > ? AND seen_at <= ? RETURNING id`,
    // The data that is there at this moment goes along; `replacesData` leaves it behind.
    move: `INSERT INTO ${table} (${COLUMNS})
      SELECT ?, ?, version + 1, ?, ?, ?, NULL, NULL, ?, json_patch(CASE ? WHEN 1 THEN '{}' ELSE data END, ?)
      FROM ${table} WHERE ${CHANGEABLE} RETURNING version`,
    mark: `UPDATE ${table} SET moved_at = ?, moved_to = ?, expires_at = ?, subject = NULL, meta = ?, data = '{}'
      WHERE ${CHANGEABLE} RETURNING id`,
    // Only where the session that counts and stays was written. What has expired goes first.
    limit: `DELETE FROM ${table} WHERE id IN (
        SELECT id FROM ${table} WHERE subject = ? AND id <> ? ORDER BY expires_at > ? DESC, seen_at DESC LIMIT -1 OFFSET ?
      ) AND EXISTS (SELECT 1 FROM ${table} WHERE id = ?) RETURNING id`,
    // UNION keeps each id once, so marks that lead in a circle end too.
    remove: `WITH RECURSIVE trail(id) AS (
        SELECT ? UNION SELECT moved_to FROM ${table} JOIN trail USING (id) WHERE moved_to IS NOT NULL
      ) DELETE FROM ${table} WHERE id IN (SELECT id FROM trail) RETURNING id`,
    take: `DELETE FROM ${table} WHERE id = ? AND moved_at IS NULL RETURNING ${COLUMNS}`,
    list: `SELECT ${COLUMNS} FROM ${table} WHERE subject = ?`,
    removeAll: `DELETE FROM ${table} WHERE subject = ? AND id <> ? RETURNING id`,
    // A stretch of the table in the order of ids: how far it goes, and how many in it have expired.
    lookForExpired: `SELECT max(id) AS last, sum(expires_at <= ?) AS expired
      FROM (SELECT id, expires_at FROM ${table} WHERE id > ? ORDER BY id LIMIT ?)`,
    removeExpired: `DELETE FROM ${table} WHERE id > ? AND id <= ? AND expires_at <= ? RETURNING id`,
  };
}
