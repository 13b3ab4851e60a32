/**
 * A session as the fields of a Redis hash: `d:<key>` for each key of
 * the data, `m:<name>` for all other properties of a record or mark.
 *
 * @module
 */
import { parseData, wellFormed } from "../../ground/json.ts";
import type { Patch } from "../../session/patch.ts";
import type { MovedMark, SessionInfo, SessionRecord } from "../../session/record.ts";
import { loginFrom, markFrom, saidFrom, subjectFrom, UNREADABLE } from "../../stored/changes.ts";
import { ownTimeouts } from "../../token/timeouts.ts";

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The field of a data key. UTF-8 cannot encode a lone surrogate, so such a key is written as JSON under `j:`. */
function fieldOf(key: string): string {
  return LONE_SURROGATE.test(key) ? `j:${JSON.stringify(key)}` : `d:${key}`;
}

/** The fields and values of a record's data, alternating. @throws SyntaxError if the data is not a JSON object. */
export function dataFields(data: string): string[] {
  const object = parseData(data);
  if (object === null) throw new SyntaxError("Cannot create the session: the record's data is not a JSON object");
  return Object.entries(object).flatMap(([key, value]) => [fieldOf(key), JSON.stringify(value)]);
}

/** The other fields and values of a record, alternating, without version, `seenAt` and `expiresAt`. */
export function recordFields({ startedAt, subject, meta, idleTimeout, absoluteTimeout }: SessionRecord, route: string): string[] {
  const fields = ["m:startedAt", String(startedAt)];
  if (subject !== undefined) fields.push("m:subject", JSON.stringify(subject), "m:set", route);
  if (meta !== undefined) fields.push("m:meta", JSON.stringify(meta));
  if (idleTimeout !== undefined) fields.push("m:idle", String(idleTimeout));
  if (absoluteTimeout !== undefined) fields.push("m:abs", String(absoluteTimeout));
  return fields;
}

/** A patch as script arguments. @param fields Fields of a record to write with it. */
export function patchArguments({ replacesData, set, unset }: Patch, fields: readonly string[] = []): string[] {
  const args = [replacesData ? "1" : "0", String(unset.length), ...unset.map(fieldOf), ...fields];
  for (const [key, json] of set) args.push(fieldOf(key), wellFormed(json));
  return args;
}

/**
 * The record or mark in the fields of a hash, or null if there is none. Clients return an array, an object or a Map.
 */
export function entryFrom(reply: unknown): SessionRecord | MovedMark | null {
  const fields = new Map<string, string>();
  let data = "";
  for (const [name, bytes] of pairsOf(reply)) {
    const [field, value] = [String(name), String(bytes)];
    if (field.startsWith("m:")) fields.set(field, value);
    else data += `${data && ","}${field.startsWith("d:") ? JSON.stringify(field.slice(2)) : field.slice(2)}:${value}`;
  }
  if (fields.has("m:movedAt")) return markIn(fields);
  return fields.has("m:version") ? recordFrom(fields, `{${data}}`) : null;
}

function pairsOf(reply: unknown): Iterable<readonly [unknown, unknown]> {
  if (reply instanceof Map) return reply;
  if (!Array.isArray(reply)) return Object.entries(reply as object);
  const pairs: [unknown, unknown][] = [];
  for (let at = 0; at < reply.length; at += 2) pairs.push([reply[at], reply[at + 1]]);
  return pairs;
}

function markIn(fields: Map<string, string>): MovedMark | null {
  const grace = fields.get("m:grace");
  const movedAt = Number(fields.get("m:movedAt"));
  const graceUntil = grace === undefined ? undefined : Number(grace);
  return markFrom({ movedAt, to: { id: fields.get("m:to") }, by: fields.get("m:by"), graceUntil });
}

/** A damaged hash has unreadable data. */
function recordFrom(fields: Map<string, string>, data: string): SessionRecord {
  const { isWhole, login } = loginFrom(fields.get("m:subject") ?? null, fields.get("m:meta") ?? null);
  const version = Number(fields.get("m:version"));
  return {
    data: isWhole && !Number.isNaN(version) ? data : UNREADABLE,
    version,
    startedAt: Number(fields.get("m:startedAt")),
    seenAt: Number(fields.get("m:seenAt")),
    expiresAt: Number(fields.get("m:expiresAt")),
    ...login,
    ...timeoutsFrom(fields.get("m:idle"), fields.get("m:abs")),
  };
}

function timeoutsFrom(idle = "", abs = ""): ReturnType<typeof ownTimeouts> {
  const number = (text: string) => (text === "" ? undefined : Number(text));
  return ownTimeouts({ idleTimeout: number(idle), absoluteTimeout: number(abs) });
}

/**
 * The rows of a subject's list, from groups of eight: id, three instants, subject,
 * meta and two timeouts. The timeouts may be empty. Damaged sessions are left out.
 */
export function rowsFrom(reply: readonly unknown[], subject: string): SessionInfo[] {
  const rows: SessionInfo[] = [];
  for (let at = 0; at < reply.length; at += 8) {
    const [id = "", startedAt, seenAt, expiresAt, whose = "", meta = "", idle, abs] = reply.slice(at, at + 8).map(String);
    const said = saidFrom(meta);
    if (subjectFrom(whose) !== subject || said === null) continue;
    const times = { startedAt: Number(startedAt), seenAt: Number(seenAt), expiresAt: Number(expiresAt) };
    rows.push({ id, ...times, ...said, ...timeoutsFrom(idle, abs) });
  }
  return rows;
}
