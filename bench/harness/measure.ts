/**
 * Times every case in every round, in random order. A case is an application with a session next to the same framework
 * without one, for the same request. The session's cost is the difference between the two in the same round.
 *
 * @module
 */
import { bare, contenders } from "../contenders/all.ts";
import { type Contender, SCENARIOS, type Scenario, takesPart } from "./contender.ts";
import { type Estimate, estimate } from "./statistics.ts";
import { batch, CONCURRENCIES, type Concurrency, calibrate, type Plan, shuffled, type Timed } from "./timing.ts";
import { verify } from "./verify.ts";

/** The cost of a case, in microseconds per request. */
export interface Measured {
  readonly contender: Contender;
  readonly scenario: Scenario;
  readonly concurrency: Concurrency;
  /** With the session, and what the session adds to the framework. */
  readonly total: Estimate;
  readonly overhead: Estimate;
}

interface Case {
  readonly contender: Contender;
  readonly scenario: Scenario;
  readonly concurrency: Concurrency;
  readonly withSession: Timed;
  readonly without: Timed;
  readonly totals: number[];
  readonly overheads: number[];
}

/** Checks every contender, then times the cases that `wanted` accepts. */
export async function measure(plan: Plan, wanted: (contender: Contender, scenario: Scenario) => boolean): Promise<Measured[]> {
  const cases = await prepare(wanted);
  for (const { withSession, without, concurrency } of cases) await calibrate([withSession, without], concurrency, plan.batchMs);
  for (let round = 0; round < plan.rounds; round++) {
    for (const one of shuffled(cases)) await runOnce(one);
  }
  return cases.map(({ contender, scenario, concurrency, totals, overheads }) => ({
    ...{ contender, scenario, concurrency },
    ...{ total: estimate(totals), overhead: estimate(overheads) },
  }));
}

async function prepare(wanted: (contender: Contender, scenario: Scenario) => boolean): Promise<Case[]> {
  const cases: Case[] = [];
  for (const contender of contenders) {
    const scenarios = SCENARIOS.filter((scenario) => takesPart(contender, scenario) && wanted(contender, scenario));
    if (scenarios.length === 0) continue;
    const app = await contender.app();
    const { cookie } = await verify(app).catch((error: Error) => {
      throw new Error(`Cannot time ${contender.name}: ${error.message}`, { cause: error });
    });
    const alone = await bare[contender.framework]();
    for (const scenario of scenarios) {
      const header = scenario.cookie ? cookie : undefined;
      for (const concurrency of CONCURRENCIES) {
        const withSession = { send: app.ready(scenario.path, header), times: 1 };
        const without = { send: alone.ready(scenario.path, header), times: 1 };
        cases.push({ contender, scenario, concurrency, withSession, without, totals: [], overheads: [] });
      }
    }
  }
  return cases;
}

async function runOnce({ withSession, without, concurrency, totals, overheads }: Case): Promise<void> {
  globalThis.gc?.({ type: "minor" } as never);
  const first = Math.random() < 0.5;
  const early = await batch(first ? withSession : without, concurrency);
  const late = await batch(first ? without : withSession, concurrency);
  const total = first ? early : late;
  totals.push(total);
  overheads.push(total - (first ? late : early));
}
