/**
 * A SessionStore in an SQL table. Each entry adds a dialect and a connection.
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
  answerOf,
  dataColumn,
  infoOf,
  instantColumn,
  markColumn,
  named,
  patchColumn,
  recordFromRow,
  rowFrom,
  type SessionRow,
  type SqlValue,
  safeText,
  whyNot,
} from "./rows.ts";
import { bind, type Calls, type Statement } from "./statements.ts";

export interface SqlDatabase {
  /** Returns the rows of a read, which sees everything written before. */
  read(statement: Statement): Promise<unknown[]>;
  /** Runs the statements as one transaction, and returns the rows of each. */
  write(statements: readonly Statement[]): Promise<unknown[][]>;
}

/** A store in an SQL table. It can list and end a subject's sessions, and it can be swept. */
export interface SqlSessionStore extends DefinedStore {
  /** The sessions of a subject. Some may have expired. */
  list(subject: string): Promise<SessionInfo[]>;
  /** Ends the sessions of a subject except one, and returns the number it ended. */
  removeAll(subject: string, options?: { except?: string }): Promise<number>;
  /**
   * Deletes expired sessions and marks, in steps.
   *
   * @param now Epoch seconds.
   * @returns The number of deleted rows.
   * @throws OptionError if `now` is not a finite number, 0 or more.
   */
  sweep(now: number): Promise<number>;
}

export function defineSql(store: SqlStore): SqlSessionStore {
  const { list, removeAll, ...rest } = defineStore(store);
  return { ...rest, list, removeAll, sweep: (now) => store.sweep(now) };
}

const MOST = Number.MAX_SAFE_INTEGER;

export type Values = Readonly<Record<string, SqlValue>>;

/** A touch as part of a load, of a row last seen between two instants. */
export type Slide = { readonly [Name in "now" | "seenAfter" | "seenBefore" | "expiresAt"]: number };

export class SqlStore implements Omit<SqlSessionStore, "~backend"> {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly #database: SqlDatabase;
  readonly #calls: Calls;

  constructor(database: SqlDatabase, calls: Calls) {
    this.#database = database;
    this.#calls = calls;
  }

  async load({ id }: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<SessionRecord | MovedMark | null> {
    for (let tries = 1; ; tries++) {
      const found = await this.row(id);
      const slides = found !== undefined && touch !== undefined && tries <= TRIES;
      const isLiving = slides && found.moved_at === null && found.expires_at > now;
      if (!isLiving || !isDue(found.seen_at, touch)) return answerOf(found, now);
      const touched = await this.touchDue(found, { now, ...touch, expiresAt: instantColumn(touch.expiresAt) });
      if (touched !== undefined) return answerOf(touched, now);
    }
  }

  /** Throws if the id is taken, by the table's primary key. */
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
    return this.#change(isRead ? "update" : "updateUnread", values, options);
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
    return this.#change(limit === null ? "replace" : "replaceLimited", values, { now, ifVersion });
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

  /** Touches the row and returns the result, or undefined if the row has changed. */
  protected async touchDue({ id }: SessionRow, slide: Slide): Promise<SessionRow | undefined> {
    const row = (await this.write("touchDue", { ...slide, id })).at(-1)?.[0];
    return row === undefined ? undefined : rowFrom(row);
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

  /** A subject as a string that the database stores and compares exactly. */
  protected subjectText(subject: string): string {
    return safeText(subject);
  }

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

  /**
   * Returns the new version, or why the change was refused. If no reason
   * holds any more, another change came in between, and this one is retried.
   */
  async #change(
    call: keyof Calls,
    values: Values & { readonly id: string },
    conditions: Omit<UpdateOptions, "expiresAt">,
  ): Promise<UpdateResult> {
    for (let tries = 1; ; tries++) {
      const [written] = ((await this.write(call, values))[0] ?? []) as { version: number | string }[];
      // Drivers return large integer types as strings.
      if (written !== undefined) return { ok: true, version: Number(written.version) };
      const why = whyNot(await this.row(values.id), conditions);
      if (why !== null) return { ok: false, why };
      if (tries === TRIES) return { ok: false, why: "conflict" };
    }
  }
}

/** How often to retry when others interfere. Twice in a row is rare. */
const TRIES = 10;

function limitOf({ subject }: SessionRecord, maxSessions: number | undefined): { mostOthers: number } | null {
  return subject === undefined || maxSessions === undefined ? null : { mostOthers: maxSessions - 1 };
}
