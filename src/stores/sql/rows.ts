/**
 * A session as a row, in strings that every SQLite stores unchanged.
 *
 * The column `data` is a JSON object whose values are JSON text: `{"cart":"[\"apple\"]"}`. So SQLite's `json_patch`
 * sets and removes keys in one statement, never merges values, and keeps every number as it was written.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { type JsonObject, parseData } from "../../ground/json.ts";
import type { Patch } from "../../session/patch.ts";
import type { MovedMark, SessionInfo, SessionRecord, UpdateOptions, UpdateResult } from "../../session/record.ts";
import { markFrom, saidFrom, toInfo, UNREADABLE } from "../../stored/changes.ts";

export type SqlValue = string | number | null;

/** The row of a session or, if `moved_at` is a number, of a mark. */
export interface SessionRow {
  readonly id: string;
  readonly subject: string | null;
  readonly version: number;
  readonly started_at: number;
  readonly seen_at: number;
  readonly expires_at: number;
  readonly moved_at: number | null;
  readonly moved_to: string | null;
  readonly meta: string | null;
  readonly data: string;
}

/**
 * Checks that a row has a column.
 *
 * @throws OptionError if not: the client is configured to return arrays or to rename columns.
 */
export function named<Row>(row: unknown, column: keyof Row): Row {
  if ((row as Row)[column] !== undefined) return row as Row;
  const advice = "Turn off options that return rows as arrays or rename columns";
  throw new OptionError("ERR_OPTION", `Cannot use this database client: its rows lack the column ${String(column)}. ${advice}`);
}

/** A session's row. Some clients return numbers as strings or bigints. */
export function rowFrom(given: unknown): SessionRow {
  const row = named<SessionRow>(given, "moved_at");
  const { version, started_at, seen_at, expires_at, moved_at } = row;
  return {
    ...row,
    version: Number(version),
    started_at: Number(started_at),
    seen_at: Number(seen_at),
    expires_at: Number(expires_at),
    moved_at: moved_at === null ? null : Number(moved_at),
  };
}

/** The year 275760 stands for "never", because D1 cannot store Infinity. */
const NEVER = 8.64e12;
type NotMade = Extract<UpdateResult, { ok: false }>["why"];

// Characters that JSON escapes, that UTF-8 cannot encode (lone surrogates),
// that a TextDecoder strips (U+FEFF), and the escape character itself.
const UNSAFE = /[%"\\\p{Cc}\p{Cs}\ufeff]/gu;
const ESCAPED = /%([0-9a-f]{4})/g;

/** Escapes a string so that SQLite stores and compares it exactly. Different strings stay different. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (character) => `%${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function plainText(text: string): string {
  return text.replace(ESCAPED, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

export function dataColumn(data: string): string {
  const object = parseData(data);
  if (object === null) throw new SyntaxError("Cannot save the session: its data is not a JSON object");
  const column: JsonObject = Object.create(null);
  for (const [key, value] of Object.entries(object)) column[safeText(key)] = JSON.stringify(value);
  return JSON.stringify(column);
}

/** A patch for `json_patch`: a string sets a key, null removes it. */
export function patchColumn({ set, unset }: Patch): string {
  const column: JsonObject = Object.create(null);
  for (const key of unset) column[safeText(key)] = null;
  for (const [key, json] of set) column[safeText(key)] = json;
  return JSON.stringify(column);
}

function dataOf(column: unknown): string {
  const object = typeof column === "string" ? parseData(column) : null;
  if (object === null) return UNREADABLE;
  const entries = Object.entries(object);
  if (entries.some(([, json]) => typeof json !== "string")) return UNREADABLE;
  return `{${entries.map(([key, json]) => `${JSON.stringify(plainText(key))}:${json}`).join(",")}}`;
}

export function instantColumn(instant: number): number {
  return Math.min(instant, NEVER);
}

function instantOf(column: number): number {
  return column >= NEVER ? Number.POSITIVE_INFINITY : column;
}

/** The record in a row. A damaged row has unreadable data. */
export function recordFromRow(row: SessionRow): SessionRecord {
  const { version, subject } = row;
  const said = saidFrom(row.meta);
  const numbers = [version, row.started_at, row.seen_at, row.expires_at];
  const readable = said !== null && numbers.every(Number.isFinite);
  return {
    data: readable ? dataOf(row.data) : UNREADABLE,
    version,
    startedAt: row.started_at,
    seenAt: row.seen_at,
    expiresAt: instantOf(row.expires_at),
    ...(subject !== null && { subject: plainText(subject) }),
    ...said,
  };
}

const isReadable = (row: SessionRow): boolean => recordFromRow(row).data !== UNREADABLE;

export function markColumn({ by, graceUntil }: MovedMark): string {
  return JSON.stringify({ by, graceUntil });
}

export function answerOf(row: SessionRow | undefined, now: number): SessionRecord | MovedMark | null {
  if (row === undefined) return null;
  const { moved_at: movedAt, moved_to: id, meta } = row;
  if (movedAt === null) return recordFromRow(row);
  const { by, graceUntil } = parseData(meta ?? "") ?? {};
  return row.expires_at <= now ? null : markFrom({ movedAt, to: { id }, by, graceUntil });
}

export function whyNot(
  row: SessionRow | undefined,
  { now, ifVersion, seenAfter = Number.NEGATIVE_INFINITY, maxBytes }: Omit<UpdateOptions, "expiresAt">,
): NotMade | null {
  if (row === undefined || row.expires_at <= now) return "gone";
  if (row.moved_at !== null) return "moved";
  if (ifVersion !== undefined && ifVersion !== row.version) return "conflict";
  if (row.seen_at <= seenAfter || !isReadable(row)) return "gone";
  return maxBytes === undefined ? null : "too-large";
}

export function infoOf(row: SessionRow): SessionInfo {
  return toInfo(row.id, recordFromRow({ ...row, data: "{}" }));
}
