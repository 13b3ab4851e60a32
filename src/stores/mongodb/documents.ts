/**
 * A session as a document. The data is a list of pairs of a key and its value, both JSON text, so that no key is ever the name of a field.
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
import { toInfo } from "../../stored/changes.ts";
import { ownTimeouts } from "../../token/timeouts.ts";

/** A key of the data and its value. */
export interface Pair {
  readonly k: string;
  readonly v: string;
}

/** What stands in the collection: a session, the mark of one that moved, or what is left of one that ended. Of each, fields may be missing. */
export interface SessionDocument extends Partial<Record<"version" | "startedAt" | "seenAt" | "expiresAt", number>> {
  readonly _id: string;
  /** When MongoDB may drop it, an hour later: for the TTL index. */
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

/** What no JSON text is: the core reports the record as one that it cannot read. */
const UNREADABLE = "";
/** The last instant of a Date, for a session without an end. */
const NEVER = 8.64e15;

/** An instant as the TTL index needs it. */
export function endOf(expiresAt: number): Date {
  return new Date(Math.min(Math.ceil(expiresAt * 1000), NEVER));
}

/** A subject as the index has it. */
export function subjectText(subject: string): string {
  return JSON.stringify(subject);
}

/** The pairs of a record's data. @throws SyntaxError when it is not the JSON text of an object */
export function pairsOf(data: string): Pair[] {
  const object = parseData(data);
  if (object === null) throw new SyntaxError("Cannot save the session: its data is not a JSON object");
  return Object.entries(object).map(([key, value]) => ({ k: keyText(key), v: JSON.stringify(value) }));
}

/** What a patch sets, and every key that it sets or removes. */
export function partsOf({ set, unset }: Patch): { pairs: Pair[]; keys: string[] } {
  const pairs = [...new Map(set)].map(([key, json]) => ({ k: keyText(key), v: wellFormed(json) }));
  return { pairs, keys: [...pairs.map(({ k }) => k), ...unset.map(keyText)] };
}

function keyText(key: string): string {
  return JSON.stringify(key);
}

/** The pairs after a patch. */
export function patchedPairs(there: readonly Pair[], patch: Patch): Pair[] {
  const { pairs, keys } = partsOf(patch);
  const others = patch.replacesData ? [] : there.filter(({ k }) => !keys.includes(k));
  return [...others, ...pairs];
}

/** A new session's document. */
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

/** A mark's document. */
export function markDocument(_id: string, { to, ...mark }: MovedMark): SessionDocument {
  return { _id, end: endOf(mark.movedAt + MOVED_MARK_SECONDS), ...mark, ...(to !== undefined && { to: to.id }) };
}

/** What a document says; null for what is left of a session that ended. One that somebody broke has data that nobody can read. */
export function entryFrom(document: SessionDocument | null): RecordOrMark | null {
  if (document === null) return null;
  return document.movedAt === undefined ? recordFrom(document) : markFrom(document);
}

/** The record in a document; null when it holds none. */
export function recordIn(document: SessionDocument | null): SessionRecord | null {
  const entry = entryFrom(document);
  return entry === null || isMoved(entry) ? null : entry;
}

function markFrom({ movedAt, to, by, graceUntil }: SessionDocument): MovedMark {
  return {
    movedAt: Number(movedAt),
    ...(to !== undefined && { to: { id: to } }),
    by: by === "regenerateId" ? by : "login",
    ...(graceUntil !== undefined && { graceUntil: Number(graceUntil) }),
  };
}

// Number(): a driver may be set to give numbers of MongoDB as they are.
function recordFrom({ version, startedAt, seenAt, expiresAt, ...rest }: SessionDocument): SessionRecord | null {
  if (version === undefined) return null;
  const meta = rest.meta === undefined ? undefined : parseData(rest.meta);
  return {
    data: meta === null ? UNREADABLE : dataFrom(rest.data),
    version: Number(version),
    startedAt: Number(startedAt),
    seenAt: Number(seenAt),
    expiresAt: Number(expiresAt),
    ...(rest.subject !== undefined && { subject: JSON.parse(rest.subject) as string }),
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

/** A session in a list. */
export function infoFrom(document: SessionDocument): SessionInfo[] {
  const record = recordIn({ ...document, data: [] });
  return record === null ? [] : [toInfo(document._id, record)];
}
