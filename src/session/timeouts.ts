/**
 * When a session ends, and when its use is written down: pure functions of a record, the timeouts and the time.
 *
 * @module
 */

/** Durations in seconds. */
export interface Timeouts {
  readonly idleTimeout: number;
  readonly absoluteTimeout: number;
  readonly touchEvery: number;
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
 * timeouts, so that lowering one acts on sessions that exist. What has no number for one of its times is over.
 */
export function endOf(span: Lifespan, timeouts: Timeouts, now: number): "idle" | "absolute" | undefined {
  // Asked for what must be true of a living session: every comparison with NaN is false.
  if (!(now < span.startedAt + timeouts.absoluteTimeout)) return "absolute";
  return now < span.expiresAt && now < span.seenAt + timeouts.idleTimeout ? undefined : "idle";
}

/**
 * Whether use of the session should be written down again: not at every request, but `touchEvery` seconds apart; or when that
 * would move its end as much, as after the timeout was raised.
 */
export function isTouchDue({ startedAt, seenAt, expiresAt }: Lifespan, timeouts: Timeouts, now: number): boolean {
  const gained = expiryOf(startedAt, now, timeouts) - expiresAt;
  return now >= seenAt + timeouts.touchEvery || (gained > 0 && gained >= timeouts.touchEvery);
}
