/**
 * A SessionStore on any SQLite: `sqlite` and `d1` bring what runs statements.
 *
 * @module
 */
import type { Patch } from "../../session/patch.ts";
import {
  type Key,
  type Limit,
  MOVED_MARK_SECONDS,
  type Move,
  type MovedMark,
  markFor,
  type SessionInfo,
  type SessionRecord,
  type UpdateOptions,
  type UpdateResult,
} from "../../session/record.ts";
import { isDue, saidToText } from "../../stored/changes.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { checkSeconds } from "./options.ts";
import {
  dataColumn,
  infoOf,
  instantColumn,
  isReadable,
  markColumn,
  markOf,
  patchColumn,
  recordFromRow,
  type SessionRow,
  type SqlValue,
  safeText,
} from "./rows.ts";
import { type Statements, statementsFor } from "./statements.ts";

/** A statement and the values for its `?`, in order. */
export type Statement = readonly [sql: string, ...values: SqlValue[]];

/** What the store needs of a database. */
export interface SqlDatabase {
  /** The rows of one statement that only reads, with everything written before it. */
  read(statement: Statement): Promise<unknown[]>;
  /** Runs the statements as one transaction: all of them or none. Answers with the rows of each. */
  write(statements: readonly Statement[]): Promise<unknown[][]>;
}

/** A store in a table: it lists, ends all sessions of a subject, and can be swept. */
export interface SqlSessionStore extends DefinedStore {
  /** The sessions of a subject; expired ones may be among them. */
  list(subject: string): Promise<SessionInfo[]>;
  /** Ends the sessions of a subject but the one named; gives how many. */
  removeAll(subject: string, options?: { except?: string }): Promise<number>;
  /**
   * Deletes the sessions and marks that have expired, one stretch of the table after the other.
   *
   * @param now Epoch seconds.
   * @returns how many were deleted.
   * @throws OptionError when `now` is no finite number.
   */
  sweep(now: number): Promise<number>;
}

/** The store as applications get it. */
export function defineSql(store: SqlStore): SqlSessionStore {
  const { list, removeAll, ...rest } = defineStore(store);
  return { ...rest, list, removeAll, sweep: (now) => store.sweep(now) };
}

/** Stands for no bound where SQL has to compare with one. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Keeps sessions in one table; `stretch` is how many rows a step of `sweep` looks at. */
export class SqlStore implements Omit<SqlSessionStore, "~backend"> {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly #database: SqlDatabase;
  readonly #sql: Statements;
  readonly #stretch: number;

  constructor(database: SqlDatabase, table: string, stretch: number) {
    this.#database = database;
    this.#sql = statementsFor(table);
    this.#stretch = stretch;
  }

