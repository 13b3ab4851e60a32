/** When a session ends, and when its use is recorded. */
import { describe, expect, it } from "vitest";
import {
  endOf,
  expiryOf,
  isTouchDue,
  type Lifespan,
  ownTimeouts,
  timeoutClaims,
  timeoutsIn,
  timeoutsOf,
} from "../../../src/token/timeouts.ts";
import { DAY, HOUR } from "../../support/clock.ts";

const T = 1_800_000_000;
const timeouts = { idleTimeout: DAY, absoluteTimeout: 30 * DAY, touchEvery: 6 * HOUR };

describe("the expiry is the earlier of both limits", () => {
  it.each([
    ["at the start", T, T, T + DAY],
    ["after some use", T, T + 3 * DAY, T + 4 * DAY],
    ["when both limits fall together", T, T + 29 * DAY, T + 30 * DAY],
    ["one second later", T, T + 29 * DAY + 1, T + 30 * DAY],
    ["near the end", T, T + 30 * DAY - 1, T + 30 * DAY],
  ])("%s", (_when, startedAt, seenAt, expected) => {
    expect(expiryOf(startedAt, seenAt, timeouts)).toBe(expected);
  });

  it("when the absolute limit is the shorter one, use does not matter", () => {
    expect(expiryOf(T, T, { ...timeouts, absoluteTimeout: HOUR })).toBe(T + HOUR);
    expect(expiryOf(T, T + HOUR / 2, { ...timeouts, absoluteTimeout: HOUR })).toBe(T + HOUR);
  });
});

function span(fields: Partial<Lifespan> = {}): Lifespan {
  return { startedAt: T, seenAt: T, expiresAt: T + DAY, ...fields };
}

describe("a session ends", () => {
  it.each([
    ["not at its start", span(), T, undefined],
    ["not a second before its idle limit", span(), T + DAY - 1, undefined],
    ["at its idle limit", span(), T + DAY, "idle"],
    ["not while it is used", span({ seenAt: T + 9 * DAY, expiresAt: T + 10 * DAY }), T + 10 * DAY - 1, undefined],
    ["at the idle limit after its last use", span({ seenAt: T + 9 * DAY, expiresAt: T + 10 * DAY }), T + 10 * DAY, "idle"],
    [
      "not a second before its absolute limit",
      span({ seenAt: T + 30 * DAY - 2, expiresAt: T + 30 * DAY }),
      T + 30 * DAY - 1,
      undefined,
    ],
    ["at its absolute limit", span({ seenAt: T + 30 * DAY - 1, expiresAt: T + 30 * DAY }), T + 30 * DAY, "absolute"],
    ["by the absolute limit when both have passed", span(), T + 31 * DAY, "absolute"],
    ["when what was promised is over, though its idle limit is not", span({ expiresAt: T + HOUR }), T + HOUR, "idle"],
    ["not by a promise that is longer than today's limits", span({ expiresAt: T + 90 * DAY }), T + DAY - 1, undefined],
    ["by today's limit, whatever was promised", span({ expiresAt: T + 90 * DAY }), T + DAY, "idle"],
    ["not because a clock runs behind", span({ seenAt: T + 5, expiresAt: T + 5 + DAY }), T, undefined],
  ] as const)("%s", (_when, lifespan, now, expected) => {
    expect(endOf(lifespan, timeouts, now)).toBe(expected);
  });

  it("earlier when the idle timeout was lowered", () => {
    const lowered = { ...timeouts, idleTimeout: HOUR };
    expect(endOf(span(), lowered, T + HOUR - 1)).toBeUndefined();
    expect(endOf(span(), lowered, T + HOUR)).toBe("idle");
  });

  it("earlier when the absolute timeout was lowered", () => {
    const lowered = { ...timeouts, absoluteTimeout: DAY };
    const used = span({ seenAt: T + DAY - HOUR, expiresAt: T + 2 * DAY - HOUR });
    expect(endOf(used, lowered, T + DAY - 1)).toBeUndefined();
    expect(endOf(used, lowered, T + DAY)).toBe("absolute");
  });

  it("not later than promised when the timeouts were raised", () => {
    const raised = { ...timeouts, idleTimeout: 7 * DAY, absoluteTimeout: 90 * DAY };
    expect(endOf(span(), raised, T + DAY - 1)).toBeUndefined();
    expect(endOf(span(), raised, T + DAY)).toBe("idle");
  });

  it("exactly when its computed expiry comes", () => {
    for (const seenAt of [T, T + HOUR, T + 29 * DAY, T + 30 * DAY - 1]) {
      const expiresAt = expiryOf(T, seenAt, timeouts);
      expect(endOf(span({ seenAt, expiresAt }), timeouts, expiresAt - 1)).toBeUndefined();
      expect(endOf(span({ seenAt, expiresAt }), timeouts, expiresAt)).toBeDefined();
    }
  });
});

