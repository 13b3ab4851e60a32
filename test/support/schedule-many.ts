/** Plays many schedules, one seed after the other, and tells the story of the first that goes wrong. */
import { Random } from "./schedule.ts";
import type { Outcome } from "./schedule-player.ts";
import { anyProgram, type Kinds, type Program } from "./schedule-program.ts";
import { describeProgram } from "./schedule-words.ts";

/** What the environment asks for: SEED begins with that one, SCHEDULES plays so many in all. */
export interface Count {
  readonly first: number;
  readonly schedules: number;
}

/** Plays a share of the schedules, at least one. Answers how many. */
export async function playMany(
  { first, schedules }: Count,
  share: number,
  kinds: Kinds,
  play: (program: Program, seed: number) => Promise<Outcome>,
): Promise<number> {
  const count = Math.ceil(schedules * share);
  for (let seed = first; seed < first + count; seed++) {
    const program = anyProgram(new Random(seed), kinds);
    const outcome = await play(program, -seed);
    if (outcome.problems.length > 0) throw new Error(report(seed, program, outcome));
    if (outcome.steps === 0) throw new Error(`seed ${seed} plays nothing`);
  }
  return count;
}

function report(seed: number, program: Program, { problems, story }: Outcome): string {
  return [...problems, `Run it alone: SEED=${seed} SCHEDULES=1`, describeProgram(program), ...story].join("\n");
}
