/**
 * The table of a session's object: SQL, and nothing else. No table until the first row.
 *
 * @module
 */
import { type MarkRow, markEndsAt, type Target, targetOf } from "./marks.ts";
import { isMark, type LoadedRow, type RecordRow } from "./rows.ts";

/** What the table uses of a Durable Object's `ctx.storage.sql`. */
export interface Sql {
  exec(query: string, ...values: (string | number | null)[]): Iterable<Record<string, unknown>>;
}

/** Whatever is at an id: a session, or the mark of one that moved. */
export type Row = LoadedRow & { readonly ends_at: number; readonly version: number; readonly ops: string };

/**
 * The version of the layout is in the table's name, which costs no row. A new layout gets the next number, and `find` makes it
 * of the old table when an object is first used.
 */
const TABLE = "sessions_v1";
// Without a row id and without another index, each change of a row is one row written.
const LAYOUT = `CREATE TABLE ${TABLE} (
  id TEXT PRIMARY KEY, data TEXT NOT NULL, version INTEGER NOT NULL, started_at REAL NOT NULL, seen_at REAL NOT NULL,
  ends_at REAL NOT NULL, subject TEXT, meta TEXT, moved_at REAL, moved_to TEXT, moved_route TEXT, ops TEXT NOT NULL
) WITHOUT ROWID`;

/** How long the name of a call is, and how many of the last calls that changed a row are known in it. */
const OP_LENGTH = 12;
const KNOWN_OPS = 32;

/** The rows of an object. Reading an object that was never written writes nothing. */
export class SessionTable {
  readonly #sql: Sql;
  #exists: boolean | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Forgets whether the table is there: it is looked for again. After all storage was deleted, or a change was undone. */
  forget(): void {
    this.#exists = undefined;
  }