describe("use is recorded", () => {
  it.each([
    ["not at once", T, false],
    ["not a second before it is due", T + 6 * HOUR - 1, false],
    ["when it is due", T + 6 * HOUR, true],
    ["when it is overdue", T + 20 * HOUR, true],
    ["not because a clock runs behind", T - 10, false],
  ])("%s", (_when, now, expected) => {
    expect(isTouchDue({ startedAt: T, seenAt: T, expiresAt: expiryOf(T, T, timeouts) }, timeouts, now)).toBe(expected);
  });

  it("at once when the timeout was raised since", () => {
    expect(isTouchDue({ startedAt: T, seenAt: T, expiresAt: T + HOUR }, timeouts, T + 60)).toBe(true);
  });

  it("at every use with an interval of zero", () => {
    expect(isTouchDue({ startedAt: T, seenAt: T, expiresAt: T + 60 }, { ...timeouts, touchEvery: 0 }, T)).toBe(true);
  });
});

describe("a session's own timeouts", () => {
  const [common, undef] = [timeouts, undefined];

  it("take the place of the common ones, each where it is set", () => {
    expect(timeoutsOf({}, common)).toBe(common);
    expect(timeoutsOf({ idleTimeout: undef, absoluteTimeout: undef }, common)).toBe(common);
    expect(timeoutsOf({ idleTimeout: 60 * DAY }, common)).toEqual({ ...common, idleTimeout: 60 * DAY });
    expect(timeoutsOf({ absoluteTimeout: HOUR }, common)).toEqual({ ...common, absoluteTimeout: HOUR });
    const both = { idleTimeout: 2 * DAY, absoluteTimeout: 365 * DAY };
    expect(timeoutsOf(both, common)).toEqual({ ...both, touchEvery: 6 * HOUR });
  });

  it.each([
    [24 * HOUR + 4, 6 * HOUR],
    [24 * HOUR - 1, 6 * HOUR - 1],
    [900, 225],
    [7, 1],
    [3, 0],
    [1, 0],
  ])("of %i seconds without use have it recorded every %i", (idleTimeout, touchEvery) => {
    expect(timeoutsOf({ idleTimeout }, common)).toMatchObject({ touchEvery });
  });

  it("leave a common interval that is shorter", () => {
    expect(timeoutsOf({ idleTimeout: 60 * DAY }, { ...common, touchEvery: 0 })).toMatchObject({ touchEvery: 0 });
  });

  it("are there where the others have none", () => {
    const never = Number.POSITIVE_INFINITY;
    const none = { idleTimeout: never, absoluteTimeout: never, touchEvery: never };
    expect(timeoutsOf({ idleTimeout: HOUR }, none)).toEqual({ idleTimeout: HOUR, absoluteTimeout: never, touchEvery: 900 });
    expect(timeoutsOf({ absoluteTimeout: HOUR }, none)).toEqual({ ...none, absoluteTimeout: HOUR });
  });

  it("go into a record and a token as they are, and what is not set is not there", () => {
    for (const [own, claims] of [
      [{}, {}],
      [{ idleTimeout: 1 }, { idle: 1 }],
      [{ absoluteTimeout: 2 }, { abs: 2 }],
      [
        { idleTimeout: 1, absoluteTimeout: 2 },
        { idle: 1, abs: 2 },
      ],
    ] as const) {
      const set = { idleTimeout: undef, absoluteTimeout: undef, ...own };
      expect(ownTimeouts({ ...set, ...span() } as typeof set)).toStrictEqual(own);
      expect(timeoutClaims(set)).toStrictEqual(claims);
      expect(timeoutsIn(claims)).toStrictEqual(own);
    }
  });
});
