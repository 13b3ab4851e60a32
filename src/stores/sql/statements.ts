/**
 * The statements of the SQL stores, and how a dialect completes them. Values are named, as in `$id`, and always bound.
 *
 * @module
 */
import type { SqlValue } from "./rows.ts";

export type Statement = readonly [sql: string, ...values: SqlValue[]];

type CommonCall = "load" | "update" | "updateUnread" | "touch" | "touchDue" | "take" | "list" | "removeAll" | Sweep;
type Sweep = "lookForExpired" | "removeExpired";
/** Calls that may need several statements. `...Limited` also ends sessions beyond the limit. */
type OwnCall = "create" | "createLimited" | "replace" | "replaceLimited" | "remove";

/**
 * The statements of each call. Several are one transaction. A write returns a row for each row
 * it wrote: those of `update` and `replace` have the new version, and if `replace` returns
 * none, nothing was written. The last statement of `touchDue` returns the row after the touch,
 * or none if others were faster. In MySQL it only writes if the row is as it was read.
 */
type Texts = { readonly [Name in CommonCall | OwnCall]: string | readonly string[] } & {
  /** Only for databases that run statements in parallel. */
  readonly [Name in ServerCall]?: string;
};

/**
 * `settle` ends sessions beyond the limit after simultaneous
 * logins. `removeMark` removes the marks of an ended session.
 */
type ServerCall = "settle" | "removeMark";

type CommonTexts = { readonly [Name in CommonCall | "create"]: string } & {
  /** Copies the session in `source` to its new id. */
  readonly move: (source: string) => string;
  readonly mark: (where: string) => string;
};

/** Everything that is specific to a kind of database. */
export interface Dialect {
  /** The placeholder of a value, from its position (1 is the first) and name. */
  value(place: number, name: string): string;
  /** `table` is a checked name, `stretch` the number of rows per step of a sweep. */
  texts(table: string, stretch: number): Texts;
}

/** Expressions that differ between dialects. */
export interface Words {
  /** Quoted. */
  readonly table: string;
  /** All columns, read as strings and numbers. */
  readonly columns: string;
  readonly greatest: "max" | "greatest";
  /** The data after `$patch`, a JSON object of strings in which null removes a key. */
  readonly patched: (data: string) => string;
  /** The size of the data as JSON in UTF-8, in bytes. Each key adds quotes, a colon and a comma. */
  readonly bytes: (data: string) => string;
  readonly isObject: string;
  readonly nextVersion: string;
  /** Additional assignments of a touch. */
  readonly touched: string;
  readonly returning: (columns: string) => string;
}

const COLUMNS = "id, subject, version, started_at, seen_at, expires_at, moved_at, moved_to, meta, data";
const LIVING = "id = $id AND moved_at IS NULL AND expires_at > $now";
/** A living session, in the required version if there is one. */
export const CHANGEABLE: string = `${LIVING} AND version = coalesce($ifVersion, version)`;

export function commonTexts({ table, greatest, returning, ...words }: Words, stretch: number): CommonTexts {
  const slide = `seen_at = ${greatest}(seen_at, $now), expires_at = ${greatest}(expires_at, $expiresAt)`;
  const data = words.patched("data");
  const update = `UPDATE ${table} SET data = ${data}, version = ${words.nextVersion}, ${slide} WHERE ${CHANGEABLE}`;
  // A session with damaged data counts as gone.
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
    // A stretch of the table in order of ids: its last id, and how many of its rows have expired.
    lookForExpired: `SELECT max(id) AS last, count(CASE WHEN expires_at <= $now THEN 1 END) AS expired
        FROM (SELECT id, expires_at FROM ${table} WHERE id > $after ORDER BY id LIMIT ${stretch}) AS stretch`,
    removeExpired: `DELETE FROM ${table} WHERE id > $after AND id <= $last AND expires_at <= $now${returning("id")}`,
    create: `INSERT INTO ${table} (${COLUMNS})
      VALUES ($id, $subject, $version, $startedAt, $now, $expiresAt, NULL, NULL, $meta, $data)${returning("id")}`,
    // Copies the current data, unless the patch has `replacesData`.
    move: (source: string) => `INSERT INTO ${table} (${COLUMNS})
      SELECT $to, $subject, version + 1, $startedAt, $now, $expiresAt, NULL, NULL, $meta,
        ${words.patched("CASE $replaces WHEN 1 THEN '{}' ELSE data END")}
      FROM ${source}${returning("version")}`,
    mark: (where: string) => `UPDATE ${table}
      SET moved_at = $now, moved_to = $to, expires_at = $markEnds, subject = NULL, meta = $mark, data = '{}'
      WHERE ${where}${returning("id")}`,
  };
}

/** The ids of a subject's sessions beyond its limit, expired ones first. The new session, `$to`, counts and stays. */
export const beyondLimit = (table: string): string => `SELECT id FROM (
      SELECT id, row_number() OVER (ORDER BY expires_at > $now DESC, seen_at DESC, id) AS place
      FROM ${table} WHERE subject = $subject AND id NOT IN ($to, $id)
    ) AS others WHERE place > $mostOthers`;

export interface Template {
  readonly sql: string;
  readonly names: readonly string[];
}

export type Calls = { readonly [Name in keyof Texts]?: readonly Template[] };

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

/** All names must have a value. */
export function bind({ sql, names }: Template, values: Readonly<Record<string, SqlValue>>): Statement {
  return [sql, ...names.map((name) => values[name] as SqlValue)];
}
