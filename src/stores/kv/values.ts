/**
 * The format of what the KV store writes: keys, values, metadata for lists, and expiry.
 *
 * A session has two keys. `s:<route>:<id>` is its record. `s:<route>:<id>:x` is its end: that it was logged
 * out, or where it moved. A record never overwrites an end, so a late write cannot revive a session.
 *
 * @module
 */
import { utf8Length } from "../../ground/encoding.ts";
import type { MovedMark, SessionInfo, SessionMeta, SessionRecord } from "../../session/record.ts";
import { isMeta, markFrom, UNREADABLE } from "../../stored/changes.ts";
import { LONGEST_OWN_TIMEOUT, ownTimeouts } from "../../token/timeouts.ts";

/** The end of a session. A mark means that the session has a new key. */
export interface End {
  readonly mark?: MovedMark;
}

type Listed = Omit<SessionInfo, "id">;

const END = ":x";
/** Anonymous sessions are never listed, so they share one route. */
export const NOBODY = "nobody";
/** Records that are not sessions have their own route, so no list shows them. */
export const RECORDS = "records";
/** KV's minimum. */
const LEAST_TTL_SECONDS = 60;
/** The maximum in Workers: 68 years. */
const MOST_TTL_SECONDS = 2 ** 31 - 1;
const DAY = 24 * 60 * 60;
/** The longest a session may live that was never seen here, and a day more. */
const UNSEEN_END_SECONDS = LONGEST_OWN_TIMEOUT + DAY;
const MAX_METADATA_BYTES = 1024;
/** Maximum characters of one string of `meta`. */
const LONGEST_LISTED = 1024;
const SHORTEST_LISTED = 16;

export function prefixOf(prefix: string, route: string = NOBODY): string {
  return `${prefix}${route}:`;
}

export function endKey(recordKey: string): string {
  return recordKey + END;
}

export function parseKey(name: string, prefix: string): { id: string; ended: boolean } {
  const ended = name.endsWith(END);
  return { id: name.slice(prefix.length, ended ? -END.length : undefined), ended };
}

export function encodeRecord(record: SessionRecord): string {
  const { version, data, subject, meta } = record;
  return JSON.stringify({ v: version, ...timesOf(record), u: subject, m: meta, d: data });
}

function timesOf({ startedAt, seenAt, expiresAt, idleTimeout, absoluteTimeout }: SessionRecord): object {
  return { b: startedAt, s: seenAt, e: expiresAt, i: idleTimeout, a: absoluteTimeout };
}

function timeoutsFrom({ i: idleTimeout, a: absoluteTimeout }: Record<string, unknown>): ReturnType<typeof ownTimeouts> {
  return ownTimeouts({ idleTimeout, absoluteTimeout } as Parameters<typeof ownTimeouts>[0]);
}

/** A record with a damaged part has unreadable data. @throws Error if the value is not a record. */
export function decodeRecord(text: string): SessionRecord {
  const kept = decode(text);
  const { v: version, b: startedAt, s: seenAt, e: expiresAt, u: subject, m: meta, d: data } = kept;
  if (typeof data !== "string") throw foreign();
  const isWhole = typeof version === "number" && isMeta(meta);
  const times = { startedAt, seenAt, expiresAt, ...timeoutsFrom(kept) };
  const said = { ...(subject !== undefined && { subject }), ...(meta !== undefined && isWhole && { meta }) };
  return { data: isWhole ? data : UNREADABLE, version, ...times, ...said } as SessionRecord;
}

export function encodeEnd({ mark }: End): string {
  return JSON.stringify({ x: 1, mark });
}

/** @throws Error if the value is not an end. */
export function decodeEnd(text: string): End {
  const { x, mark } = decode(text);
  if (x !== 1) throw foreign();
  const whole = markFrom(Object(mark));
  return whole === null ? {} : { mark: whole };
}

function decode(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    // JSON.parse quotes its input in the error.
    throw foreign();
  }
}

function foreign(): Error {
  return new Error("Cannot load the session: its key in KV does not hold a session");
}

/**
 * How long KV keeps a record, in seconds from the write: KV refuses instants less than 60 seconds ahead of
 * its own clock, and a write may take a while. At least as long as the record lives, up to KV's maximum.
 */
export function recordTtl({ expiresAt }: SessionRecord, now: number): number {
  return Math.min(Math.max(LEAST_TTL_SECONDS, Math.ceil(expiresAt - now)), MOST_TTL_SECONDS);
}

/**
 * How long KV keeps an end, in seconds: longer than a record that a location unaware of the
 * end may still write, which lives as long as the last one. The extra day covers the network.
 */
export function endTtl(last: Pick<SessionRecord, "seenAt" | "expiresAt"> | null): number {
  if (last === null) return UNSEEN_END_SECONDS;
  return Math.min(Math.max(0, Math.ceil(last.expiresAt - last.seenAt)) + DAY, MOST_TTL_SECONDS);
}

/** The metadata of a record, within KV's 1024 bytes: strings of `meta` are truncated, then dropped from the last on. */
export function metadataOf(record: SessionRecord): unknown {
  const { meta } = record;
  const times = timesOf(record);
  if (meta === undefined) return times;
  const entries = Object.entries(meta);
  for (let longest = LONGEST_LISTED; longest >= SHORTEST_LISTED; longest /= 2) {
    const metadata = { ...times, m: listable(entries, longest) };
    if (fits(metadata)) return metadata;
  }
  while (entries.length > 0) {
    entries.pop();
    const metadata = { ...times, m: listable(entries, SHORTEST_LISTED) };
    if (fits(metadata)) return metadata;
  }
  return times;
}

function fits(metadata: unknown): boolean {
  return utf8Length(JSON.stringify(metadata)) <= MAX_METADATA_BYTES;
}

function listable(entries: [string, string][], longest: number): SessionMeta {
  return Object.fromEntries(entries.map(([name, text]) => [toAscii(name), toAscii(cut(text, longest))]));
}

/** Cuts at whole characters. */
function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${[...text.slice(0, longest)].slice(0, -1).join("")}…`;
}

/** Metadata travels in an HTTP header, and workerd logs headers that are not ASCII. */
function toAscii(text: string): string {
  return text.replace(/[^ -$&-~]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function fromAscii(text: string): string {
  return text.replace(/%([0-9a-f]{4})/g, (_all, code) => String.fromCharCode(Number.parseInt(code, 16)));
}

export function listedOf(metadata: unknown): Listed | null {
  const { b: startedAt, s: seenAt, e: expiresAt, m: meta } = Object(metadata);
  if (![startedAt, seenAt, expiresAt].every(Number.isFinite) || !isMeta(meta)) return null;
  const times = { startedAt, seenAt, expiresAt, ...timeoutsFrom(Object(metadata)) };
  if (meta === undefined) return times;
  const entries = Object.entries(meta).map(([name, text]) => [fromAscii(name), fromAscii(String(text))]);
  return { ...times, meta: Object.fromEntries(entries) };
}
