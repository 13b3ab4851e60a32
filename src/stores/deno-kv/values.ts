/**
 * The values in Deno KV: heads, bodies and late changes as bytes, split where one value would be too long.
 *
 * @module
 */
import { decodeUtf8, encodeUtf8 } from "../../ground/encoding.ts";
import { parseData } from "../../ground/json.ts";
import type { Patch } from "../../session/patch.ts";
import type { MovedMark, SessionRecord } from "../../session/record.ts";
import { markFrom } from "../../stored/changes.ts";

/** The part of a session that is fixed while it has its id. */
export interface Head extends Omit<SessionRecord, "data" | "version" | "seenAt" | "expiresAt"> {
  readonly born: string;
  /**
   * KV keeps the session at least until then, which is after it expires, so that a touch need not rewrite all of it.
   */
  readonly until: number;
}

/** The head that a moved session leaves behind. */
export interface Moved {
  readonly mark: MovedMark;
  /** The outcomes of late changes that moved with the session. */
  readonly settled: readonly Settled[];
}

export type Outcome = number | "gone" | "too-large";

/** The outcome of a late change, for the request that made it. */
export type Settled = readonly [nonce: string, outcome: Outcome, at: number];

/** The part of a session that touches and changes rewrite. */
export interface Body extends Pick<SessionRecord, "data" | "version" | "seenAt" | "expiresAt"> {
  readonly settled: readonly Settled[];
}

/** A change that is put beside the body. Without a patch it is a touch. */
export interface LateChange {
  readonly now: number;
  readonly expiresAt: number;
  readonly patch?: Patch;
  readonly maxBytes?: number | undefined;
}

/** KV limits values to 64 KiB. https://docs.deno.com/deploy/kv/ */
const PART_BYTES = 60_000;

export function partsOf(text: string): Uint8Array[] {
  const bytes = encodeUtf8(text);
  const count = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  return Array.from({ length: count }, (_none, part) => bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES));
}

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

// JSON writes null for Infinity, an instant that never comes.
const instantOf = (value: unknown): number => (value === null ? Number.POSITIVE_INFINITY : (value as number));

export const encodeHead = (head: Head | Moved): Uint8Array => encodeUtf8(JSON.stringify(head));

export function decodeHead(value: unknown): Head | Moved | null {
  const head = parseData(textOf([value]) ?? "");
  if (head === null) return null;
  if (head.mark === undefined) return { ...(head as unknown as Head), until: instantOf(head.until) };
  const [mark, settled] = [markFrom(Object(head.mark)), head.settled];
  return mark !== null && Array.isArray(settled) ? { mark, settled } : null;
}

/** Version and times on the first line, then the data. */
export function encodeBody({ data, version, seenAt, expiresAt, settled }: Body): string {
  return `${JSON.stringify([version, seenAt, expiresAt, settled])}\n${data}`;
}

export function decodeBody(parts: readonly unknown[]): Body | null {
  const text = textOf(parts) ?? "";
  const end = text.indexOf("\n");
  const [version, seenAt, expiresAt, settled] = (listIn(text.slice(0, Math.max(0, end))) ?? []) as unknown[];
  if (typeof version !== "number" || typeof seenAt !== "number" || !Array.isArray(settled)) return null;
  return { data: text.slice(end + 1), version, seenAt, expiresAt: instantOf(expiresAt), settled };
}

/** A record's data as it is stored. @throws SyntaxError if it is not a JSON object. */
export function dataToKeep(data: string): string {
  const object = parseData(data);
  if (object === null) throw new SyntaxError("Cannot create the session: the record's data is not a JSON object");
  // JSON escapes lone surrogates, which UTF-8 cannot encode.
  return JSON.stringify(object);
}

export const encodeLate = (change: LateChange): string => JSON.stringify(change);

export function decodeLate(parts: readonly unknown[]): LateChange | null {
  const change = parseData(textOf(parts) ?? "") as LateChange | null;
  return change === null ? null : { ...change, expiresAt: instantOf(change.expiresAt) };
}

function listIn(text: string): unknown[] | null {
  const list = parseData(`{"list":${text}}`)?.list;
  return Array.isArray(list) ? list : null;
}
