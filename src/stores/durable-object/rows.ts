/**
 * The rows and calls between the Durable Object store and a session's object.
 *
 * @module
 */
import type { Patch } from "../../session/patch.ts";
import type { SessionInfo, SessionRecord, UpdateOptions, UpdateResult } from "../../session/record.ts";
import { loginFrom, saidToText, toInfo, UNREADABLE } from "../../stored/changes.ts";
import type { MarkRow, Moving, Place } from "./marks.ts";

/** A session as a row of SQL values. Arbitrary strings are stored as JSON, which is always valid Unicode. */
export interface RecordRow {
  readonly data: string;
  readonly version: number;
  readonly started_at: number;
  readonly seen_at: number;
  readonly ends_at: number;
  readonly subject: string | null;
  /** What the login said, with the timeouts that it gave. */
  readonly meta: string | null;
}

/** `count` is the number of the subject's sessions, if no limit was passed. The reply to a repeated call lacks it. */
export type CreateResult =
  | { readonly ok: true; readonly count?: number }
  | { readonly ok: false; readonly why: "taken" | "too-large" };

export type ChangeResult = UpdateResult | { readonly ok: false; readonly why: "taken" };

export interface NewRow {
  readonly id: string;
  readonly row: RecordRow;
  readonly maxSessions: number | null;
}

export interface Slide {
  readonly now: number;
  readonly expiresAt: number;
}

/** The conditions of an update. */
export type Updating = Slide & Pick<UpdateOptions, "seenAfter" | "maxBytes">;

/**
 * The calls of a session's object. Each is one transaction.
 *
 * During a deployment the object and the Worker may run different
 * versions, so additions must be optional on both sides.
 *
 * `op` names a call and stays the same when the call is retried.
 * An object that has already executed the call repeats its reply.
 */
export interface ObjectCalls {
  load(id: string, now: number, touch: (Slide & { seenAfter: number; seenBefore: number }) | null): Result<LoadedRow | null>;
  create(op: string, added: NewRow): Result<CreateResult>;
  update(op: string, id: string, patch: Patch, updating: Updating, ifVersion: number | null): Result<ChangeResult>;
  /** Gives a session a new id. */
  replace(op: string, from: string, added: NewRow, patch: Patch, move: Moving): Result<ChangeResult>;
  leave(op: string, id: string, mark: MarkRow, ifVersion: number): Result<UpdateResult>;
  touch(id: string, slide: Slide): Result<boolean>;
  /** A mark that leads to another object is returned and stays, unless `all`. */
  remove(id: string, all: boolean): Result<Place | null>;
  take(op: string, id: string): Result<RecordRow | null>;
  list(subject: string): Result<(RecordRow & { readonly id: string })[]>;
  removeAll(subject: string, except: string | null): Result<number>;
}

type Result<Value> = Value | Promise<Value>;

export type LoadedRow = RecordRow | MarkRow;

export function isMark(row: LoadedRow): row is MarkRow {
  return "moved_at" in row && row.moved_at !== null;
}

export function recordPart({ data, version, started_at, seen_at, ends_at, subject, meta }: RecordRow): RecordRow {
  return { data, version, started_at, seen_at, ends_at, subject, meta };
}

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

/** A subject as it is stored. SQL would change a string that is not valid Unicode. JSON escapes it. */
export function subjectText(subject: string): string {
  return JSON.stringify(subject);
}

/** The record in a row. A damaged row has unreadable data. */
export function recordFromRow(row: RecordRow): SessionRecord {
  const { data, version, started_at, seen_at, ends_at } = row;
  const { isWhole, login } = loginFrom(row.subject, row.meta);
  return {
    data: isWhole && hasNumbers(row) ? data : UNREADABLE,
    version,
    startedAt: started_at,
    seenAt: seen_at,
    expiresAt: ends_at,
    ...login,
  };
}

/** Whether the columns beside the data are undamaged. */
export function isReadable(row: RecordRow): boolean {
  return hasNumbers(row) && loginFrom(row.subject, row.meta).isWhole;
}

function hasNumbers({ version, started_at, seen_at, ends_at }: RecordRow): boolean {
  return [version, started_at, seen_at, ends_at].every((one) => typeof one === "number");
}

/** The row of a list. None for a damaged session. */
export function infoOf(row: RecordRow & { readonly id: string }): SessionInfo[] {
  return isReadable(row) ? [toInfo(row.id, recordFromRow(row))] : [];
}

/** A row after use. Neither instant moves backwards. */
export function rowAfterUse<Part extends RecordRow>(row: Part, { now, expiresAt }: Slide): Part {
  return { ...row, seen_at: Math.max(row.seen_at, now), ends_at: Math.max(row.ends_at, expiresAt) };
}

export function size({ data, subject, meta }: RecordRow): number {
  return data.length + (subject?.length ?? 0) + (meta?.length ?? 0);
}
