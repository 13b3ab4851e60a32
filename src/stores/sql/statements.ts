/**
 * The statements of the SQL stores, and how a dialect completes them. Values have names here, `$id`, and are only ever bound.
 *
 * @module
 */
import type { SqlValue } from "./rows.ts";

/** A statement and the values that are bound to it, in order. */
export type Statement = readonly [sql: string, ...values: SqlValue[]];

/** Calls whose statement is much the same everywhere. */
type CommonCall = "load" | "update" | "updateUnread" | "touch" | "touchDue" | "take" | "list" | "removeAll" | Sweep;
type Sweep = "lookForExpired" | "removeExpired";
/** Calls of several statements, where the database has no way to say it in one. `...Limited` ends sessions beyond the limit, too. */
type OwnCall = "create" | "createLimited" | "replace" | "replaceLimited" | "remove";

/**
 * The statement of each call, or several, which are one transaction. A statement that writes answers a row for each that it wrote;
 * those of `update` and `replace` have the new version, and where `replace` answers none, nothing is written. The last one of `touchDue`
 * answers the row after the touch, or nothing where others were faster; in MySQL it writes for each row that is as it was read.
 */
type Texts = { readonly [Name in CommonCall | OwnCall]: string | readonly string[] } & {
  /** Only where statements run at the same time, each by itself. */
  readonly [Name in ServerCall]?: string;
};

/** After a login, ends what several logins at the same time left beyond the limit. After a session, removes the marks that led to it. */
type ServerCall = "settle" | "removeMark";

/** The same, and the parts of what dialects say differently. */
type CommonTexts = { readonly [Name in CommonCall | "create"]: string } & {
  /** Copies the session that `source` gives to its new id. */
  readonly move: (source: string) => string;
  readonly mark: (where: string) => string;
};

/** A kind of database: what it lacks or adds is said here, and nowhere else. */
export interface Dialect {
  /** What stands for a value: which place it has, from 1, and its name. */
  value(place: number, name: string): string;
  /** `table`: a name that was checked. `stretch`: how many rows a step of a sweep looks at. */
  texts(table: string, stretch: number): Texts;
}

/** What a dialect says in words of its own. */
export interface Words {
  /** Quoted. */
  readonly table: string;
  /** All columns, as they are read: texts and numbers. */
  readonly columns: string;
  readonly greatest: "max" | "greatest";
  /** An object after `$patch`: a JSON object of texts, where null removes. */
  readonly patched: (data: string) => string;
  /** How many bytes the data of a column takes, as JSON in UTF-8: quotes, a colon and a comma for each key. */
  readonly bytes: (data: string) => string;
  /** That the column `data` is what patches can be applied to. */
  readonly isObject: string;
  readonly nextVersion: string;
  /** What a touch sets besides. */
  readonly touched: string;
  readonly returning: (columns: string) => string;
}

const COLUMNS = "id, subject, version, started_at, seen_at, expires_at, moved_at, moved_to, meta, data";
const LIVING = "id = $id AND moved_at IS NULL AND expires_at > $now";
/** A session that is there, in the version that a change is for, if there is one. */
export const CHANGEABLE: string = `${LIVING} AND version = coalesce($ifVersion, version)`;

/** What all dialects have in common, and the parts of what they do not. */
export function commonTexts({ table, greatest, returning, ...words }: Words, stretch: number): CommonTexts {
  const slide = `seen_at = ${greatest}(seen_at, $now), expires_at = ${greatest}(expires_at, $expiresAt)`;
  const data = words.patched("data");
  const update = `UPDATE ${table} SET data = ${data}, version = ${words.nextVersion}, ${slide} WHERE ${CHANGEABLE}`;
  // Data that somebody broke is no session.
  const fits = `CASE WHEN ${words.isObject} THEN ${words.bytes(data)} <= ${greatest}($maxBytes, ${words.bytes("data")}) END`;
  const touch = `UPDATE ${table} SET ${slide}${words.touched} WHERE ${LIVING}`;
  return {
    load: `SELECT ${words.columns} FROM ${table} WHERE id = $id`,
    update: update + returning("version"),
    updateUnread: `${update} AND seen_at > $seenAfter AND ${fits}${returning("version")}`,
    touch: touch + returning("id"),
    touchDue: `${touch} AND seen_at > $seenAfter AND seen_at <= $seenBefore${returning(words.columns)}`,
    take: `DELETE FROM ${table} WHERE id = $id AND moved_at IS NULL${returning(words.columns)}`,
    list: `SELECT ${words.columns} FROM ${table} WHERE subject = $subject`,
    removeAll: `DELETE FROM ${table} WHERE subject = $subject AND id <> $except${returning("id")}`,
    // A stretch of the table in the order of ids: how far it goes, and how many in it have expired.
    lookForExpired: `SELECT max(id) AS last, count(CASE WHEN expires_at <= $now THEN 1 END) AS expired
        FROM (SELECT id, expires_at FROM ${table} WHERE id > $after ORDER BY id LIMIT ${stretch}) AS stretch`,
    removeExpired: `DELETE FROM ${table} WHERE id > $after AND id <= $last AND expires_at <= $now${returning("id")}`,
    create: `INSERT INTO ${table} (${COLUMNS})
      VALUES ($id, $subject, $version, $startedAt, $now, $expiresAt, NULL, NULL, $meta, $data)${returning("id")}`,
    // The data that is there at this moment goes along; `replacesData` leaves it behind.
    move: (source: string) => `INSERT INTO ${table} (${COLUMNS})
      SELECT $to, $subject, version + 1, $startedAt, $now, $expiresAt, NULL, NULL, $meta,
        ${words.patched("CASE $replaces WHEN 1 THEN '{}' ELSE data END")}
      FROM ${source}${returning("version")}`,
    mark: (where: string) => `UPDATE ${table}
      SET moved_at = $now, moved_to = $to, expires_at = $markEnds, subject = NULL, meta = $mark, data = '{}'
      WHERE ${where}${returning("id")}`,
  };
}

/** The ids of a subject's sessions beyond its limit. The one that was just written, `$to`, counts and stays. What has expired goes first. */
export const beyondLimit = (table: string): string => `SELECT id FROM (
      SELECT id, row_number() OVER (ORDER BY expires_at > $now DESC, seen_at DESC, id) AS place
      FROM ${table} WHERE subject = $subject AND id NOT IN ($to, $id)
    ) AS others WHERE place > $mostOthers`;

/** A statement as the database takes it, and the names of its values in order. */
export interface Template {
  readonly sql: string;
  readonly names: readonly string[];
}

/** The statements of each call, ready to be bound. */
export type Calls = { readonly [Name in keyof Texts]?: readonly Template[] };

/** All of them for a table whose name was checked. */
export function callsFor(dialect: Dialect, table: string, stretch: number): Calls {
  const calls = Object.entries<string | readonly string[]>(dialect.texts(table, stretch));
  const templates = calls.map(([name, texts]) => [name, [texts].flat().map((text) => templateOf(dialect, text))] as const);
  return Object.fromEntries(templates);
}

function templateOf(dialect: Dialect, text: string): Template {
  const names: string[] = [];
  const sql = text.replace(/\$([a-zA-Z]+)/g, (_all, name: string) => dialect.value(names.push(name), name));
  return { sql, names };
}

/** The statement with its values. One that has no value by that name is a mistake of this library. */
export function bind({ sql, names }: Template, values: Readonly<Record<string, SqlValue>>): Statement {
  return [sql, ...names.map((name) => values[name] as SqlValue)];
}
