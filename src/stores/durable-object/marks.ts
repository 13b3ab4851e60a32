/**
 * The marks of sessions that moved, as rows of a session's object.
 *
 * @module
 */

import { MOVED_MARK_SECONDS, type Move, type MovedMark, type MoveReason } from "../../session/record.ts";
import { reasonOf } from "../../stored/contract.ts";

/** Where a mark says that its session went: to another row of the same object when `route` is null. */
export interface Target {
  readonly id: string;
  readonly route: string | null;
}

/**
 * The mark of a session that moved.
 *
 * Earlier builds take every mark that says `moved_to` for one of `regenerateId`, and follow it. So where a login went stands
 * in `meta`, which they neither ask for nor pass on: to them, as to those who read what they pass on, that is what they
 * would have left themselves, a mark that says no more than that the session is gone.
 */
export interface MarkRow {
  readonly moved_at: number;
  readonly moved_to: string | null;
  /** The route of `moved_to` when that is in another object. */
  readonly moved_route: string | null;
  /** {@link MarkMeta} as JSON. What earlier builds wrote or answer has none. */
  readonly meta?: string | null;
}

/** What earlier builds did not say in a mark. */
interface MarkMeta {
  readonly by?: MoveReason;
  readonly graceUntil?: number;
  /** Where a login went. */
  readonly to?: Target;
}

/** What a mark says of a move but where to; and on what condition the session moves. */
export type Moving = Pick<Move, "by" | "graceSeconds" | "ifVersion">;

/** Of all columns, those of a mark. */
export function markPart({ moved_at, moved_to, moved_route, meta }: MarkRow): MarkRow {
  return { moved_at, moved_to, moved_route, ...(meta !== undefined && { meta }) };
}

/** The mark of a row that is on `route`. */
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

/** Where a mark leads, or null when an earlier build wrote it at a login. */
export function targetOf(row: MarkRow): Target | null {
  const { moved_to, moved_route } = row;
  return moved_to === null ? (metaOf(row).to ?? null) : { id: moved_to, route: moved_route };
}

/**
 * The row of the mark of a session that went to `target`. Earlier builds do not say why, only whether to say where to: it is
 * read as they wrote it.
 */
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

/** When a mark ends. */
export function markEndsAt({ moved_at }: MarkRow): number {
  return moved_at + MOVED_MARK_SECONDS;
}
