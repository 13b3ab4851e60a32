/**
 * The SQL of MySQL 8 and MariaDB: the table and the differing statements. Neither can return the
 * rows that a statement wrote, so a change reports its new version through LAST_INSERT_ID().
 *
 * @module
 */
import { checkTable, DEFAULT_TABLE } from "./options.ts";
import { beyondLimit, CHANGEABLE, commonTexts, type Dialect, type Words } from "./statements.ts";

// Instants are plain numbers, so time zones do not matter. A subject may be long, so only its beginning is indexed.
const TABLE = (name: string) => `CREATE TABLE IF NOT EXISTS ${quoted(name)} (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  subject MEDIUMTEXT,
  version INT NOT NULL,
  started_at DOUBLE NOT NULL,
  seen_at DOUBLE NOT NULL,
  expires_at DOUBLE NOT NULL,
  moved_at DOUBLE,
  moved_to VARCHAR(64),
  meta TEXT,
  data LONGTEXT NOT NULL,
  KEY subject (subject(100))
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'web-session-store: schema 1'`;

/**
 * The statements that create the table, for a migration. Run them in order, from an account that
 * may create tables. They do nothing if the table is up to date, so run them again with each new
 * version of this library, before you deploy it. The table's comment has the version of the schema.
 *
 * @param table Default: `"web_sessions"`. Use `"auth.sessions"` for a table in another database than the connection's.
 * @throws OptionError if a name has characters other than letters, digits and `_`.
 *
 * @example
 * ```ts
 * for (const sql of mysqlTable()) await pool.query(sql);
 * ```
 */
export function mysqlTable(table: string = DEFAULT_TABLE): readonly string[] {
  checkTable(table, 2);
  return [TABLE(table)];
}

const quoted = (name: string) => `\`${name.replace(".", "`.`")}\``;

/** For MySQL and MariaDB. In a call of several statements, the others run only if the first one found something. */
export const MYSQL: Dialect = {
  value: () => "?",
  texts(name, stretch) {
    const words = wordsFor(quoted(name));
    const { table } = words;
    const { create, move, mark, ...common } = commonTexts(words, stretch);
    // A join, because MariaDB scans the whole table for IN.
    const limited = `DELETE ended FROM ${table} AS ended JOIN (${beyondLimit(table)}) AS beyond ON ended.id = beyond.id`;
    const lock = `SELECT version + 1 AS version FROM ${table} WHERE ${CHANGEABLE} FOR UPDATE`;
    const asRead = "moved_at IS NULL AND version = $version AND seen_at = $seenAt AND expires_at = $lastsUntil";
    const moves = [lock, move(`${table} WHERE id = $id`), mark("id = $id")];
    return {
      ...common,
      // Only takes the row as it was read, so only the first caller succeeds.
      take: `DELETE FROM ${table} WHERE id = $id AND ${asRead}`,
      touchDue: `${common.touch} AND ${asRead}`,
      create,
      createLimited: [create, limited],
      replace: moves,
      replaceLimited: [...moves, limited],
      remove: `DELETE FROM ${table} WHERE id = $id AND moved_to IS NULL`,
      removeMark: `DELETE FROM ${table} WHERE id = $id AND moved_to IS NOT NULL`,
    };
  },
};

const wordsFor = (table: string): Words => ({
  table,
  columns: "id, subject, version, started_at, seen_at, expires_at, moved_at, moved_to, meta, data",
  greatest: "greatest",
  // When a patch removes an object's first key, MariaDB 10.11 may ignore the patch for the next key. So
  // another key is put first that no patch removes. It cannot be one of ours, where % is never alone.
  patched: (data) => `JSON_REMOVE(JSON_MERGE_PATCH(JSON_MERGE_PATCH('{"%":""}', ${data}), $patch), '$."%"')`,
  // JSON_KEYS adds as many bytes per key as JSON does besides the value: quotes, a comma and a space.
  bytes: (data) =>
    `(SELECT 1 + COALESCE(LENGTH(JSON_KEYS(${data})) + SUM(LENGTH(value)), 0)
      FROM JSON_TABLE(${data}, '$.*' COLUMNS (value LONGTEXT CHARACTER SET utf8mb4 PATH '$')) AS entries)`,
  isObject: "JSON_VALID(data)",
  nextVersion: "LAST_INSERT_ID(version + 1)",
  // Counts the row as touched even if nothing changed.
  touched: ", version = LAST_INSERT_ID(version + 1) - 1",
  returning: () => "",
});
