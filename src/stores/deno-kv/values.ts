/**
 * What stands in Deno KV: the bytes of heads, bodies and late changes, in parts where one value would be too long.
 *
 * @module
 */
import { decodeUtf8, encodeUtf8 } from "../../ground/encoding.ts";
import { parseData } from "../../ground/json.ts";
import type { Patch } from "../../session/patch.ts";
import type { MovedMark, SessionRecord } from "../../session/record.ts";
import { reasonOf } from "../../stored/contract.ts";

/** What a session has for as long as it has its id. */
export interface Head extends Omit<SessionRecord, "data" | "version" | "seenAt" | "expiresAt"> {
  readonly born: string;
  /** Until when, at least, KV keeps all of it: later than the session's end, so that a use need not write all of it anew. */
  readonly until: number;
}

/** What stands where a session was. */
export interface Moved {
  readonly mark: MovedMark;
  /** What became of the late changes that it took along. */
  readonly settled: readonly Settled[];
}

/** What became of a change: the version that it made, or why it was not made. */
export type Outcome = number | "gone" | "too-large";

/** What became of a late change, for the request that made it. */
export type Settled = readonly [nonce: string, outcome: Outcome, at: number];

/** What use and changes of data change. */
export interface Body extends Pick<SessionRecord, "data" | "version" | "seenAt" | "expiresAt"> {
  readonly settled: readonly Settled[];
}

/** A change that is put beside the body. Without a patch it is use. */
export interface LateChange {
  readonly now: number;
  readonly expiresAt: number;
  readonly patch?: Patch;
  readonly maxBytes?: number | undefined;
}

/** What no JSON text is: the core reports the record as one that it cannot read. */
export const UNREADABLE = "";
/** KV takes values of 64 KiB. https://docs.deno.com/deploy/kv/ */
const PART_BYTES = 60_000;

/** The values of a text. At least one. */
export function partsOf(text: string): Uint8Array[] {
  const bytes = encodeUtf8(text);
  const count = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  return Array.from({ length: count }, (_none, part) => bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES));
}

/** The text of values; null for what we did not write. */
function textOf(parts: readonly unknown[]): string | null {
  if (!parts.every((part) => part instanceof Uint8Array)) return null;
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return decodeUtf8(bytes);
}

// JSON has no Infinity, and writes null for it: an instant that never comes.
const instantOf = (value: unknown): number => (value === null ? Number.POSITIVE_INFINITY : (value as number));

export const encodeHead = (head: Head | Moved): Uint8Array => encodeUtf8(JSON.stringify(head));

/** The head in a value; null for what is none. */
export function decodeHead(value: unknown): Head | Moved | null {
  const head = parseData(textOf([value]) ?? "");
  if (head === null) return null;
  if (head.mark === undefined) return { ...(head as unknown as Head), until: instantOf(head.until) };
  const { mark, settled } = head as unknown as Moved;
  return { mark: { ...mark, by: reasonOf(mark.by, mark.to) }, settled };
}

/** Times and version on the first line, the data on the next. */
export function encodeBody({ data, version, seenAt, expiresAt, settled }: Body): string {
  return `${JSON.stringify([version, seenAt, expiresAt, settled])}\n${data}`;
}

/** The body in its values; null for what is none. */
export function decodeBody(parts: readonly unknown[]): Body | null {
  const text = textOf(parts) ?? "";
  const end = text.indexOf("\n");
  const [version, seenAt, expiresAt, settled] = (listIn(text.slice(0, Math.max(0, end))) ?? []) as unknown[];
  if (typeof version !== "number" || typeof seenAt !== "number" || !Array.isArray(settled)) return null;
  return { data: text.slice(end + 1), version, seenAt, expiresAt: instantOf(expiresAt), settled };
}

/** A record's data as it is kept. Throws a SyntaxError when it is not the JSON text of an object. */
export function dataToKeep(data: string): string {
  const object = parseData(data);
  if (object === null) throw new SyntaxError("Cannot create the session: the record's data is not a JSON object");
  // JSON writes half a character with a backslash, which UTF-8 cannot carry otherwise.
  return JSON.stringify(object);
}

export const encodeLate = (change: LateChange): string => JSON.stringify(change);

/** The late change in its values; null for what is none. */
export function decodeLate(parts: readonly unknown[]): LateChange | null {
  const change = parseData(textOf(parts) ?? "") as LateChange | null;
  return change === null ? null : { ...change, expiresAt: instantOf(change.expiresAt) };
}

function listIn(text: string): unknown[] | null {
  const list = parseData(`{"list":${text}}`)?.list;
  return Array.isArray(list) ? list : null;
}
