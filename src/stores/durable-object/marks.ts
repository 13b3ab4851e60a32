/**
 * Marks as rows of a session's object.
 *
 * @module
 */

import { MOVED_MARK_SECONDS, type Move, type MovedMark, type MoveReason } from "../../session/record.ts";
import { reasonOf } from "../../stored/contract.ts";

/** Where a session moved. `route` is null if it stayed in the same object. */
export interface Target {
  readonly id: string;
  readonly route: string | null;
}

/**
 * A mark as a row.
 *
 * Older objects take every mark with a `moved_to` for one of `regenerateId`, and follow it.
 * So the target of a login is in `meta`, which they ignore: to them, the session is gone.
 */
export interface MarkRow {
  readonly moved_at: number;
  readonly moved_to: string | null;
  /** The route of `moved_to` if that is in another object. */
  readonly moved_route: string | null;
  /** {@link MarkMeta} as JSON. May be missing. */
  readonly meta?: string | null;
}

/** The parts of a mark that have no column. */
interface MarkMeta {
  readonly by?: MoveReason;
  readonly graceUntil?: number;
  /** Where a login moved the session. */
  readonly to?: Target;
}

/** The reason and grace of a move, and the version it requires. */
export type Moving = Pick<Move, "by" | "graceSeconds" | "ifVersion">;

export function markPart({ moved_at, moved_to, moved_route, meta }: MarkRow): MarkRow {
  return { moved_at, moved_to, moved_route, ...(meta !== undefined && { meta }) };
}

export function markOf(row: MarkRow, route: string): MovedMark {
  const { by, graceUntil } = metaOf(row);
  const to = targetOf(row);
  return {
    movedAt: row.moved_at,
    ...(to !== null && { to: { id: to.id, route: to.route ?? route } }),
    by: reasonOf(by, row.moved_to),
    ...(graceUntil !== undefined && { graceUntil }),
  };
}

export function targetOf(row: MarkRow): Target | null {
  const { moved_to, moved_route } = row;
  return moved_to === null ? (metaOf(row).to ?? null) : { id: moved_to, route: moved_route };
}

/** An older caller passes a boolean as `move`: whether the mark may name the target. */
export function markRow(movedAt: number, target: Target, move: Moving | boolean): MarkRow {
  const { id, route } = target;
  const open = { moved_at: movedAt, moved_to: id, moved_route: route, meta: null };
  const closed = { ...open, moved_to: null, moved_route: null };
  if (typeof move === "boolean") return move ? open : closed;
  const { by, graceSeconds } = move;
  const said = { by, ...(graceSeconds > 0 && { graceUntil: movedAt + graceSeconds }) };
  return by === "login" ? { ...closed, meta: textOf({ ...said, to: target }) } : { ...open, meta: textOf(said) };
}

function textOf(meta: MarkMeta): string {
  return JSON.stringify(meta);
}

function metaOf({ meta }: MarkRow): MarkMeta {
  return meta === undefined || meta === null ? {} : (JSON.parse(meta) as MarkMeta);
}

export function markEndsAt({ moved_at }: MarkRow): number {
  return moved_at + MOVED_MARK_SECONDS;
}
