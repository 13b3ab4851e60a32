/**
 * Timing: every case in every round, in an order that is shuffled anew. A case is one application with a session, and the same
 * framework without one, for the same request; what the session costs is the difference of the two in the same round.
 *
 * @module
 */
import { bare, contenders } from "../contenders/all.ts";
import { type Contender, SCENARIOS, type Scenario, takesPart } from "./contender.ts";
import { type Estimate, estimate } from "./statistics.ts";
import { verify } from "./verify.ts";

const CONCURRENCIES = [1, 32] as const;
export type Concurrency = (typeof CONCURRENCIES)[number];

/** What one case costs, in microseconds a request. */
export interface Measured {
  readonly contender: Contender;
  readonly scenario: Scenario;
  readonly concurrency: Concurrency;
  /** With the session, and what the session adds to the framework. */
  readonly total: Estimate;
  readonly overhead: Estimate;
}

/** How long it takes. */
export interface Plan {
  readonly rounds: number;
  /** How long each application runs in a round. */
  readonly batchMs: number;
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

/** A request that can be sent again and again, and how often fits into a batch. */
interface Timed {
  readonly send: () => Promise<unknown>;
  times: number;
}

/** Checks every contender, then times those cases that `wanted` lets through. */
export async function measure(plan: Plan, wanted: (contender: Contender, scenario: Scenario) => boolean): Promise<Measured[]> {
  const cases = await prepare(wanted);
  for (const one of cases) await calibrate(one, plan.batchMs);
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

/** Warms an application up, and finds out how many requests fit into a batch. */
async function calibrate({ withSession, without, concurrency }: Case, batchMs: number): Promise<void> {
  for (const timed of [withSession, without]) {
    for (let tries = 0; tries < 6; tries++) {
      timed.times = Math.max(1, concurrency * 2 ** (2 * tries));
      const micros = await batch(timed, concurrency);
      if (micros * timed.times > 500 * batchMs) break;
    }
    const micros = await batch(timed, concurrency);
    timed.times = Math.max(concurrency, Math.ceil((1000 * batchMs) / micros));
  }
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

/** Microseconds a request. */
async function batch({ send, times }: Timed, concurrency: Concurrency): Promise<number> {
  let left = times;
  const begun = process.hrtime.bigint();
  if (concurrency === 1) while (left-- > 0) await send();
  else await Promise.all(Array.from({ length: concurrency }, worker));
  return Number(process.hrtime.bigint() - begun) / 1000 / times;

  async function worker(): Promise<void> {
    while (left-- > 0) await send();
  }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const all = [...items];
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [all[at], all[other]] = [all[other] as Item, all[at] as Item];
  }
  return all;
}
