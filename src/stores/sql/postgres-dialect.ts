/**
 * The SQL of PostgreSQL: the table, and what Postgres says in words of its own. Every call is one statement.
 *
 * At READ COMMITTED a statement sees what was there when it began. Where it meets a row that another one is changing, it waits, looks at
 * the row as it is then, and asks its conditions again, but of that row alone
 * (https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED). So conditions stand on the row that is written, and
 * what is copied from a row comes from one that was locked first.
 *
 * @module
 */
import { checkTable, DEFAULT_TABLE } from "./options.ts";
import { beyondLimit, CHANGEABLE, commonTexts, type Dialect, type Words } from "./statements.ts";

// Instants are numbers as JavaScript has them. A hash index takes a subject of any length, and there is no index on what every use of a
// session changes: so a change is written beside the old row, into the room that fillfactor leaves (a HOT update).
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
 * What makes the table, for a migration: statements to be run in their order by a role that may create. They change nothing where the table is
 * as they would make it, so run all of them again with each new version of this library, before the applications have it. The table's comment
 * says which schema it has.
 *
 * @param table Default `"web_sessions"`; `"auth.sessions"` for one in another schema than the first of the search path.
 * @throws OptionError when a name has other characters than letters, digits and `_`.
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

/** Drivers say nothing of a value's type, and Postgres cannot always tell. What is not here is an instant, or a number of bytes. */
const TYPES: Readonly<Record<string, string>> = {
  ...{ id: "text", to: "text", subject: "text", meta: "text", mark: "text", except: "text", after: "text", last: "text" },
  // Some drivers make JSON of what they are to bind as JSON, also of a text.
  ...{ data: "text::jsonb", patch: "text::jsonb" },
  ...{ version: "integer", ifVersion: "integer", replaces: "integer", mostOthers: "integer" },
};

/** PostgreSQL's. */
export const POSTGRES: Dialect = {
  value: (place, name) => `$${place}::${TYPES[name] ?? "double precision"}`,
  texts(name, stretch) {
    const words = wordsFor(quoted(name));
    const { table } = words;
    const { create, move, mark, ...common } = commonTexts(words, stretch);
    // Those that are there when the statement begins: the one that is made is not among them.
    const others = `(SELECT count(*) FROM ${table} WHERE subject = $subject) AS others`;
    const moving = `moving AS (SELECT * FROM ${table} WHERE ${CHANGEABLE} FOR UPDATE), moved AS (${move("moving")}),
      marked AS (${mark("id IN (SELECT id FROM moving)")})`;
    // Whoever deletes several rows locks them in one order. In two orders they would wait for each other, and Postgres takes a second to see that.
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
      // All of them are locked first, and those that another one has just ended are gone then: two that count on what the other ends would end too many.
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
  // Values are texts and never null, so what the patch made null is what it removes.
  patched: (data) => `jsonb_strip_nulls(${data} || $patch)`,
  bytes: (data) => `(SELECT 1 + coalesce(sum(4 + octet_length(key) + octet_length(value)), 0) FROM jsonb_each_text(${data}))`,
  isObject: "jsonb_typeof(data) = 'object'",
  nextVersion: "version + 1",
  touched: "",
  returning: (columns) => ` RETURNING ${columns}`,
});
