/**
 * The SQL of MySQL 8 and MariaDB: the table, and what they say in words of their own. Neither answers rows of what it wrote, so a change says
 * its new version by LAST_INSERT_ID(), which comes with the answer.
 *
 * @module
 */
import { checkTable, DEFAULT_TABLE } from "./options.ts";
import { beyondLimit, CHANGEABLE, commonTexts, type Dialect, type Words } from "./statements.ts";

// Instants are numbers as JavaScript has them: no time zone has a say. Of a subject, which may be long, the index has the beginning.
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
 * What makes the table, for a migration: statements to be run in their order by an account that may create. They change nothing where the table
 * is as they would make it, so run all of them again with each new version of this library, before the applications have it. The table's comment
 * says which schema it has.
 *
 * @param table Default `"web_sessions"`; `"auth.sessions"` for one in another database than the connection's.
 * @throws OptionError when a name has other characters than letters, digits and `_`.
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

/** MySQL's and MariaDB's. Of a call of several statements, the others run only where the first one found something. */
export const MYSQL: Dialect = {
  value: () => "?",
  texts(name, stretch) {
    const words = wordsFor(quoted(name));
    const { table } = words;
    const { create, move, mark, ...common } = commonTexts(words, stretch);
    // A join: for IN, MariaDB would look at every row of the table.
    const limited = `DELETE ended FROM ${table} AS ended JOIN (${beyondLimit(table)}) AS beyond ON ended.id = beyond.id`;
    const lock = `SELECT version + 1 AS version FROM ${table} WHERE ${CHANGEABLE} FOR UPDATE`;
    const asRead = "moved_at IS NULL AND version = $version AND seen_at = $seenAt AND expires_at = $lastsUntil";
    const moves = [lock, move(`${table} WHERE id = $id`), mark("id = $id")];
    return {
      ...common,
      // Of what was read before: whoever takes it first is the only one.
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
  // Where the first key of an object is removed, MariaDB (10.11) may overlook what the patch says of the next one. So there is one before it that
  // no patch removes, and that is no key of ours: in those, % is never alone.
  patched: (data) => `JSON_REMOVE(JSON_MERGE_PATCH(JSON_MERGE_PATCH('{"%":""}', ${data}), $patch), '$."%"')`,
  // JSON_KEYS puts as much around a key as JSON does besides its value: quotes, a comma and a space.
  bytes: (data) =>
    `(SELECT 1 + COALESCE(LENGTH(JSON_KEYS(${data})) + SUM(LENGTH(value)), 0)
      FROM JSON_TABLE(${data}, '$.*' COLUMNS (value LONGTEXT CHARACTER SET utf8mb4 PATH '$')) AS entries)`,
  isObject: "JSON_VALID(data)",
  nextVersion: "LAST_INSERT_ID(version + 1)",
  // Says that there was something to touch, also where it stayed as it was.
  touched: ", version = LAST_INSERT_ID(version + 1) - 1",
  returning: () => "",
});
