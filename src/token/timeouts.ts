/**
 * When a session ends, and when its use is written down: pure functions of a record, the timeouts and the time.
 *
 * @module
 */
import type { Claims } from "./claims.ts";

/** Durations in seconds. */
export interface Timeouts {
  readonly idleTimeout: number;
  readonly absoluteTimeout: number;
  readonly touchEvery: number;
}

/** The timeouts that a login gave its session, as they stand in a record. What is missing is the manager's. Seconds. */
export interface OwnTimeouts {
  readonly idleTimeout?: number | undefined;
  readonly absoluteTimeout?: number | undefined;
}

/** The longest that a login may give: no browser keeps a cookie for longer. 400 days, in seconds. */
export const LONGEST_OWN_TIMEOUT: number = 400 * 24 * 60 * 60;

/**
 * The timeouts of one session: its own, and the common ones where it has none. With an idle timeout of its own, use is written down
 * at least every quarter of that.
 */
export function timeoutsOf({ idleTimeout, absoluteTimeout }: OwnTimeouts, common: Timeouts): Timeouts {
  if (idleTimeout === undefined && absoluteTimeout === undefined) return common;
  return {
    idleTimeout: idleTimeout ?? common.idleTimeout,
    absoluteTimeout: absoluteTimeout ?? common.absoluteTimeout,
    touchEvery: idleTimeout === undefined ? common.touchEvery : Math.min(common.touchEvery, Math.floor(idleTimeout / 4)),
  };
}

/** Most sessions have none. */
const NONE = Object.freeze({});

/** A session's own timeouts alone, to be put into a record: what is not set is not there. */
export function ownTimeouts({ idleTimeout, absoluteTimeout }: OwnTimeouts): { idleTimeout?: number; absoluteTimeout?: number } {
  if (idleTimeout === undefined && absoluteTimeout === undefined) return NONE;
  return { ...(idleTimeout !== undefined && { idleTimeout }), ...(absoluteTimeout !== undefined && { absoluteTimeout }) };
}

/** The same from a token. */
export function timeoutsIn({ idle, abs }: { readonly idle?: number | undefined; readonly abs?: number | undefined }): {
  idleTimeout?: number;
  absoluteTimeout?: number;
} {
  return idle === undefined && abs === undefined ? NONE : ownTimeouts({ idleTimeout: idle, absoluteTimeout: abs });
}

/** The same for a token. */
export function timeoutClaims({ idleTimeout, absoluteTimeout }: OwnTimeouts): Pick<Claims, "idle" | "abs"> {
  return {
    ...(idleTimeout !== undefined && { idle: idleTimeout }),
    ...(absoluteTimeout !== undefined && { abs: absoluteTimeout }),
  };
}

/** The instants that decide. Epoch seconds. */
export interface Lifespan {
  readonly startedAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
}

/** When a session that began at `startedAt` and was last used at `seenAt` ends: the earlier of both limits. */
export function expiryOf(startedAt: number, seenAt: number, { idleTimeout, absoluteTimeout }: Timeouts): number {
  return Math.min(seenAt + idleTimeout, startedAt + absoluteTimeout);
}

/**
 * Why a session is over, or undefined while it lives. What was promised when it was written holds, and so do today's
 * timeouts, so that lowering one acts on sessions that exist, but for those that have their own. What has no number for one of its times is over.
 */
export function endOf(span: Lifespan & OwnTimeouts, common: Timeouts, now: number): "idle" | "absolute" | undefined {
  const timeouts = timeoutsOf(span, common);
  // Asked for what must be true of a living session: every comparison with NaN is false.
  if (!(now < span.startedAt + timeouts.absoluteTimeout)) return "absolute";
  return now < span.expiresAt && now < span.seenAt + timeouts.idleTimeout ? undefined : "idle";
}

/**
 * Whether use of the session should be written down again: not at every request, but `touchEvery` seconds apart; or when that
 * would move its end as much, as after the timeout was raised.
 */
export function isTouchDue(span: Lifespan & OwnTimeouts, common: Timeouts, now: number): boolean {
  const timeouts = timeoutsOf(span, common);
  const gained = expiryOf(span.startedAt, now, timeouts) - span.expiresAt;
  return now >= span.seenAt + timeouts.touchEvery || (gained > 0 && gained >= timeouts.touchEvery);
}
