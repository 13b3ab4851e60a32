/**
 * The SQL table of a session's object. It is created with the first row.
 *
 * @module
 */
import { type MarkRow, markEndsAt, type Place } from "./marks.ts";
import { isMark, type LoadedRow, type RecordRow } from "./rows.ts";

export interface Sql {
  exec(query: string, ...values: (string | number | null)[]): Iterable<Record<string, unknown>>;
}

export type Row = LoadedRow & { readonly ends_at: number; readonly version: number; readonly ops: string };

/**
 * The name has the version of the layout, which takes no row. A new
 * layout gets the next number, and `find` must migrate the old table.
 */
const TABLE = "sessions_v1";
// Without a row id and a second index, each change writes one row.
const LAYOUT = `CREATE TABLE ${TABLE} (
  id TEXT PRIMARY KEY, data TEXT NOT NULL, version INTEGER NOT NULL, started_at REAL NOT NULL, seen_at REAL NOT NULL,
  ends_at REAL NOT NULL, subject TEXT, meta TEXT, moved_at REAL, moved_to TEXT, moved_route TEXT, ops TEXT NOT NULL
) WITHOUT ROWID`;

/** The length of a call's name, and how many of the last calls each row remembers. */
const OP_LENGTH = 12;
const KNOWN_OPS = 32;

/** The rows of an object. Reads never write. */
export class SessionTable {
  readonly #sql: Sql;
  #exists: boolean | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Makes `find` look for the table again, after all storage was deleted or a change was rolled back. */
  forget(): void {
    this.#exists = undefined;
  }

  /** Throws if a later version of this library created the table, rather than report its sessions as gone. */
  find(): boolean {
    if (this.#exists !== undefined) return this.#exists;
    const names = this.#all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'sessions_v*'");
    if (names.some(({ name }) => name !== TABLE))
      throw new Error("Cannot read the sessions: a later version of web-session-store wrote them");
    this.#exists = names.length > 0;
    return this.#exists;
  }

  make(): void {
    if (!this.find()) this.#all(LAYOUT);
    this.#exists = true;
  }

  get(id: string): Row | undefined {
    if (!this.find()) return undefined;
    return this.#all<Row>(`SELECT * FROM ${TABLE} WHERE id = ?`, id)[0];
  }

  living(id: string, now: number): Row | undefined {
    const row = this.get(id);
    return row !== undefined && row.ends_at > now ? row : undefined;
  }

  /** The ids of a chain of marks within the object, and where the last one leads out of it. */
  chain(id: string): { ids: string[]; out: Place | null } {
    const ids: string[] = [];
    // A damaged mark may lead back to an earlier one.
    for (let next = id, row = this.get(next); row !== undefined && !ids.includes(next); row = this.get(next)) {
      ids.push(next);
      if (!isMark(row)) break;
      const { moved_to, moved_route } = row;
      if (moved_route !== null) return { ids, out: { id: moved_to, route: moved_route } };
      next = moved_to;
    }
    return { ids, out: null };
  }

  insert(id: string, row: RecordRow, op: string): void {
    this.#all(
      `INSERT INTO ${TABLE} (id, data, version, started_at, seen_at, ends_at, subject, meta, ops) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, row.data, row.version, row.started_at, row.seen_at, row.ends_at, row.subject, row.meta, op],
    );
  }

  write(id: string, { data, version, seen_at, ends_at }: RecordRow, ops: string): void {
    const set = "data = ?, version = ?, seen_at = ?, ends_at = ?, ops = ?";
    this.#all(`UPDATE ${TABLE} SET ${set} WHERE id = ?`, data, version, seen_at, ends_at, ops, id);
  }

  slide(id: string, { seen_at, ends_at }: RecordRow): void {
    this.#all(`UPDATE ${TABLE} SET seen_at = ?, ends_at = ? WHERE id = ?`, seen_at, ends_at, id);
  }

  mark(id: string, mark: MarkRow, version: number, ops: string): void {
    const set =
      "data = '{}', version = ?, ends_at = ?, subject = NULL, meta = ?, moved_at = ?, moved_to = ?, moved_route = ?, ops = ?";
    const { moved_at, moved_to, moved_route, meta } = mark;
    const values = [version, markEndsAt(mark), meta, moved_at, moved_to, moved_route, ops];
    this.#all(`UPDATE ${TABLE} SET ${set} WHERE id = ?`, ...values, id);
  }

  drop(id: string): void {
    this.#all(`DELETE FROM ${TABLE} WHERE id = ?`, id);
  }

  sweep(now: number): string[] {
    return this.#ids(`DELETE FROM ${TABLE} WHERE ends_at <= ? RETURNING id`, now);
  }

  /** Removes the subject's least recently used sessions until `kept` are left, never `spared`. Returns their ids. */
  limit(subject: string, spared: string, kept: number): string[] {
    const others = `SELECT id FROM ${TABLE} WHERE subject = ? AND id <> ? ORDER BY seen_at DESC LIMIT -1 OFFSET ?`;
    const ids = this.#ids(others, subject, spared, Math.max(0, kept - 1));
    for (const id of ids) this.drop(id);
    return ids;
  }

  dropAll(subject: string, except: string | null): string[] {
    return this.#ids(`DELETE FROM ${TABLE} WHERE subject = ? AND id IS NOT ? RETURNING id`, subject, except);
  }

  count(subject: string): number {
    return this.#all<{ count: number }>(`SELECT count(*) AS count FROM ${TABLE} WHERE subject = ?`, subject)[0]?.count ?? 0;
  }

  of(subject: string): (RecordRow & { readonly id: string })[] {
    if (!this.find()) return [];
    const columns = "id, data, version, started_at, seen_at, ends_at, subject, meta";
    return this.#all(`SELECT ${columns} FROM ${TABLE} WHERE subject = ?`, subject);
  }

  nextEnd(): number | null {
    if (!this.find()) return null;
    return this.#all<{ next: number | null }>(`SELECT min(ends_at) AS next FROM ${TABLE}`)[0]?.next ?? null;
  }

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

export function withOp(op: string, { ops }: Row): string {
  return (op + ops).slice(0, OP_LENGTH * KNOWN_OPS);
}

/**
 * The version that an earlier try of this call made, if any. Each
 * call in the list added one to the version, so its position tells.
 */
export function versionOf(op: string, { ops, version }: Row): number | undefined {
  const place = ops.indexOf(op);
  return place === -1 ? undefined : version - place / OP_LENGTH;
}

export function changeable(row: Row | undefined): { ok: true; row: Row & RecordRow } | { ok: false; why: "gone" | "moved" } {
  if (row === undefined) return { ok: false, why: "gone" };
  return isMark(row) ? { ok: false, why: "moved" } : { ok: true, row: row as Row & RecordRow };
}
