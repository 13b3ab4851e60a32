/** The kinds of schedules that are played on every store, as tests. */
import { it } from "vitest";
import { playMany } from "./schedule-many.ts";
import type { Kinds } from "./schedule-program.ts";
import { type Play, playSchedule } from "./schedule-run.ts";

/** A part of the schedules of a store. */
export interface Part {
  readonly name: string;
  readonly share: number;
  readonly kinds?: Partial<Kinds>;
  readonly play?: Partial<Play>;
}

const KINDS: Kinds = { failures: false, accept: false, grace: true, store: true, oneByOne: false, most: 6 };

/** What every strong store must stand. */
export const PARTS: readonly Part[] = [
  { name: "visitors and users", share: 0.32 },
  { name: "tokens of other software", share: 0.2, kinds: { accept: true }, play: { accept: true } },
  {
    name: "tokens of other software, copies and failures",
    share: 0.05,
    kinds: { accept: true, failures: true },
    play: { accept: true, copy: true },
  },
  { name: "copies", share: 0.1, play: { copy: true } },
  { name: "visitors in their cookies", share: 0.1, play: { visitorsInCookie: true } },
  { name: "many requests at the same time", share: 0.05, kinds: { most: 16 } },
  { name: "requests that fail halfway", share: 0.1, kinds: { failures: true } },
  { name: "conflicts that are none", share: 0.03, play: { weather: { conflicts: 0.3, late: 0 } } },
  { name: "one request after the other", share: 0.05, kinds: { oneByOne: true } },
];

/** When schedules begin: late enough that no server drops by its own clock what still lives. */
export const AHEAD: number = Math.floor(Date.now() / 1000) + 86_400;

/** What a schedule may take on a busy machine. Milliseconds. */
const SLOWEST = 500;

/** A test for each part. `first`: the seed of the first schedule of each. */
export function scheduleTests(parts: readonly Part[], schedules: number, first: number, base: Omit<Play, "weather">): void {
  for (const { name, share, kinds, play } of parts) {
    const playAll = async () => {
      const whole = { weather: { conflicts: 0, late: 0 }, ...base, ...play };
      await playMany({ first, schedules }, share, { ...KINDS, ...kinds }, (program, seed) => playSchedule(program, seed, whole));
    };
    it(name, playAll, 60_000 + schedules * share * SLOWEST);
  }
}
