/**
 * 10,000 calls that three processes make at the same time, while the server, or one of the processes, is killed: whether each session's history can be explained
 * by one call after the other.
 */
import { expect, it } from "vitest";
import { explain } from "./explain.ts";
import { type Observed, withParts } from "./linearizable.ts";
import { SOUND } from "./places.ts";
import { record } from "./record.ts";

/** The calls that began while another one of their group was under way. */
function overlapping(history: readonly Observed[]): Observed[] {
  return history.filter((one) => history.some(({ began, ended }) => began < one.began && one.began < ended));
}

const PLAN = { calls: 10_000, groups: 150, kills: 3 };
const SECONDS = 1000;

it.each(Object.keys(SOUND))(
  "%s answers 10,000 calls as if one came after the other, also where it was killed",
  async (name) => {
    const histories = await record(name, PLAN);
    const calls = histories.flat();
    expect(calls.length).toBeGreaterThanOrEqual(PLAN.calls);
    const unanswered = calls.filter(({ answer }) => answer === null).length;
    expect(unanswered).toBeGreaterThan(0);
    // Nearly all were answered: what is not can be explained by nearly anything.
    expect(unanswered).toBeLessThan(100);
    expect(histories.flatMap(overlapping).length).toBeGreaterThan(PLAN.calls / 10);
    const whole = SOUND[name]?.marksGoLast ? histories.map(withParts) : histories;
    expect(whole.map(explain).filter((text) => text !== null)).toEqual([]);
  },
  120 * SECONDS,
);

it.each(["Redis", "PostgreSQL", "MariaDB"])(
  "on %s, finds a store out that reads, changes and writes back, and shows the calls that tell",
  async (name) => {
    const histories = await record(`${name}, read and written back`, { calls: 2000, groups: 30, kills: 0 });
    const explained = histories.map(explain).filter((text) => text !== null);
    expect(explained.length).toBeGreaterThan(0);
    expect(explained[0]).toMatch(/^No order of these calls explains their answers \(\d+ of \d+ calls\):\n.*update/s);
  },
  120 * SECONDS,
);
