/**
 * What passes between the Durable Object store and a session's object: rows, and the calls an object answers.
 *
 * @module
 */
import type { Patch } from "../../session/patch.ts";
import type { SessionInfo, SessionRecord, UpdateOptions, UpdateResult } from "../../session/record.ts";
import { saidFrom, saidToText, toInfo } from "../../stored/changes.ts";
import type { MarkRow, Moving, Target } from "./marks.ts";

/** A session as a row: texts, numbers and null, as SQL keeps them. Texts that may be anything are JSON, which is always clean. */
export interface RecordRow {
  readonly data: string;
  readonly version: number;
  readonly started_at: number;
  readonly seen_at: number;
  readonly ends_at: number;
  readonly subject: string | null;
  /** What the login said: earlier builds, which write and read `meta` alone, pass the timeouts on with it. */
  readonly meta: string | null;
}

/** What came of keeping a new row. `count`: how many its subject has, where no limit was given. Earlier builds do not say it. */
export type CreateResult =
  | { readonly ok: true; readonly count?: number }
  | { readonly ok: false; readonly why: "taken" | "too-large" };

/** What came of a change of a row. */
export type ChangeResult = UpdateResult | { readonly ok: false; readonly why: "taken" };

/** A row to be kept. */
export interface NewRow {
  readonly id: string;
  readonly row: RecordRow;
  readonly maxSessions: number | null;
}

/** The instants of an update or a touch. */
export interface Slide {
  readonly now: number;
  readonly expiresAt: number;
}

/** What an update is for. Earlier builds know the instants alone. */
export type Updating = Slide & Pick<UpdateOptions, "seenAfter" | "maxBytes">;

/**
 * The calls that a session's object answers. Each is one transaction.
 *
 * While a new version is deployed, an object may run another one than the Worker that asks it: what is added here must be
 * optional on both sides.
 *
 * `op` names a call: made again after a failure, a call has the same one, and an object that carried the first out answers
 * as it did then.
 */
export interface ObjectCalls {
  load(id: string, now: number, touch: (Slide & { seenAfter: number; seenBefore: number }) | null): Result<LoadedRow | null>;
  create(op: string, added: NewRow): Result<CreateResult>;
  update(op: string, id: string, patch: Patch, updating: Updating, ifVersion: number | null): Result<ChangeResult>;
  /**
   * Gives a session a new id within the object. `follow` is all that earlier builds say, and understand: whether its mark
   * says where to, which it must not after a login.
   */
  replace(op: string, from: string, added: NewRow, patch: Patch, follow: boolean, move?: Moving): Result<ChangeResult>;
  /** Puts the mark of a session that was copied to another object, if it is still what was copied. */
  leave(op: string, id: string, mark: MarkRow, ifVersion: number): Result<UpdateResult>;
  touch(id: string, slide: Slide): Result<boolean>;
  /** Ends a session. A mark that leads to another object stays, and is answered; `all` drops that too. */
  remove(id: string, all: boolean): Result<Target | null>;
  /** Removes a record and answers it; a mark stays. Earlier builds have no such call. */
  take(op: string, id: string): Result<RecordRow | null>;
  list(subject: string): Result<(RecordRow & { readonly id: string })[]>;
  removeAll(subject: string, except: string | null): Result<number>;
}

type Result<Value> = Value | Promise<Value>;

/** What is at an id. */
export type LoadedRow = RecordRow | MarkRow;

/** Whether what is at an id is the mark of a session that moved. */
export function isMark(row: LoadedRow): row is MarkRow {
  return "moved_at" in row && row.moved_at !== null;
}

/** Of all columns, those of a session. */
export function recordPart({ data, version, started_at, seen_at, ends_at, subject, meta }: RecordRow): RecordRow {
  return { data, version, started_at, seen_at, ends_at, subject, meta };
}

/** The row of a record. */
export function rowOf(record: SessionRecord): RecordRow {
  const { data, version, startedAt, seenAt, expiresAt, subject } = record;
  return {
    data,
    version,
    started_at: startedAt,
    seen_at: seenAt,
    ends_at: expiresAt,
    subject: subject === undefined ? null : subjectText(subject),
    meta: saidToText(record),
  };
}

/** A subject as it stands in a row. SQL would change a text that is not Unicode; JSON escapes it. */
export function subjectText(subject: string): string {
  return JSON.stringify(subject);
}

/** The record of a row. */
export function recordFromRow(row: RecordRow): SessionRecord {
  const { data, version, started_at, seen_at, ends_at, subject, meta } = row;
  return {
    data,
    version,
    startedAt: started_at,
    seenAt: seen_at,
    expiresAt: ends_at,
    ...(subject !== null && { subject: JSON.parse(subject) as string }),
    ...(saidFrom(meta) ?? unreadable()),
  };
}

/** The row of a list for a row of the object. */
export function infoOf(row: RecordRow & { readonly id: string }): SessionInfo {
  return toInfo(row.id, recordFromRow(row));
}

function unreadable(): never {
  throw new SyntaxError("Cannot read the session: its row holds something else");
}

/** A row after use. Neither instant moves backwards. */
export function rowAfterUse<Part extends RecordRow>(row: Part, { now, expiresAt }: Slide): Part {
  return { ...row, seen_at: Math.max(row.seen_at, now), ends_at: Math.max(row.ends_at, expiresAt) };
}

/** About the characters a row takes. */
export function size({ data, subject, meta }: RecordRow): number {
  return data.length + (subject?.length ?? 0) + (meta?.length ?? 0);
}
