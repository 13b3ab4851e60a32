/**
 * A SessionStore in a table of an SQL database: an entry brings the dialect, and what runs statements.
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
  named,
  patchColumn,
  recordFromRow,
  rowFrom,
  type SessionRow,
  type SqlValue,
  safeText,
} from "./rows.ts";
import { bind, type Calls, type Statement } from "./statements.ts";

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

/** What is bound, by name. */
export type Values = Readonly<Record<string, SqlValue>>;

/** Keeps sessions in one table. */
export class SqlStore implements Omit<SqlSessionStore, "~backend"> {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly #database: SqlDatabase;
  readonly #calls: Calls;

  constructor(database: SqlDatabase, calls: Calls) {
    this.#database = database;
    this.#calls = calls;
  }

  async load({ id }: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<SessionRecord | MovedMark | null> {
    const found = await this.row(id);
    if (found === undefined) return null;
    if (found.moved_at !== null) return found.expires_at > now ? markOf(found) : null;
    if (touch === undefined || !isDue(found.seen_at, touch)) return recordFromRow(found);
    const { seenAfter, seenBefore, expiresAt } = touch;
    const row = await this.touchDue({ id, now, seenAfter, seenBefore, expiresAt: instantColumn(expiresAt) });
    return row === undefined ? null : (markOf(row) ?? recordFromRow(row));
  }

  /** Fails when the id is taken, by the table's primary key. */
  async create({ id }: Key, record: SessionRecord, { maxSessions }: Limit = {}): Promise<void> {
    const { version, data } = record;
    const limit = limitOf(record, maxSessions);
    const values = { ...this.#columnsOf(record), id, to: id, version, data: dataColumn(data), ...limit };
    await this.write(limit === null ? "create" : "createLimited", values);
  }

  async update({ id }: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult> {
    const { now, ifVersion = null, seenAfter, maxBytes } = options;
    const isRead = seenAfter === undefined && maxBytes === undefined;
    const unseen = { seenAfter: Math.max(seenAfter ?? -MOST, -MOST), maxBytes: maxBytes ?? MOST };
    const expiresAt = instantColumn(options.expiresAt);
    const values = { id, patch: patchColumn(patch), now, expiresAt, ifVersion, ...unseen };
    const [rows] = await this.write(isRead ? "update" : "updateUnread", values);
    return this.#result(rows, id, options);
  }

  async replace(from: Key, to: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult> {
    const { seenAt: now } = record;
    const { ifVersion, maxSessions } = move;
    const limit = limitOf(record, maxSessions);
    const values = {
      ...{ ...this.#columnsOf(record), id: from.id, to: to.id, ifVersion: ifVersion ?? null, ...limit },
      ...{ replaces: patch.replacesData ? 1 : 0, patch: patchColumn(patch) },
      ...{ mark: markColumn(markFor(now, to, move)), markEnds: now + MOVED_MARK_SECONDS },
    };
    const [rows] = await this.write(limit === null ? "replace" : "replaceLimited", values);
    return this.#result(rows, from.id, { now, ifVersion });
  }

  async touch({ id }: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    const [rows] = await this.write("touch", { id, now, expiresAt: instantColumn(expiresAt) });
    return rows?.length === 1;
  }

  async remove({ id }: Key): Promise<void> {
    await this.write("remove", { id });
  }

  async take({ id }: Key): Promise<SessionRecord | null> {
    const [rows] = await this.write("take", { id });
    const row = rows?.[0];
    return row === undefined ? null : recordFromRow(rowFrom(row));
  }

  async list(subject: string): Promise<SessionInfo[]> {
    const rows = await this.read("list", { subject: this.subjectText(subject) });
    return rows.map((row) => infoOf(rowFrom(row)));
  }

  async removeAll(subject: string, { except = "" }: { except?: string } = {}): Promise<number> {
    const [rows] = await this.write("removeAll", { subject: this.subjectText(subject), except });
    return rows?.length ?? 0;
  }

  async sweep(now: number): Promise<number> {
    checkSeconds("now", now);
    let deleted = 0;
    for (let after = ""; ; ) {
      const [found] = await this.read("lookForExpired", { now, after });
      const { last, expired } = named<{ last: string | null; expired: number | string }>(found, "last");
      if (last === null) return deleted;
      if (Number(expired) > 0) deleted += (await this.write("removeExpired", { after, last, now }))[0]?.length ?? 0;
      after = last;
    }
  }

  protected async row(id: string): Promise<SessionRow | undefined> {
    const [row] = await this.read("load", { id });
    return row === undefined ? undefined : rowFrom(row);
  }

  /** Writes use down, and gives the row as it is then. */
  protected async touchDue(values: Values & { readonly id: string }): Promise<SessionRow | undefined> {
    const row = (await this.write("touchDue", values)).at(-1)?.[0];
    return row === undefined ? this.row(values.id) : rowFrom(row);
  }

  protected read(call: keyof Calls, values: Values): Promise<unknown[]> {
    const [statement] = this.#bound(call, values);
    return this.#database.read(statement as Statement);
  }

  protected write(call: keyof Calls, values: Values): Promise<unknown[][]> {
    return this.#database.write(this.#bound(call, values));
  }

  #bound(call: keyof Calls, values: Values): Statement[] {
    return (this.#calls[call] ?? []).map((template) => bind(template, values));
  }

  /** A subject as a text that the database keeps, and finds by what is equal. */
  protected subjectText(subject: string): string {
    return safeText(subject);
  }

  /** What a record says besides its data and its version. */
  #columnsOf(record: SessionRecord) {
    const { subject, startedAt, seenAt, expiresAt } = record;
    return {
      subject: subject === undefined ? null : this.subjectText(subject),
      startedAt,
      now: seenAt,
      expiresAt: instantColumn(expiresAt),
      meta: saidToText(record),
    };
  }

  /** What came of a change: its row says the version; without one, what is there now says why. */
  async #result(
    rows: unknown[] | undefined,
    id: string,
    { now, ifVersion, seenAfter = -MOST, maxBytes }: Omit<UpdateOptions, "expiresAt">,
  ): Promise<UpdateResult> {
    const [written] = (rows ?? []) as { version: number | string }[];
    // Drivers give large kinds of whole numbers as text.
    if (written !== undefined) return { ok: true, version: Number(written.version) };
    const row = await this.row(id);
    if (row === undefined || row.expires_at <= now) return { ok: false, why: "gone" };
    if (row.moved_at !== null) return { ok: false, why: "moved" };
    if (ifVersion !== undefined && ifVersion !== row.version) return { ok: false, why: "conflict" };
    const isGone = maxBytes === undefined || row.seen_at <= seenAfter || !isReadable(row);
    return { ok: false, why: isGone ? "gone" : "too-large" };
  }
}

/** How many others a subject may have; null where there is no limit. */
function limitOf({ subject }: SessionRecord, maxSessions: number | undefined): { mostOthers: number } | null {
  return subject === undefined || maxSessions === undefined ? null : { mostOthers: maxSessions - 1 };
}
