/**
 * What a session looks like as a row: texts that every SQLite keeps as they are, and what is read back from them.
 *
 * The column `data` is a JSON object whose values are themselves JSON, as text: `{"cart":"[\"apple\"]"}`. So SQLite's
 * `json_patch` sets and removes keys in one statement, never merges what is in them, and returns every number as it came.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { type JsonObject, parseData } from "../../ground/json.ts";
import type { Patch } from "../../session/patch.ts";
import type { MovedMark, SessionInfo, SessionRecord, UpdateOptions, UpdateResult } from "../../session/record.ts";
import { saidFrom, toInfo } from "../../stored/changes.ts";
import { reasonOf } from "../../stored/contract.ts";

/** A value in a row, or bound to a statement. */
export type SqlValue = string | number | null;

/** The row of a session, or of the mark of one that moved: then `moved_at` is a number. */
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
 * What is named in a row that a client gave.
 *
 * @throws OptionError where it is not: the client is set to give arrays, or names of its own.
 */
export function named<Row>(row: unknown, column: keyof Row): Row {
  if ((row as Row)[column] !== undefined) return row as Row;
  const advice = "leave out what makes rows arrays, or changes the names of columns";
  throw new OptionError("ERR_OPTION", `Cannot use this database client: its rows lack the column ${String(column)}; ${advice}`);
}

/** A session's row as a client gave it: some are set to give numbers as texts, or as bigint. */
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

/** What no JSON text is: the core reports the record as one that it cannot read. */
const UNREADABLE = "";
/** Where a session never ends, a row says the year 275760: D1 keeps no Infinity. */
const NEVER = 8.64e12;
/** Why a change was not made. */
type NotMade = Extract<UpdateResult, { ok: false }>["why"];

// What JSON writes with a backslash, what UTF-8 cannot say (lone surrogates), what a TextDecoder takes from the beginning (U+FEFF), and the sign
// that stands for them.
const UNSAFE = /[%"\\\p{Cc}\p{Cs}\ufeff]/gu;
const ESCAPED = /%([0-9a-f]{4})/g;

/** Any text as one that SQLite keeps, compares and finds: the same for the same text, another for another. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (character) => `%${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function plainText(text: string): string {
  return text.replace(ESCAPED, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** The column `data` for a record's data. */
export function dataColumn(data: string): string {
  const object = parseData(data);
  if (object === null) throw new SyntaxError("Cannot save the session: its data is not a JSON object");
  const column: JsonObject = Object.create(null);
  for (const [key, value] of Object.entries(object)) column[safeText(key)] = JSON.stringify(value);
  return JSON.stringify(column);
}

/** A patch as `json_patch` takes it: a text is set, and null removes. */
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

/** An instant as a column keeps it. */
export function instantColumn(instant: number): number {
  return Math.min(instant, NEVER);
}

function instantOf(column: number): number {
  return column >= NEVER ? Number.POSITIVE_INFINITY : column;
}

/** The record in a row. One that somebody broke has data that nobody can read. */
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

/** Whether a row's data can be read. */
const isReadable = (row: SessionRow): boolean => recordFromRow(row).data !== UNREADABLE;

/** The column `meta` for a mark. A mark's row has room there, so that the table is the one that earlier builds made. */
export function markColumn({ by, graceUntil }: MovedMark): string {
  return JSON.stringify({ by, graceUntil });
}

/** The mark in a row, or null when it is the row of a session. Earlier builds left a mark's `meta` empty. */
function markOf({ moved_at, moved_to, meta }: SessionRow): MovedMark | null {
  if (moved_at === null) return null;
  const { by, graceUntil } = (meta === null ? null : parseData(meta)) ?? {};
  return {
    movedAt: moved_at,
    ...(moved_to !== null && { to: { id: moved_to } }),
    by: reasonOf(by, moved_to),
    ...(typeof graceUntil === "number" && { graceUntil }),
  };
}

/** What a load says of a row. */
export function answerOf(row: SessionRow | undefined, now: number): SessionRecord | MovedMark | null {
  if (row === undefined || (row.moved_at !== null && row.expires_at <= now)) return null;
  return markOf(row) ?? recordFromRow(row);
}

/** What stops a change of a row; null: nothing. */
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

/** A session in a list. */
export function infoOf(row: SessionRow): SessionInfo {
  return toInfo(row.id, recordFromRow({ ...row, data: "{}" }));
}
