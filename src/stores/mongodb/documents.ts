/**
 * A session as a document. Its data is a list of key and value
 * pairs, both JSON text, so that a key never becomes a field name.
 *
 * @module
 */
import { parseData, wellFormed } from "../../ground/json.ts";
import type { Patch } from "../../session/patch.ts";
import {
  isMoved,
  MOVED_MARK_SECONDS,
  type MovedMark,
  type RecordOrMark,
  type SessionInfo,
  type SessionRecord,
} from "../../session/record.ts";
import { markFrom, subjectFrom, toInfo, UNREADABLE } from "../../stored/changes.ts";
import { ownTimeouts } from "../../token/timeouts.ts";

export interface Pair {
  readonly k: string;
  readonly v: string;
}

export interface SessionDocument extends Partial<Record<"version" | "startedAt" | "seenAt" | "expiresAt", number>> {
  readonly _id: string;
  /** For the TTL index: MongoDB may drop the document an hour later. */
  readonly end: Date;
  /** JSON, like `meta`. */
  readonly subject?: string;
  readonly meta?: string;
  readonly idleTimeout?: number;
  readonly absoluteTimeout?: number;
  readonly data?: readonly Pair[];
  readonly movedAt?: number;
  readonly to?: string;
  readonly by?: MovedMark["by"];
  readonly graceUntil?: number;
}

/** The latest instant of a Date, for a session that never expires. */
const NEVER = 8.64e15;

export function endOf(expiresAt: number): Date {
  return new Date(Math.min(Math.ceil(expiresAt * 1000), NEVER));
}

export function subjectText(subject: string): string {
  return JSON.stringify(subject);
}

/** The pairs of a record's data. @throws SyntaxError if it is not a JSON object */
export function pairsOf(data: string): Pair[] {
  const object = parseData(data);
  if (object === null) throw new SyntaxError("Cannot save the session: its data is not a JSON object");
  return Object.entries(object).map(([key, value]) => ({ k: keyText(key), v: JSON.stringify(value) }));
}

export function partsOf({ set, unset }: Patch): { pairs: Pair[]; keys: string[] } {
  const pairs = [...new Map(set)].map(([key, json]) => ({ k: keyText(key), v: wellFormed(json) }));
  return { pairs, keys: [...pairs.map(({ k }) => k), ...unset.map(keyText)] };
}

function keyText(key: string): string {
  return JSON.stringify(key);
}

export function patchedPairs(there: readonly Pair[], patch: Patch): Pair[] {
  const { pairs, keys } = partsOf(patch);
  const others = patch.replacesData ? [] : there.filter(({ k }) => !keys.includes(k));
  return [...others, ...pairs];
}

export function sessionDocument(_id: string, record: SessionRecord, data: readonly Pair[]): SessionDocument {
  const { version, startedAt, seenAt, expiresAt, subject, meta } = record;
  return {
    ...{ _id, end: endOf(expiresAt), version, startedAt, seenAt, expiresAt },
    ...(subject !== undefined && { subject: subjectText(subject) }),
    ...(meta !== undefined && { meta: JSON.stringify(meta) }),
    ...ownTimeouts(record),
    data,
  };
}

export function markDocument(_id: string, { to, ...mark }: MovedMark): SessionDocument {
  return { _id, end: endOf(mark.movedAt + MOVED_MARK_SECONDS), ...mark, to: to.id };
}

/**
 * The record or mark in a document, or null for the rest of an ended session. A damaged document has unreadable data.
 */
export function entryFrom(document: SessionDocument | null): RecordOrMark | null {
  if (document === null) return null;
  return document.movedAt === undefined ? recordFrom(document) : markIn(document);
}

export function recordIn(document: SessionDocument | null): SessionRecord | null {
  const entry = entryFrom(document);
  return entry === null || isMoved(entry) ? null : entry;
}

function markIn({ movedAt, to: id, by, graceUntil }: SessionDocument): MovedMark | null {
  return markFrom({ movedAt: Number(movedAt), to: { id }, by, graceUntil: numberOf(graceUntil) });
}

// The driver may be configured to return MongoDB's number types, hence Number().
function recordFrom({ version, startedAt, seenAt, expiresAt, ...rest }: SessionDocument): SessionRecord | null {
  if (version === undefined) return null;
  const meta = rest.meta === undefined ? undefined : parseData(rest.meta);
  const subject = rest.subject === undefined ? undefined : subjectFrom(rest.subject);
  return {
    data: meta === null || subject === null ? UNREADABLE : dataFrom(rest.data),
    version: Number(version),
    startedAt: Number(startedAt),
    seenAt: Number(seenAt),
    expiresAt: Number(expiresAt),
    ...(subject !== undefined && { subject: subject ?? "" }),
    ...(meta && { meta: meta as NonNullable<SessionRecord["meta"]> }),
    ...ownTimeouts({ idleTimeout: numberOf(rest.idleTimeout), absoluteTimeout: numberOf(rest.absoluteTimeout) }),
  };
}

function numberOf(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function dataFrom(pairs: unknown): string {
  const isList = Array.isArray(pairs) && pairs.every((pair) => typeof pair?.k === "string" && typeof pair.v === "string");
  return isList ? `{${(pairs as Pair[]).map(({ k, v }) => `${k}:${v}`).join(",")}}` : UNREADABLE;
}

/** The row of a list. None for a damaged session. */
export function infoFrom(document: SessionDocument): SessionInfo[] {
  const record = recordIn({ ...document, data: [] });
  return record === null || record.data === UNREADABLE ? [] : [toInfo(document._id, record)];
}
