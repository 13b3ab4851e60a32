/**
 * The SQL of PostgreSQL: the table and the differing statements. Every call is one statement.
 *
 * At READ COMMITTED a statement sees the rows as they were when it began. If another transaction is
 * changing a row, it waits and checks its conditions again, but only on that row
 * (https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED). So conditions must
 * apply to the row that is written, and values may only be copied from a row that was locked first.
 *
 * @module
 */
import { checkTable, DEFAULT_TABLE } from "./options.ts";
import { beyondLimit, CHANGEABLE, commonTexts, type Dialect, type Words } from "./statements.ts";

// Instants are plain numbers. A hash index takes a subject of any length. Columns that change
// with every use have no index, so that updates are HOT and use the room that fillfactor leaves.
const TABLE = (name: string) => `CREATE TABLE IF NOT EXISTS ${quoted(name)} (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  subject text COLLATE "C",
  version integer NOT NULL,
  started_at double precision NOT NULL,
  seen_at double precision NOT NULL,
  expires_at double precision NOT NULL,
  moved_at double precision,
  moved_to text COLLATE "C",
  meta text,
  data jsonb NOT NULL
) WITH (fillfactor = 80)`;

const SUBJECT_INDEX = (name: string) =>
  `CREATE INDEX IF NOT EXISTS "${name.split(".").at(-1)}_subject" ON ${quoted(name)} USING hash (subject) WHERE subject IS NOT NULL`;

const SCHEMA = (name: string) => `COMMENT ON TABLE ${quoted(name)} IS 'web-session-store: schema 1'`;

/**
 * The statements that create the table, for a migration. Run them in order, from a role that may
 * create tables. They do nothing if the table is up to date, so run them again with each new
 * version of this library, before you deploy it. The table's comment has the version of the schema.
 *
 * @param table Default: `"web_sessions"`. Use `"auth.sessions"` for a schema that is not the first of the search path.
 * @throws OptionError if a name has characters other than letters, digits and `_`.
 *
 * @example
 * ```ts
 * for (const sql of postgresTable()) await pool.query(sql);
 * ```
 */
export function postgresTable(table: string = DEFAULT_TABLE): readonly string[] {
  checkTable(table, 2);
  return [TABLE(table), SUBJECT_INDEX(table), SCHEMA(table)];
}

const quoted = (name: string) => `"${name.replace(".", '"."')}"`;

/**
 * Drivers do not send types, and Postgres cannot always infer
 * them. Values missing here are instants or numbers of bytes.
 */
const TYPES: Readonly<Record<string, string>> = {
  ...{ id: "text", to: "text", subject: "text", meta: "text", mark: "text", except: "text", after: "text", last: "text" },
  // Some drivers encode every JSON parameter as JSON, even a string.
  ...{ data: "text::jsonb", patch: "text::jsonb" },
  ...{ version: "integer", ifVersion: "integer", replaces: "integer", mostOthers: "integer" },
};

export const POSTGRES: Dialect = {
  value: (place, name) => `$${place}::${TYPES[name] ?? "double precision"}`,
  texts(name, stretch) {
    const words = wordsFor(quoted(name));
    const { table } = words;
    const { create, move, mark, ...common } = commonTexts(words, stretch);
    // Counts rows from before the statement, without the new one.
    const others = `(SELECT count(*) FROM ${table} WHERE subject = $subject) AS others`;
    const moving = `moving AS (SELECT * FROM ${table} WHERE ${CHANGEABLE} FOR UPDATE), moved AS (${move("moving")}),
      marked AS (${mark("id IN (SELECT id FROM moving)")})`;
    // Deletes must lock rows in the same order: in different orders
    // they deadlock, which Postgres takes a second to detect.
    const end = (ids: string) => `DELETE FROM ${table} WHERE id IN (
      SELECT id FROM ${table} WHERE ${ids} ORDER BY id FOR UPDATE) RETURNING id`;
    const beyond = `id IN (${beyondLimit(table)})`;
    return {
      ...common,
      create,
      createLimited: `WITH made AS (${create}), ended AS (${end(beyond)}) SELECT id, ${others} FROM made`,
      replace: `WITH ${moving} SELECT version FROM moved`,
      replaceLimited: `WITH ${moving}, ended AS (${end(`${beyond} AND EXISTS (SELECT 1 FROM moving)`)})
        SELECT version, ${others} FROM moved`,
      // Locks all rows first, which skips those that another call
      // has just ended. Otherwise two such calls could end too many.
      settle: `WITH present AS (SELECT id, subject, expires_at, seen_at FROM ${table} WHERE subject = $subject ORDER BY id FOR UPDATE)
        DELETE FROM ${table} WHERE id IN (${beyondLimit("present")}) RETURNING id`,
      removeAll: end("subject = $subject AND id <> $except"),
      remove: `DELETE FROM ${table} WHERE id = $id AND moved_to IS NULL RETURNING id`,
      removeMark: `DELETE FROM ${table} WHERE id = $id AND moved_to IS NOT NULL RETURNING id`,
    };
  },
};

const wordsFor = (table: string): Words => ({
  table,
  columns: "id, subject, version, started_at, seen_at, expires_at, moved_at, moved_to, meta, data::text AS data",
  greatest: "greatest",
  // Values are strings and never null, so the only nulls are the keys that the patch removes.
  patched: (data) => `jsonb_strip_nulls(${data} || $patch)`,
  bytes: (data) => `(SELECT 1 + coalesce(sum(4 + octet_length(key) + octet_length(value)), 0) FROM jsonb_each_text(${data}))`,
  isObject: "jsonb_typeof(data) = 'object'",
  nextVersion: "version + 1",
  touched: "",
  returning: (columns) => ` RETURNING ${columns}`,
});