  async load({ id }: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<SessionRecord | MovedMark | null> {
    const found = await this.#row(id);
    if (found === undefined) return null;
    if (found.moved_at !== null) return found.expires_at > now ? markOf(found) : null;
    if (touch === undefined || !isDue(found.seen_at, touch)) return recordFromRow(found);
    const { seenAfter, seenBefore, expiresAt } = touch;
    const slide = [this.#sql.touchDue, now, instantColumn(expiresAt), id, now, seenAfter, seenBefore] as const;
    const [, rows] = await this.#database.write([slide, [this.#sql.load, id]]);
    const row = rows?.[0] as SessionRow | undefined;
    return row === undefined ? null : (markOf(row) ?? recordFromRow(row));
  }

  /** Fails when the id is taken, by the table's primary key. */
  async create({ id }: Key, record: SessionRecord, { maxSessions }: Limit = {}): Promise<void> {
    const { version, startedAt, seenAt, expiresAt } = record;
    const fields = [subjectColumn(record), version, startedAt, seenAt, instantColumn(expiresAt)] as const;
    const create = [this.#sql.create, id, ...fields, saidToText(record), dataColumn(record.data)] as const;
    await this.#database.write([create, ...this.#limit(id, record, maxSessions)]);
  }

  async update({ id }: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult> {
    const { now, expiresAt, ifVersion, seenAfter, maxBytes } = options;
    const column = patchColumn(patch);
    const values = [column, now, instantColumn(expiresAt), id, now, ifVersion ?? null] as const;
    const isRead = seenAfter === undefined && maxBytes === undefined;
    const unseen = [Math.max(seenAfter ?? -MOST, -MOST), column, maxBytes ?? MOST] as const;
    const statement: Statement = isRead ? [this.#sql.update, ...values] : [this.#sql.updateUnread, ...values, ...unseen];
    const [rows] = await this.#database.write([statement]);
    return this.#result(rows, id, options);
  }

  async replace(from: Key, to: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult> {
    const { startedAt, seenAt: now, expiresAt } = record;
    const fields = [subjectColumn(record), startedAt, now, instantColumn(expiresAt), saidToText(record)] as const;
    const { ifVersion } = move;
    const asked = [from.id, now, ifVersion ?? null] as const;
    const [rows] = await this.#database.write([
      [this.#sql.move, to.id, ...fields, patch.replacesData ? 1 : 0, patchColumn(patch), ...asked],
      [this.#sql.mark, now, to.id, now + MOVED_MARK_SECONDS, markColumn(markFor(now, to, move)), ...asked],
      ...this.#limit(to.id, record, move.maxSessions),
    ]);
    return this.#result(rows, from.id, { now, ifVersion });
  }

  async touch({ id }: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    const [rows] = await this.#database.write([[this.#sql.touch, now, instantColumn(expiresAt), id, now]]);
    return rows?.length === 1;
  }

  async remove({ id }: Key): Promise<void> {
    await this.#database.write([[this.#sql.remove, id]]);
  }

  async take({ id }: Key): Promise<SessionRecord | null> {
    const [rows] = await this.#database.write([[this.#sql.take, id]]);
    const row = rows?.[0] as SessionRow | undefined;
    return row === undefined ? null : recordFromRow(row);
  }

  async list(subject: string): Promise<SessionInfo[]> {
    const rows = await this.#database.read([this.#sql.list, safeText(subject)]);
    return rows.map((row) => infoOf(row as SessionRow));
  }

  async removeAll(subject: string, { except = "" }: { except?: string } = {}): Promise<number> {
    const [rows] = await this.#database.write([[this.#sql.removeAll, safeText(subject), except]]);
    return rows?.length ?? 0;
  }

  async sweep(now: number): Promise<number> {
    checkSeconds("now", now);
    const { lookForExpired, removeExpired } = this.#sql;
    let deleted = 0;
    for (let from = ""; ; ) {
      const [found] = await this.#database.read([lookForExpired, now, from, this.#stretch]);
      const { last, expired } = found as { last: string | null; expired: number };
      if (last === null) return deleted;
      if (expired > 0) deleted += (await this.#database.write([[removeExpired, from, last, now]]))[0]?.length ?? 0;
      from = last;
    }
  }

  async #row(id: string): Promise<SessionRow | undefined> {
    const [row] = await this.#database.read([this.#sql.load, id]);
    return row as SessionRow | undefined;
  }

  #limit(id: string, record: SessionRecord, maxSessions: number | undefined): Statement[] {
    const subject = subjectColumn(record);
    if (subject === null || maxSessions === undefined) return [];
    return [[this.#sql.limit, subject, id, record.seenAt, maxSessions - 1, id]];
  }

  /** What came of a change: its row says the version; without one, what is there now says why. */
  async #result(
    rows: unknown[] | undefined,
    id: string,
    { now, ifVersion, seenAfter = -MOST, maxBytes }: Omit<UpdateOptions, "expiresAt">,
  ): Promise<UpdateResult> {
    const [written] = (rows ?? []) as { version: number }[];
    if (written !== undefined) return { ok: true, version: written.version };
    const row = await this.#row(id);
    if (row === undefined || row.expires_at <= now) return { ok: false, why: "gone" };
    if (row.moved_at !== null) return { ok: false, why: "moved" };
    if (ifVersion !== undefined && ifVersion !== row.version) return { ok: false, why: "conflict" };
    const isGone = maxBytes === undefined || row.seen_at <= seenAfter || !isReadable(row);
    return { ok: false, why: isGone ? "gone" : "too-large" };
  }
}

function subjectColumn({ subject }: SessionRecord): string | null {
  return subject === undefined ? null : safeText(subject);
}
