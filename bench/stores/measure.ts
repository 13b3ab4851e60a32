/**
 * Counts and times applications on a database. All run in this process, each with its own
 * connection. Round trips are counted one request at a time. Requests per second are timed
 * in rounds: all applications at one task, one right after the other, in random order.
 *
 * @module
 */
import type { App } from "../harness/app.ts";
import { shuffled } from "../harness/timing.ts";
import {
  type Database,
  DEEDS,
  type Deed,
  does,
  type Running,
  type Setting,
  type StoredContender,
  type Traffic,
} from "./database.ts";
import { verifyStored, visit } from "./visitor.ts";

/** How many requests are on their way at the same time. */
export const IN_FLIGHT = 16;
/** How many sessions the requests have in turn that use none up. */
const SESSIONS = 64;
const WARM_ROUNDS = 3;
/** How many requests of a row are looked at on their way to the database. */
const COUNTS = 3;

/** How long it takes. */
export interface StoresPlan {
  readonly rounds: number;
  /** How long a row runs in a round. It is at least twice as many requests as are in flight, whatever that takes. */
  readonly batchMs: number;
}

/** What was found out about one contender doing one thing. */
export interface StoredRow {
  readonly contender: string;
  readonly ours: boolean;
  readonly deed: string;
  /** Different ones, where not every request is like the other. */
  readonly traffic: readonly Traffic[];
  readonly rounds: readonly Round[];
}

/** What a row takes in one round. */
export interface Round {
  /** Requests a second. */
  readonly rate: number;
  /** Microseconds of the processor for a request: in this process, and in the database's. */
  readonly application: number;
  readonly database: number;
}

interface Case {
  readonly contender: StoredContender<unknown>;
  readonly deed: Deed;
  readonly app: App;
  readonly stays: readonly (() => Promise<unknown>)[];
  readonly traffic: readonly Traffic[];
  readonly rounds: Round[];
  /** How many fit into a round. */
  requests: number;
}

/** Checks every contender, counts, then times. */
export async function measureStores(database: Database<unknown>, plan: StoresPlan): Promise<StoredRow[]> {
  const running = await database.start();
  try {
    const cases: Case[] = [];
    for (const contender of database.contenders) cases.push(...(await prepare(contender, running)));
    for (let round = -WARM_ROUNDS; round < plan.rounds; round++) {
      for (const one of shuffled(DEEDS).flatMap((deed) => shuffled(cases.filter((other) => other.deed === deed)))) {
        const found = await runOnce(one, running);
        if (round >= 0) one.rounds.push(found);
        else one.requests = Math.max(2 * IN_FLIGHT, Math.ceil((found.rate * plan.batchMs) / 1000));
      }
    }
    return cases.map(({ contender: { name, ours }, deed, traffic, rounds }) => ({
      ...{ contender: name, ours, deed: deed.name, traffic, rounds },
    }));
  } finally {
    await running.stop();
  }
}

async function prepare(contender: StoredContender<unknown>, running: Running<unknown>): Promise<Case[]> {
  const cases: Case[] = [];
  const apps = new Map<Setting, { timed: App; counted: App }>();
  for (const deed of DEEDS.filter((one) => does(contender, one))) {
    const { timed, counted } = apps.get(deed.setting) ?? (await made(deed.setting));
    apps.set(deed.setting, { timed, counted });
    const traffic = await count(deed, counted, running);
    const stays =
      deed.after === undefined ? await many(SESSIONS, async () => timed.ready(deed.path, await visit(timed, ["/new"]))) : [];
    cases.push({ contender, deed, app: timed, stays, traffic, rounds: [], requests: 2 * IN_FLIGHT });
  }
  return cases;

  async function made(setting: Setting) {
    const timed = await contender.app(running.direct, setting);
    await verifyStored(timed, setting).catch((error: Error) => {
      throw new Error(`Cannot time ${contender.name}: ${error.message}`, { cause: error });
    });
    return { timed, counted: await contender.app(running.counted, setting) };
  }
}

/** What some requests, one after the other, ask of the database: more than one only where they differ. */
async function count(deed: Deed, app: App, running: Running<unknown>): Promise<Traffic[]> {
  const found = new Map<string, Traffic>();
  for (let times = 0; times < COUNTS; times++) {
    const cookie = await visit(app, deed.after ?? ["/new"]);
    running.traffic();
    await visit(app, [deed.path], cookie);
    // What is sent when the answer has left counts, too.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const traffic = running.traffic();
    found.set(JSON.stringify(traffic), traffic);
  }
  return [...found.values()];
}

async function runOnce({ deed, app, stays, requests }: Case, running: Running<unknown>): Promise<Round> {
  const { after } = deed;
  const sends =
    after === undefined
      ? Array.from({ length: requests }, (_, index) => stays[index % SESSIONS] as () => Promise<unknown>)
      : await many(requests, async () => app.ready(deed.path, (await visit(app, after)) || undefined));
  globalThis.gc?.({ type: "minor" } as never);
  const database = await running.processor();
  const application = process.cpuUsage();
  const begun = performance.now();
  await many(requests, (index) => (sends[index] as () => Promise<unknown>)());
  const rate = (1000 * requests) / (performance.now() - begun);
  const { user, system } = process.cpuUsage(application);
  return { rate, application: (user + system) / requests, database: ((await running.processor()) - database) / requests };
}

/** Does it so many times, as many at a time as are in flight. */
export async function many<Result>(times: number, work: (index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < times) {
      const index = next++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return results;
}
