/**
 * What stores do to a record, whatever they keep it in: patch it, slide it, show it in a list.
 *
 * @module
 */
import { utf8Length } from "../ground/encoding.ts";
import { applyPatch, type Patch } from "../session/patch.ts";
import type { MovedMark, SessionInfo, SessionRecord, UpdateOptions } from "../session/record.ts";
import { ownTimeouts } from "../token/timeouts.ts";
import type { SessionStore } from "./contract.ts";

/** What `load` is asked to slide. */
export type Touch = NonNullable<Parameters<SessionStore["load"]>[1]["touch"]>;

/** Whether a record was seen so long ago that use is to be recorded, and not so long ago that it is over. */
export const isDue = (seenAt: number, { seenAfter, seenBefore }: Touch): boolean => seenAt > seenAfter && seenAt <= seenBefore;

/** Whether a record was last seen so long ago that it is over, whatever its own end says. */
export const isOver = (seenAt: number, { seenAfter }: Pick<UpdateOptions, "seenAfter">): boolean =>
  seenAfter !== undefined && seenAt <= seenAfter;

/** Whether patched data takes too many bytes. What was too large before may stay so, but not grow. */
export const isTooLarge = (before: string, after: string, { maxBytes }: Pick<UpdateOptions, "maxBytes">): boolean =>
  maxBytes !== undefined &&
  // A character takes at most three bytes, so most texts need no counting.
  after.length * 3 > maxBytes &&
  utf8Length(after) > maxBytes &&
  utf8Length(after) > utf8Length(before);

/** Whether a record is the one that a change is for; every change adds one to its version. */
export const isVersion = (
  { version }: { readonly version: number },
  { ifVersion }: { readonly ifVersion?: number | undefined },
): boolean => ifVersion === undefined || ifVersion === version;

/** The record after use. Neither instant moves backwards. */
export const recordAfterUse = (record: SessionRecord, now: number, expiresAt: number): SessionRecord => ({
  ...record,
  seenAt: Math.max(record.seenAt, now),
  expiresAt: Math.max(record.expiresAt, expiresAt),
});

/** The record with the data that is there, patched. */
export const patched = (record: SessionRecord, there: SessionRecord, patch: Patch): SessionRecord => ({
  ...ownRecord(record),
  data: isEmpty(patch) ? there.data : applyPatch(there.data, patch),
  version: there.version + 1,
});

const isEmpty = ({ replacesData, set, unset }: Patch): boolean => !replacesData && set.length === 0 && unset.length === 0;

/** A record that the caller cannot change afterwards. */
export const ownRecord = (record: SessionRecord): SessionRecord =>
  record.meta === undefined ? { ...record } : { ...record, meta: Object.freeze({ ...record.meta }) };

/** Of a subject's sessions, those used longest ago beyond its limit. One that was just made counts and stays; what has expired does not count. */
export function beyondLimit(
  rows: readonly SessionInfo[],
  made: string,
  { now, maxSessions }: { readonly now: number; readonly maxSessions: number },
): SessionInfo[] {
  const others = rows.filter(({ id, expiresAt }) => id !== made && expiresAt > now);
  return others.sort((left, right) => right.seenAt - left.seenAt).slice(maxSessions - 1);
}

/** The row of a list. */
export function toInfo(id: string, record: Omit<SessionInfo, "id">): SessionInfo {
  const { startedAt, seenAt, expiresAt, meta } = record;
  return { id, startedAt, seenAt, expiresAt, ...(meta !== undefined && { meta }), ...ownTimeouts(record) };
}

/** The mark in what a store read. Null where a member is missing or of a wrong type: such a mark stands for no session. */
export function markFrom({
  movedAt,
  to,
  by,
  graceUntil = 0,
}: { readonly [Name in keyof MovedMark]?: unknown }): MovedMark | null {
  const { id, route = "" } = Object(to);
  if (typeof id !== "string" || typeof route !== "string" || (by !== "login" && by !== "regenerateId")) return null;
  if (!Number.isFinite(movedAt) || !Number.isFinite(graceUntil)) return null;
  return { movedAt, to: { id, ...(route && { route }) }, by, ...(graceUntil !== 0 && { graceUntil }) } as MovedMark;
}

/** What a login said of its session. */
type Said = Pick<SessionRecord, "meta" | "idleTimeout" | "absoluteTimeout">;

/**
 * What a login said, as one text, for tables that have one column for it: `meta` alone, as ever; with timeouts, a list of all three,
 * which no `meta` is. Null where it said nothing.
 */
export function saidToText({ meta, idleTimeout, absoluteTimeout }: Said): string | null {
  // In a list, JSON writes null for what is undefined.
  if ((idleTimeout ?? absoluteTimeout) !== undefined) return JSON.stringify([meta, idleTimeout, absoluteTimeout]);
  return meta === undefined ? null : JSON.stringify(meta);
}

/** The same from that text; null for one that says something else. */
export function saidFrom(text: string | null): Said | null {
  if (text === null) return {};
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  const list: unknown[] = Array.isArray(said) ? said : [said];
  const [meta, idleTimeout, absoluteTimeout] = list.map((one) => one ?? undefined);
  if (meta !== undefined && (typeof meta !== "object" || Array.isArray(meta))) return null;
  if ([idleTimeout, absoluteTimeout].some((one) => one !== undefined && typeof one !== "number")) return null;
  const timeouts = ownTimeouts({ idleTimeout, absoluteTimeout } as Said);
  return { ...(meta !== undefined && { meta: meta as NonNullable<Said["meta"]> }), ...timeouts };
}
