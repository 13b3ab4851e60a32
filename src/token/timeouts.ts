/**
 * When a session ends, and when its use is recorded: pure functions of a record, the timeouts and the time.
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
 * The timeouts of one session: its own, and the common ones where it has none. With an idle timeout of its own, use is recorded
 * at least every quarter of that.
 */
export const timeoutsOf = ({ idleTimeout, absoluteTimeout }: OwnTimeouts, common: Timeouts): Timeouts =>
  idleTimeout === undefined && absoluteTimeout === undefined
    ? common
    : {
        idleTimeout: idleTimeout ?? common.idleTimeout,
        absoluteTimeout: absoluteTimeout ?? common.absoluteTimeout,
        touchEvery: idleTimeout === undefined ? common.touchEvery : Math.min(common.touchEvery, Math.floor(idleTimeout / 4)),
      };

/** Most sessions have none. */
const NONE = Object.freeze({});

/** A session's own timeouts alone, to be put into a record: what is not set is not there. */
export const ownTimeouts = ({ idleTimeout, absoluteTimeout }: OwnTimeouts): { idleTimeout?: number; absoluteTimeout?: number } =>
  idleTimeout === undefined && absoluteTimeout === undefined
    ? NONE
    : { ...(idleTimeout !== undefined && { idleTimeout }), ...(absoluteTimeout !== undefined && { absoluteTimeout }) };

/** The same from a token. */
export const timeoutsIn = ({
  idle,
  abs,
}: {
  readonly idle?: number | undefined;
  readonly abs?: number | undefined;
}): { idleTimeout?: number; absoluteTimeout?: number } => ownTimeouts({ idleTimeout: idle, absoluteTimeout: abs });

/** The same for a token. */
export const timeoutClaims = ({ idleTimeout, absoluteTimeout }: OwnTimeouts): Pick<Claims, "idle" | "abs"> => ({
  ...(idleTimeout !== undefined && { idle: idleTimeout }),
  ...(absoluteTimeout !== undefined && { abs: absoluteTimeout }),
});

/** The instants that decide. Epoch seconds. */
export interface Lifespan {
  readonly startedAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
}

/** When a session that began at `startedAt` and was last used at `seenAt` ends: the earlier of both limits. */
export const expiryOf = (startedAt: number, seenAt: number, { idleTimeout, absoluteTimeout }: Timeouts): number =>
  Math.min(seenAt + idleTimeout, startedAt + absoluteTimeout);

/**
 * Why a session is over, or undefined while it lives. What was promised when it was written holds, and so do today's
 * timeouts, so that lowering one acts on sessions that exist, but for those that have their own. What has no number for one of its times is over.
 */
export const endOf = (span: Lifespan & OwnTimeouts, common: Timeouts, now: number): "idle" | "absolute" | undefined =>
  endBy(span, timeoutsOf(span, common), now);

/**
 * Why a token is over, or undefined. Of a session in a store the record knows the last use better than the token: the idle limit of today is
 * asked of that.
 */
export const endOfToken = ({ start, exp, idle, abs }: Claims, common: Timeouts, now: number): "idle" | "absolute" | undefined =>
  endOf({ startedAt: start, seenAt: Number.POSITIVE_INFINITY, expiresAt: exp, ...timeoutsIn({ idle, abs }) }, common, now);

// Asked for what must be true of a living session: every comparison with NaN is false.
const endBy = ({ startedAt, seenAt, expiresAt }: Lifespan, { idleTimeout, absoluteTimeout }: Timeouts, now: number) =>
  !(now < startedAt + absoluteTimeout) ? "absolute" : now < expiresAt && now < seenAt + idleTimeout ? undefined : "idle";

/**
 * Whether use of the session should be recorded again: not at every request, but `touchEvery` seconds apart; or when that
 * would move its end as much, as after the timeout was raised.
 */
export const isTouchDue = (span: Lifespan & OwnTimeouts, common: Timeouts, now: number): boolean =>
  isDueBy(span, timeoutsOf(span, common), now);

const isDueBy = ({ startedAt, seenAt, expiresAt }: Lifespan, timeouts: Timeouts, now: number): boolean =>
  // What was recorded in this very second, as by loading it, would only be written again.
  (now > seenAt && now >= seenAt + timeouts.touchEvery) || isWorth(expiryOf(startedAt, now, timeouts) - expiresAt, timeouts);

const isWorth = (gained: number, { touchEvery }: Timeouts): boolean => gained > 0 && gained >= touchEvery;
