/**
 * SessionSnapshot: a session at one moment, for reading.
 *
 * @module
 */
import type { Visit } from "../session/visit.ts";

/** What `read()` gives: a session at one moment, without any way to change it. */
export interface SessionSnapshot<Data extends object = Record<string, unknown>> {
  /** The public id. */
  readonly id: string;
  /** Who is logged in; absent for a visitor. */
  readonly subject?: string;
  /** The data, frozen. Any key may be missing. */
  readonly data: Readonly<Partial<Data>>;
  /** When it began: its creation, or the last login. Epoch seconds. */
  readonly startedAt: number;
  /** When it ends unless it is used before. Epoch seconds. */
  readonly expiresAt: number;
}

/** The snapshot of a session as it was loaded; null when there is none. */
export function snapshotOf<Data extends object>(visit: Visit): SessionSnapshot<Data> | null {
  if (visit.found.is !== "living") return null;
  const { key, record } = visit.found;
  const { subject, startedAt, expiresAt } = record;
  const data = freezeDeeply(visit.data.visible) as Readonly<Partial<Data>>;
  return { id: key.id, ...(subject !== undefined && { subject }), data, startedAt, expiresAt };
}

/** Nobody else has the object: it was parsed for this snapshot. */
function freezeDeeply<Value extends object>(object: Value): Value {
  for (const inner of Object.values(object)) if (typeof inner === "object" && inner !== null) freezeDeeply(inner);
  return Object.freeze(object);
}
