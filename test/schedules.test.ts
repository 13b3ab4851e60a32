/**
 * Thousands of random programs of parallel requests, each in a random order of store calls and of answers in the browser.
 *
 * SCHEDULES=100000 runs so many, instead of 10,000; SEED=7 begins with that one.
 */
import { describe, expect, it } from "vitest";
import { Random } from "./support/schedule.ts";
import { playWithoutStore } from "./support/schedule-cookies.ts";
import type { Outcome } from "./support/schedule-player.ts";
import { anyProgram, describeProgram, type Kinds, type Program } from "./support/schedule-program.ts";
import { type Play, playSchedule } from "./support/schedule-run.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 10_000);
const FIRST_SEED = Number(process.env.SEED ?? 1);

/**
 * What is promised, and what programs hold. Not that a login with `keep` takes what others wrote to these keys meanwhile: it keeps
 * the values that its request has seen.
 */
const PLAY: Play = {
  writesFollow: true,
  touches: true,
  keepIsExact: false,
  tellsExactly: true,
  oneByOne: false,
  weather: { conflicts: 0, late: 0 },
};
const KINDS: Kinds = { keep: true, renewsLate: true, failures: false, most: 6 };

async function playMany(share: number, kinds: Kinds, play: (program: Program, seed: number) => Promise<Outcome>): Promise<void> {
  const count = Math.ceil(SCHEDULES * share);
  let steps = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + count; seed++) {
    const program = anyProgram(new Random(seed), kinds);
    const outcome = await play(program, -seed);
    steps += outcome.steps;
    if (outcome.problems.length > 0) throw new Error(report(seed, program, outcome));
  }
  expect(steps).toBeGreaterThan(count);
}

function report(seed: number, program: Program, { problems, story }: Outcome): string {
  return [...problems, `Run it alone: SEED=${seed} SCHEDULES=1`, describeProgram(program), ...story].join("\n");
}

describe("whatever the order of store calls and answers, nobody is logged out, nothing is lost, nothing comes back", () => {
  it("with a store", async () => {
    await playMany(0.5, KINDS, (program, seed) => playSchedule(program, seed, PLAY));
  });

  it("with more requests at the same time", async () => {
    await playMany(0.05, { ...KINDS, most: 16 }, (program, seed) => playSchedule(program, seed, PLAY));
  });

  it("with requests that fail halfway", async () => {
    await playMany(0.1, { ...KINDS, failures: true }, (program, seed) => playSchedule(program, seed, PLAY));
  });

  it("with a store that meets conflicts, and shows marks and ends late", async () => {
    // Where a mark cannot be seen yet, nobody knows where the session went.
    const play = { ...PLAY, writesFollow: false, weather: { conflicts: 0.3, late: 0.3 } };
    await playMany(0.1, KINDS, (program, seed) => playSchedule(program, seed, play));
  });

  it("with one request after the other, and one session at the end", async () => {
    await playMany(0.05, KINDS, (program, seed) => playSchedule(program, seed, { ...PLAY, oneByOne: true }));
  });
});

describe("without a store, whatever the order of answers, the last one counts, and no visitor's answer logs anybody out", () => {
  it("with requests at the same time", async () => {
    await playMany(0.15, KINDS, (program, seed) => playWithoutStore(program, seed, false));
  });

  it("with one request after the other", async () => {
    await playMany(0.05, KINDS, (program, seed) => playWithoutStore(program, seed, true));
  });
});
