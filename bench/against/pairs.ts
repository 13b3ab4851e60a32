/**
 * Times two of our builds: in every round, each row runs with both, one right after the other, in random order.
 *
 * @module
 */

import type { Library } from "../contenders/library.ts";
import { contendersOf, ourContenders } from "../contenders/ours.ts";
import type { App } from "../harness/app.ts";
import { type Contender, SCENARIOS, type Scenario, takesPart } from "../harness/contender.ts";
import { batch, CONCURRENCIES, type Concurrency, calibrate, type Plan, shuffled, type Timed } from "../harness/timing.ts";
import { verify } from "../harness/verify.ts";

/** A row in a scenario: microseconds per request, one number per round. Equal indexes are the same round. */
export interface Pair {
  readonly name: string;
  readonly scenario: Scenario;
  readonly concurrency: Concurrency;
  readonly before: readonly number[];
  readonly now: readonly number[];
}

/** A row that the other build cannot be timed at. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

interface Running extends Pair {
  readonly before: number[];
  readonly now: number[];
  readonly apps: { readonly before: Timed; readonly now: Timed };
}

/** Checks every row of both builds, then times those that `wanted` accepts. */
export async function compare(
  past: Library,
  plan: Plan,
  wanted: (contender: Contender, scenario: Scenario) => boolean,
): Promise<{ pairs: readonly Pair[]; leftOut: readonly LeftOut[] }> {
  const { pairs, leftOut } = await prepare(past, wanted);
  for (const { apps, concurrency } of pairs) await alike(apps, concurrency, plan.batchMs);
  for (let round = 0; round < plan.rounds; round++) {
    for (const pair of shuffled(pairs)) await runOnce(pair);
  }
  return { pairs, leftOut };
}

async function prepare(past: Library, wanted: (contender: Contender, scenario: Scenario) => boolean) {
  const pairs: Running[] = [];
  const leftOut: LeftOut[] = [];
  const older = new Map(contendersOf(past).map((contender) => [contender.name, contender]));
  for (const contender of ourContenders) {
    const scenarios = SCENARIOS.filter((scenario) => takesPart(contender, scenario) && wanted(contender, scenario));
    if (scenarios.length === 0) continue;
    const before = await checked(older.get(contender.name) as Contender).catch((error: Error) => error);
    if (before instanceof Error) {
      leftOut.push({ name: contender.name, why: before.message });
      continue;
    }
    const now = await checked(contender).catch((error: Error) => {
      throw new Error(`Cannot time ${contender.name}: ${error.message}`, { cause: error });
    });
    for (const scenario of scenarios) {
      for (const concurrency of CONCURRENCIES) pairs.push(pairOf(contender.name, scenario, concurrency, { before, now }));
    }
  }
  return { pairs, leftOut };
}

interface Checked {
  readonly app: App;
  readonly cookie: string;
}

async function checked(contender: Contender): Promise<Checked> {
  const app = await contender.app();
  return { app, cookie: (await verify(app)).cookie };
}

function pairOf(name: string, scenario: Scenario, concurrency: Concurrency, both: { before: Checked; now: Checked }): Running {
  const timed = ({ app, cookie }: Checked) => ({
    send: app.ready(scenario.path, scenario.cookie ? cookie : undefined),
    times: 1,
  });
  return { name, scenario, concurrency, before: [], now: [], apps: { before: timed(both.before), now: timed(both.now) } };
}

/** Warms both up, with batches of the same length: a longer batch spreads its fixed costs over more requests. */
async function alike({ before, now }: Running["apps"], concurrency: Concurrency, batchMs: number): Promise<void> {
  await calibrate(shuffled([before, now]), concurrency, batchMs);
  before.times = Math.max(before.times, now.times);
  now.times = before.times;
}

async function runOnce({ apps, concurrency, before, now }: Running): Promise<void> {
  for (const which of shuffled(["before", "now"] as const)) {
    // So that neither has to collect the other's garbage.
    globalThis.gc?.({ type: "minor" } as never);
    (which === "before" ? before : now).push(await batch(apps[which], concurrency));
  }
}