  /** Whether there is a table. Throws when a later version of this library made it: its sessions must not seem gone. */
  find(): boolean {
    if (this.#exists !== undefined) return this.#exists;
    const names = this.#all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'sessions_v*'");
    if (names.some(({ name }) => name !== TABLE))
      throw new Error("Cannot read the sessions: a later version of web-session-store wrote them");
    this.#exists = names.length > 0;
    return this.#exists;
  }

  /** Makes the table if there is none. */
  make(): void {
    if (!this.find()) this.#all(LAYOUT);
    this.#exists = true;
  }

  /** What is at an id. */
  get(id: string): Row | undefined {
    if (!this.find()) return undefined;
    return this.#all<Row>(`SELECT * FROM ${TABLE} WHERE id = ?`, id)[0];
  }

  /** What is at an id, unless it has ended. */
  living(id: string, now: number): Row | undefined {
    const row = this.get(id);
    return row !== undefined && row.ends_at > now ? row : undefined;
  }

  /** The ids from mark to mark, as far as they are here, and where the last mark leads out of the object. */
  chain(id: string): { ids: string[]; out: Target | null } {
    const ids: string[] = [];
    for (let next = id, row = this.get(next); row !== undefined; row = this.get(next)) {
      ids.push(next);
      const target = isMark(row) ? targetOf(row) : null;
      if (target === null || target.route !== null) return { ids, out: target };
      next = target.id;
    }
    return { ids, out: null };
  }

  /** Keeps a session at an id that is free. */
  insert(id: string, row: RecordRow, op: string): void {
    this.#all(
      `INSERT INTO ${TABLE} (id, data, version, started_at, seen_at, ends_at, subject, meta, ops) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, row.data, row.version, row.started_at, row.seen_at, row.ends_at, row.subject, row.meta, op],
    );
  }

  /** Sets a session's data, and its instants. */
  write(id: string, { data, version, seen_at, ends_at }: RecordRow, ops: string): void {
    const set = "data = ?, version = ?, seen_at = ?, ends_at = ?, ops = ?";
    this.#all(`UPDATE ${TABLE} SET ${set} WHERE id = ?`, data, version, seen_at, ends_at, ops, id);
  }

  /** Sets a session's instants. */
  slide(id: string, { seen_at, ends_at }: RecordRow): void {
    this.#all(`UPDATE ${TABLE} SET seen_at = ?, ends_at = ? WHERE id = ?`, seen_at, ends_at, id);
  }

  /** Puts a mark where a session is. `version` is the one it has where it went. */
  mark(id: string, mark: MarkRow, version: number, ops: string): void {
    const set =
      "data = '{}', version = ?, ends_at = ?, subject = NULL, meta = ?, moved_at = ?, moved_to = ?, moved_route = ?, ops = ?";
    const { moved_at, moved_to, moved_route, meta = null } = mark;
    const values = [version, markEndsAt(mark), meta, moved_at, moved_to, moved_route, ops];
    this.#all(`UPDATE ${TABLE} SET ${set} WHERE id = ?`, ...values, id);
  }

  /** Drops what is at an id. */
  drop(id: string): void {
    this.#all(`DELETE FROM ${TABLE} WHERE id = ?`, id);
  }

  /** Drops what has ended. Answers with the ids. */
  sweep(now: number): string[] {
    return this.#ids(`DELETE FROM ${TABLE} WHERE ends_at <= ? RETURNING id`, now);
  }

  /** Drops a subject's sessions but the `spared` and those of the others used last, so that `kept` are left. Answers with the ids. */
  limit(subject: string, spared: string, kept: number): string[] {
    const others = `SELECT id FROM ${TABLE} WHERE subject = ? AND id <> ? ORDER BY seen_at DESC LIMIT -1 OFFSET ?`;
    const ids = this.#ids(others, subject, spared, Math.max(0, kept - 1));
    for (const id of ids) this.drop(id);
    return ids;
  }

  /** Drops a subject's sessions but one. Answers with the ids. */
  dropAll(subject: string, except: string | null): string[] {
    return this.#ids(`DELETE FROM ${TABLE} WHERE subject = ? AND id IS NOT ? RETURNING id`, subject, except);
  }

  /** How many sessions a subject has. */
  count(subject: string): number {
    return this.#all<{ count: number }>(`SELECT count(*) AS count FROM ${TABLE} WHERE subject = ?`, subject)[0]?.count ?? 0;
  }

  /** A subject's sessions. */
  of(subject: string): (RecordRow & { readonly id: string })[] {
    if (!this.find()) return [];
    const columns = "id, data, version, started_at, seen_at, ends_at, subject, meta";
    return this.#all(`SELECT ${columns} FROM ${TABLE} WHERE subject = ?`, subject);
  }

  /** When the first of all rows ends, or null when there is none. */
  nextEnd(): number | null {
    if (!this.find()) return null;
    return this.#all<{ next: number | null }>(`SELECT min(ends_at) AS next FROM ${TABLE}`)[0]?.next ?? null;
  }

  /** Whether there is no row. */
  isEmpty(): boolean {
    return this.#all(`SELECT id FROM ${TABLE} LIMIT 1`).length === 0;
  }

  #ids(query: string, ...values: (string | number | null)[]): string[] {
    return this.#all<{ id: string }>(query, ...values).map(({ id }) => id);
  }

  #all<Found>(query: string, ...values: (string | number | null)[]): Found[] {
    return [...this.#sql.exec(query, ...values)] as Found[];
  }
}

/** The names of the calls that changed a row, with one more in front. */
export function withOp(op: string, { ops }: Row): string {
  return (op + ops).slice(0, OP_LENGTH * KNOWN_OPS);
}

/**
 * The version that this call made of the row, if it was carried out before. Each call in the list added one to the version, so
 * its place says which it made.
 */
export function versionOf(op: string, { ops, version }: Row): number | undefined {
  const place = ops.indexOf(op);
  return place === -1 ? undefined : version - place / OP_LENGTH;
}

/** A session that can be changed at an id, or why not. */
export function changeable(row: Row | undefined): { ok: true; row: Row & RecordRow } | { ok: false; why: "gone" | "moved" } {
  if (row === undefined) return { ok: false, why: "gone" };
  return isMark(row) ? { ok: false, why: "moved" } : { ok: true, row: row as Row & RecordRow };
}
