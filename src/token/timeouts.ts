/**
 * When a session expires and when its use is recorded: pure functions of a record, the timeouts and the time.
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

/** A session's own timeouts, set by its login, as in a record. The manager's apply to missing ones. Seconds. */
export interface OwnTimeouts {
  readonly idleTimeout?: number | undefined;
  readonly absoluteTimeout?: number | undefined;
}

/** The longest timeout that a login may set. Browsers keep no cookie longer. 400 days, in seconds. */
export const LONGEST_OWN_TIMEOUT: number = 400 * 24 * 60 * 60;

/**
 * The timeouts of one session: its own, or the common ones. With its own idle timeout, use is recorded at least every
 * quarter of that.
 */
export const timeoutsOf = ({ idleTimeout, absoluteTimeout }: OwnTimeouts, common: Timeouts): Timeouts =>
  idleTimeout === undefined && absoluteTimeout === undefined
    ? common
    : {
        idleTimeout: idleTimeout ?? common.idleTimeout,
        absoluteTimeout: absoluteTimeout ?? common.absoluteTimeout,
        touchEvery: idleTimeout === undefined ? common.touchEvery : Math.min(common.touchEvery, Math.floor(idleTimeout / 4)),
      };

/** Shared, as most sessions have no timeouts of their own. */
const NONE = Object.freeze({});

/** Only the session's own timeouts, for a record, without keys for those not set. */
export const ownTimeouts = ({ idleTimeout, absoluteTimeout }: OwnTimeouts): { idleTimeout?: number; absoluteTimeout?: number } =>
  idleTimeout === undefined && absoluteTimeout === undefined
    ? NONE
    : { ...(idleTimeout !== undefined && { idleTimeout }), ...(absoluteTimeout !== undefined && { absoluteTimeout }) };

export const timeoutsIn = ({
  idle,
  abs,
}: {
  readonly idle?: number | undefined;
  readonly abs?: number | undefined;
}): { idleTimeout?: number; absoluteTimeout?: number } => ownTimeouts({ idleTimeout: idle, absoluteTimeout: abs });

export const timeoutClaims = ({ idleTimeout, absoluteTimeout }: OwnTimeouts): Pick<Claims, "idle" | "abs"> => ({
  ...(idleTimeout !== undefined && { idle: idleTimeout }),
  ...(absoluteTimeout !== undefined && { abs: absoluteTimeout }),
});

/** The times that decide. Epoch seconds. */
export interface Lifespan {
  readonly startedAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
}

/** When a session that began at `startedAt` and was last used at `seenAt` expires: the earlier of both limits. */
export const expiryOf = (startedAt: number, seenAt: number, { idleTimeout, absoluteTimeout }: Timeouts): number =>
  Math.min(seenAt + idleTimeout, startedAt + absoluteTimeout);

/**
 * Why a session has expired, or undefined if it has not. Both the expiry in the record and today's timeouts apply, so
 * that lowering a timeout affects existing sessions, except those with their own. A record with a time that is not a
 * number has expired.
 */
export const endOf = (span: Lifespan & OwnTimeouts, common: Timeouts, now: number): "idle" | "absolute" | undefined =>
  endBy(span, timeoutsOf(span, common), now);

/**
 * Why a token has expired, or undefined if it has not. Does not check today's idle timeout: for a session in a store,
 * the record knows the last use better.
 */
export const endOfToken = ({ start, exp, idle, abs }: Claims, common: Timeouts, now: number): "idle" | "absolute" | undefined =>
  endOf({ startedAt: start, seenAt: Number.POSITIVE_INFINITY, expiresAt: exp, ...timeoutsIn({ idle, abs }) }, common, now);

// Asks what must be true of a live session, as every comparison with NaN is false.
const endBy = ({ startedAt, seenAt, expiresAt }: Lifespan, { idleTimeout, absoluteTimeout }: Timeouts, now: number) =>
  !(now < startedAt + absoluteTimeout) ? "absolute" : now < expiresAt && now < seenAt + idleTimeout ? undefined : "idle";

/**
 * Whether to record use of the session: every `touchEvery` seconds, or if that would extend it by as much, as after a
 * timeout was raised.
 */
export const isTouchDue = (span: Lifespan & OwnTimeouts, common: Timeouts, now: number): boolean =>
  isDueBy(span, timeoutsOf(span, common), now);

const isDueBy = ({ startedAt, seenAt, expiresAt }: Lifespan, timeouts: Timeouts, now: number): boolean =>
  // Use recorded in this very second, as by loading, would only be written again.
  (now > seenAt && now >= seenAt + timeouts.touchEvery) || isWorth(expiryOf(startedAt, now, timeouts) - expiresAt, timeouts);

const isWorth = (gained: number, { touchEvery }: Timeouts): boolean => gained > 0 && gained >= touchEvery;
