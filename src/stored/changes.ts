/**
 * The changes that every store makes to a record: patch it, record its use, list it.
 *
 * @module
 */
import { utf8Length } from "../ground/encoding.ts";
import { applyPatch, type Patch } from "../session/patch.ts";
import type { MovedMark, SessionInfo, SessionRecord, UpdateOptions } from "../session/record.ts";
import { ownTimeouts } from "../token/timeouts.ts";
import type { SessionStore } from "./contract.ts";

/** The `touch` option of `load`. */
export type Touch = NonNullable<Parameters<SessionStore["load"]>[1]["touch"]>;

/** Whether use of the record is due to be recorded and the record has not expired. */
export const isDue = (seenAt: number, { seenAfter, seenBefore }: Touch): boolean => seenAt > seenAfter && seenAt <= seenBefore;

/** Whether the record was last seen too long ago, whatever its own expiry says. */
export const isOver = (seenAt: number, { seenAfter }: Pick<UpdateOptions, "seenAfter">): boolean =>
  seenAfter !== undefined && seenAt <= seenAfter;

/** Whether patched data is over the limit. Data that was already over it may stay, but must not grow. */
export const isTooLarge = (before: string, after: string, { maxBytes }: Pick<UpdateOptions, "maxBytes">): boolean =>
  maxBytes !== undefined &&
  // A character takes at most three bytes, so most texts need no counting.
  after.length * 3 > maxBytes &&
  utf8Length(after) > maxBytes &&
  utf8Length(after) > utf8Length(before);

/** Whether the record has the version that the change requires. Every change adds one. */
export const isVersion = (
  { version }: { readonly version: number },
  { ifVersion }: { readonly ifVersion?: number | undefined },
): boolean => ifVersion === undefined || ifVersion === version;

/** The record after use. Neither time moves backwards. */
export const recordAfterUse = (record: SessionRecord, now: number, expiresAt: number): SessionRecord => ({
  ...record,
  seenAt: Math.max(record.seenAt, now),
  expiresAt: Math.max(record.expiresAt, expiresAt),
});

/** The record with the data of `there`, patched. */
export const patched = (record: SessionRecord, there: SessionRecord, patch: Patch): SessionRecord => ({
  ...ownRecord(record),
  data: isEmpty(patch) ? there.data : applyPatch(there.data, patch),
  version: there.version + 1,
});

const isEmpty = ({ replacesData, set, unset }: Patch): boolean => !replacesData && set.length === 0 && unset.length === 0;

/** A copy that the caller cannot change later. */
export const ownRecord = (record: SessionRecord): SessionRecord =>
  record.meta === undefined ? { ...record } : { ...record, meta: Object.freeze({ ...record.meta }) };

/**
 * A subject's least recently used sessions beyond the limit.
 * The new session counts and stays. Expired ones do not count.
 */
export function beyondLimit(
  rows: readonly SessionInfo[],
  made: string,
  { now, maxSessions }: { readonly now: number; readonly maxSessions: number },
): SessionInfo[] {
  const others = rows.filter(({ id, expiresAt }) => id !== made && expiresAt > now);
  return others.sort((left, right) => right.seenAt - left.seenAt).slice(maxSessions - 1);
}

/** A row of a session list. */
export function toInfo(id: string, record: Omit<SessionInfo, "id">): SessionInfo {
  const { startedAt, seenAt, expiresAt, meta } = record;
  return { id, startedAt, seenAt, expiresAt, ...(meta !== undefined && { meta }), ...ownTimeouts(record) };
}

/** Reads a mark from what a store returned. Null if a member is missing or has the wrong type, which is no session. */
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

/** Data that is not valid JSON, so the core reports the record as unreadable. */
export const UNREADABLE = "";

/** Reads a subject that was stored as JSON. Null if it is malformed. */
export function subjectFrom(json: string): string | null {
  try {
    const subject: unknown = JSON.parse(json);
    return typeof subject === "string" ? subject : null;
  } catch {
    return null;
  }
}

/** Whether a store's value can be a login's `meta`, which may be missing. */
export const isMeta = (value: unknown): value is SessionRecord["meta"] =>
  value === undefined || (typeof value === "object" && value !== null && !Array.isArray(value));

/** What the login stored with the session. */
type Said = Pick<SessionRecord, "meta" | "idleTimeout" | "absoluteTimeout">;

/**
 * What the login stored, as one text for a single column: `meta` alone, or a list with
 * the timeouts if there are any. `meta` is never a list. Null if there is nothing.
 */
export function saidToText({ meta, idleTimeout, absoluteTimeout }: Said): string | null {
  // JSON writes null for undefined list items.
  if ((idleTimeout ?? absoluteTimeout) !== undefined) return JSON.stringify([meta, idleTimeout, absoluteTimeout]);
  return meta === undefined ? null : JSON.stringify(meta);
}

/** Reads that text back. Null if it is malformed. */
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
  if (!isMeta(meta)) return null;
  if ([idleTimeout, absoluteTimeout].some((one) => one !== undefined && typeof one !== "number")) return null;
  const timeouts = ownTimeouts({ idleTimeout, absoluteTimeout } as Said);
  return { ...(meta !== undefined && { meta }), ...timeouts };
}

/**
 * Reads what a login stored: the subject as JSON, and the text of {@link saidToText}. Either may be missing. A
 * damaged subject reads as "", so that the session is still a user's.
 */
export function loginFrom(
  subject: string | null,
  said: string | null,
): { isWhole: boolean; login: Said & Pick<SessionRecord, "subject"> } {
  const whose = subject === null ? undefined : subjectFrom(subject);
  const rest = saidFrom(said);
  return { isWhole: whose !== null && rest !== null, login: { ...(whose !== undefined && { subject: whose ?? "" }), ...rest } };
}
