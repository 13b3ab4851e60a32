/**
 * The JSON text that a bridge writes into a store: a record or a mark.
 *
 * @module
 */
import { isMoved, type RecordOrMark, type SessionRecord } from "../../session/record.ts";
import { markFrom, saidFrom } from "../../stored/changes.ts";
import { ownTimeouts } from "../../token/timeouts.ts";

/**
 * What the application chooses (data, subject, meta) is nested as text,
 * so that no JSON reader on the way can misread or drop one of its keys.
 */
export function entryToText(entry: RecordOrMark): string {
  if (isMoved(entry)) return JSON.stringify({ movedAt: entry.movedAt, to: entry.to.id, by: entry.by });
  const { data, version, startedAt, seenAt, expiresAt, subject, meta, idleTimeout, absoluteTimeout } = entry;
  // JSON has no Infinity, the expiry of sessions without timeouts.
  const end = Number.isFinite(expiresAt) ? expiresAt : null;
  const said = { subject, meta: meta && JSON.stringify(meta), idleTimeout, absoluteTimeout };
  return JSON.stringify({ data, version, startedAt, seenAt, expiresAt: end, ...said });
}

/**
 * Reads an entry from its text, or from the object that a store parsed from it. Null if a part of it is damaged.
 *
 * @throws SyntaxError if it is not JSON, TypeError if it is not an entry.
 */
export function entryFrom(value: unknown): RecordOrMark | null {
  const fields = (typeof value === "string" ? parse(value) : value) as Record<string, unknown> | null;
  if (typeof fields === "object" && fields !== null) {
    const { movedAt, to: id, by } = fields;
    if (movedAt !== undefined) return markFrom({ movedAt, to: { id }, by });
    if (typeof fields.data === "string") return recordFrom(fields, fields.data);
  }
  throw new TypeError("Cannot read the session: what the store returned is not a session");
}

/** The error of JSON.parse quotes its input, which may be session data. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError("Cannot read the session: what the store returned is not JSON");
  }
}

function timeoutFrom(value: number | string | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

function recordFrom(fields: Record<string, unknown>, data: string): SessionRecord | null {
  const { version, startedAt, seenAt, expiresAt, subject, meta, idleTimeout, absoluteTimeout } = fields as Record<
    string,
    number | string | null | undefined
  >;
  if ([version, startedAt, seenAt, expiresAt].includes(undefined))
    throw new TypeError("Cannot read the session: what the store returned lacks its version or its times");
  const said = saidFrom(typeof meta === "string" ? meta : null);
  if (said === null) return null;
  const record = {
    data,
    version: Number(version),
    startedAt: Number(startedAt),
    seenAt: Number(seenAt),
    expiresAt: expiresAt === null ? Number.POSITIVE_INFINITY : Number(expiresAt),
    ...(typeof subject === "string" && { subject }),
    ...said,
    ...ownTimeouts({ idleTimeout: timeoutFrom(idleTimeout), absoluteTimeout: timeoutFrom(absoluteTimeout) }),
  };
  const { data: _data, subject: _subject, meta: _meta, ...numbers } = record;
  return Object.values(numbers).some(Number.isNaN) ? null : record;
}
