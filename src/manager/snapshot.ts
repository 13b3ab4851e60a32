/**
 * SessionSnapshot: a session at one moment, for reading.
 *
 * @module
 */
import type { Visit } from "../session/visit.ts";

/** A session at one moment, read-only. `read()` returns it. */
export interface SessionSnapshot<Data extends object = Record<string, unknown>> {
  /** The public id. */
  readonly id: string;
  /** Who is logged in; absent for a visitor. */
  readonly subject?: string;
  /** The data, frozen. Any key may be missing. */
  readonly data: Readonly<Partial<Data>>;
  /** When it began: at its creation or last login. Epoch seconds. */
  readonly startedAt: number;
  /** When it expires if it is not used again. Epoch seconds. */
  readonly expiresAt: number;
}

export function snapshotOf<Data extends object>(visit: Visit): SessionSnapshot<Data> | null {
  if (visit.found.is !== "living") return null;
  const { key, record } = visit.found;
  const { subject, startedAt, expiresAt } = record;
  const data = freezeDeeply(visit.data.visible) as Readonly<Partial<Data>>;
  return { id: key.id, ...(subject !== undefined && { subject }), data, startedAt, expiresAt };
}

/** Freezes in place: the object was parsed for this snapshot. */
function freezeDeeply<Value extends object>(object: Value): Value {
  for (const inner of Object.values(object)) if (typeof inner === "object" && inner !== null) freezeDeeply(inner);
  return Object.freeze(object);
}
