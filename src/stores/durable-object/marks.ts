/**
 * Marks as rows of a session's object.
 *
 * @module
 */
import { parseData } from "../../ground/json.ts";
import { type Key, MOVED_MARK_SECONDS, type Move, type MovedMark, markFor } from "../../session/record.ts";
import { markFrom } from "../../stored/changes.ts";

export type Place = Key & { readonly route: string };

/** A mark as a row. */
export interface MarkRow {
  readonly moved_at: number;
  readonly moved_to: string;
  /** The route of `moved_to` if that is in another object. */
  readonly moved_route: string | null;
  /** What moved the session, and until when the old id counts, as JSON. */
  readonly meta: string | null;
}

/** The reason and grace of a move, and the version it requires. */
export type Moving = Pick<Move, "by" | "graceSeconds" | "ifVersion">;

export function markPart({ moved_at, moved_to, moved_route, meta }: MarkRow): MarkRow {
  return { moved_at, moved_to, moved_route, meta };
}

/** The mark in a row of the object with this route. Null if somebody damaged it. */
export function markOf({ moved_at: movedAt, moved_to: id, moved_route, meta }: MarkRow, route: string): MovedMark | null {
  const { by, graceUntil } = parseData(meta ?? "") ?? {};
  return markFrom({ movedAt, to: { id, route: moved_route ?? route }, by, graceUntil });
}

/** @param to Without a route if the session stays in the same object. */
export function markRow(movedAt: number, to: Key, move: Moving): MarkRow {
  const { by, graceUntil } = markFor(movedAt, to, move);
  return { moved_at: movedAt, moved_to: to.id, moved_route: to.route ?? null, meta: JSON.stringify({ by, graceUntil }) };
}

export function markEndsAt({ moved_at }: MarkRow): number {
  return moved_at + MOVED_MARK_SECONDS;
}
