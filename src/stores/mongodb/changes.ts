/**
 * How a document is found and changed in one step: filters, and pipelines that MongoDB runs on what is there at that moment.
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

/** What a change is asked with; its end is no condition. */
export type Conditions = Omit<UpdateOptions, "expiresAt">;

/** A session that has not ended. A mark has no `expiresAt`. */
export function living(_id: string, now: number): object {
  return { _id, expiresAt: { $gt: now } };
}

/** A session that may be changed so. */
export function changeable(_id: string, patch: Patch, { now, ifVersion, seenAfter, maxBytes }: Conditions): object {
  return {
    ...living(_id, now),
    ...(ifVersion !== undefined && { version: ifVersion }),
    ...(seenAfter !== undefined && { seenAt: { $gt: seenAfter } }),
    ...(maxBytes !== undefined && { data: { $type: "array" }, ...fits(patch, maxBytes) }),
  };
}

/** The data may take so many bytes as JSON, or as many as it did. */
function fits(patch: Patch, maxBytes: number): object {
  return { $expr: { $lte: [bytesOf(patched(patch)), { $max: [maxBytes, bytesOf("$data")] }] } };
}

/** Keys and values are JSON: between them stands a colon, and after each pair a comma or the last bracket. */
function bytesOf(pairs: unknown): object {
  const bytes = { $add: [{ $strLenBytes: "$$pair.k" }, { $strLenBytes: "$$pair.v" }, 2] };
  return { $add: [1, { $sum: { $map: { input: pairs, as: "pair", in: bytes } } }] };
}

/** The pairs after a patch. Texts are literal: none is taken for the name of a field. */
function patched(patch: Patch): unknown {
  const { pairs, keys } = partsOf(patch);
  const literal = { $literal: pairs satisfies Pair[] };
  if (patch.replacesData) return literal;
  if (keys.length === 0) return "$data";
  const others = { $filter: { input: "$data", as: "pair", cond: { $not: [{ $in: ["$$pair.k", { $literal: keys }] }] } } };
  return { $concatArrays: [others, literal] };
}

/** Changes the data, and what every change does besides. */
export function change(patch: Patch, now: number, expiresAt: number): object[] {
  const slide = { seenAt: { $max: ["$seenAt", now] }, expiresAt: { $max: ["$expiresAt", expiresAt] } };
  const end = { $max: ["$end", endOf(expiresAt)] };
  return [{ $set: { data: patched(patch), version: { $add: ["$version", 1] }, ...slide, end } }];
}

/** Use without a change. */
export function use(now: number, expiresAt: number): object {
  return { $max: { seenAt: now, expiresAt, end: endOf(expiresAt) } };
}

/** Why what is there was not changed; null when nothing speaks against it. */
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
