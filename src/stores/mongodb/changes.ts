/**
 * Filters and pipelines that find and change a document in one step, on its current state.
 *
 * https://www.mongodb.com/docs/manual/tutorial/update-documents-with-aggregation-pipeline/
 *
 * @module
 */
import type { Patch } from "../../session/patch.ts";
import { tryPatch } from "../../session/patch.ts";
import { isMoved, MOVED_MARK_SECONDS, type RecordOrMark, type UpdateOptions } from "../../session/record.ts";
import { isOver, isTooLarge, isVersion } from "../../stored/changes.ts";
import { endOf, type Pair, partsOf } from "./documents.ts";

/** The conditions of a change. `expiresAt` is not one. */
export type Conditions = Omit<UpdateOptions, "expiresAt">;

/** A session that has not expired. A mark has no `expiresAt`. */
export function living(_id: string, now: number): object {
  return { _id, expiresAt: { $gt: now } };
}

export function changeable(_id: string, patch: Patch, { now, ifVersion, seenAfter, maxBytes }: Conditions): object {
  return {
    ...living(_id, now),
    ...(ifVersion !== undefined && { version: ifVersion }),
    ...(seenAfter !== undefined && { seenAt: { $gt: seenAfter } }),
    ...(maxBytes !== undefined && { data: { $type: "array" }, ...fits(patch, maxBytes) }),
  };
}

/** The data may have up to `maxBytes` bytes as JSON, or as many as it had. */
function fits(patch: Patch, maxBytes: number): object {
  return { $expr: { $lte: [bytesOf(patched(patch)), { $max: [maxBytes, bytesOf("$data")] }] } };
}

/** Keys and values are JSON. Each pair adds a colon, and a comma or the closing bracket. */
function bytesOf(pairs: unknown): object {
  const bytes = { $add: [{ $strLenBytes: "$$pair.k" }, { $strLenBytes: "$$pair.v" }, 2] };
  return { $add: [1, { $sum: { $map: { input: pairs, as: "pair", in: bytes } } }] };
}

/** The pairs after a patch. `$literal` keeps strings from being read as field names. */
function patched(patch: Patch): unknown {
  const { pairs, keys } = partsOf(patch);
  const literal = { $literal: pairs satisfies Pair[] };
  if (patch.replacesData) return literal;
  if (keys.length === 0) return "$data";
  const others = { $filter: { input: "$data", as: "pair", cond: { $not: [{ $in: ["$$pair.k", { $literal: keys }] }] } } };
  return { $concatArrays: [others, literal] };
}

export function change(patch: Patch, now: number, expiresAt: number): object[] {
  const slide = { seenAt: { $max: ["$seenAt", now] }, expiresAt: { $max: ["$expiresAt", expiresAt] } };
  const end = { $max: ["$end", endOf(expiresAt)] };
  return [{ $set: { data: patched(patch), version: { $add: ["$version", 1] }, ...slide, end } }];
}

export function use(now: number, expiresAt: number): object {
  return { $max: { seenAt: now, expiresAt, end: endOf(expiresAt) } };
}

export function whyNot(
  there: RecordOrMark | null,
  patch: Patch,
  conditions: Conditions,
): "gone" | "moved" | "conflict" | "too-large" | null {
  const { now, maxBytes } = conditions;
  if (there === null) return "gone";
  if (isMoved(there)) return there.movedAt + MOVED_MARK_SECONDS > now ? "moved" : "gone";
  if (there.expiresAt <= now) return "gone";
  if (!isVersion(there, conditions)) return "conflict";
  if (isOver(there.seenAt, conditions)) return "gone";
  if (maxBytes === undefined) return null;
  const after = tryPatch(there.data, patch);
  if (after === null) return "gone";
  return isTooLarge(there.data, after, conditions) ? "too-large" : null;
}
