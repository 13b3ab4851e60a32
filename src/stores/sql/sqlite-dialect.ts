/**
 * The SQL of SQLite, for `sqlite`, `d1` and `libsql`: the table and the differing statements.
 *
 * @module
 */
import { checkTable, DEFAULT_TABLE } from "./options.ts";
import { beyondLimit, CHANGEABLE, commonTexts, type Dialect, type Words } from "./statements.ts";

// `data` is last, so that reading the other columns of a long row reads one page. Without a rowid, an
// anonymous session is one row written instead of two. Columns that change with every use have no index.
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
 * The two statements that create the table, for a migration. They do nothing if it exists.
 *
 * @param table Default: `"web_sessions"`.
 * @throws OptionError if the name has characters other than letters, digits and `_`.
 */
export function sessionTable(table: string = DEFAULT_TABLE): readonly [table: string, index: string] {
  checkTable(table);
  return [TABLE(table), SUBJECT_INDEX(table)];
}

/** For SQLite. A call of several statements is one transaction, and each writes only if the one before it did. */
export const SQLITE: Dialect = {
  value: () => "?",
  texts(name, stretch) {
    const words = wordsFor(`"${name}"`);
    const { table } = words;
    const { create, move, mark, ...common } = commonTexts(words, stretch);
    const wasWritten = `EXISTS (SELECT 1 FROM ${table} WHERE id = $to)`;
    const limited = `DELETE FROM ${table} WHERE id IN (${beyondLimit(table)}) AND ${wasWritten} RETURNING id`;
    const moves = [move(`${table} WHERE ${CHANGEABLE}`), mark(CHANGEABLE)];
    return {
      ...common,
      touchDue: [common.touchDue, common.load],
      create,
      createLimited: [create, limited],
      replace: moves,
      replaceLimited: [...moves, limited],
      // UNION drops duplicates, so the recursion ends even if marks form a circle.
      remove: `WITH RECURSIVE trail(id) AS (
          SELECT $id UNION SELECT moved_to FROM ${table} JOIN trail USING (id) WHERE moved_to IS NOT NULL
        ) DELETE FROM ${table} WHERE id IN (SELECT id FROM trail) RETURNING id`,
    };
  },
};

const wordsFor = (table: string): Words => ({
  table,
  columns: "id, subject, version, started_at, seen_at, expires_at, moved_at, moved_to, meta, data",
  greatest: "max",
  patched: (data) => `json_patch(${data}, $patch)`,
  bytes: (data) => `(SELECT 1 + total(4 + length(CAST(key AS BLOB)) + length(CAST(value AS BLOB))) FROM json_each(${data}))`,
  isObject: "json_valid(data)",
  nextVersion: "version + 1",
  touched: "",
  returning: (columns) => ` RETURNING ${columns}`,
});
