/**
 * What the store adds to its client: loading a session by id, compared
 * with a bare SELECT of the same row through the same client.
 *
 * @module
 */
import { type Estimate, estimate } from "../harness/statistics.ts";
import { shuffled } from "../harness/timing.ts";
import type { Verdict } from "../report/verdict.ts";
import type { Database, Row, Running } from "./database.ts";
import { many, type StoresPlan } from "./measure.ts";

const ID = "a-session-that-is-read-by-its-id";
const WARM_ROUNDS = 3;
/** Calls per batch, for each millisecond of its planned length. */
const PER_MS = 12;
/** The limit for a load, as a multiple of a SELECT. */
const MOST = 1.2;

/** Multiples of the SELECT: in wall-clock time and in this process's processor time. */
export interface NextToBare {
  readonly time: Estimate;
  readonly processor: Estimate;
}

/** Undefined if a database has no such row. Starts the server only for this. */
export async function measureBare(database: Database<unknown>, { rounds, batchMs }: StoresPlan): Promise<NextToBare | undefined> {
  if (database.row === undefined) return undefined;
  const running: Running<unknown> = await database.start();
  try {
    const row = database.row(running.direct);
    const now = Math.floor(Date.now() / 1000);
    const data = JSON.stringify({ name: "Ada", cart: ["apple", "pear"], views: 3 });
    await row.store.create({ id: ID }, { data, version: 1, startedAt: now, seenAt: now, expiresAt: now + 3600 });
    return await compare(row, now, { rounds, batchMs });
  } finally {
    await running.stop();
  }
}

async function compare({ store, select }: Row, now: number, { rounds, batchMs }: StoresPlan): Promise<NextToBare> {
  const kinds = { load: () => store.load({ id: ID }, { now }), select: () => select(ID) };
  const times: number[] = [];
  const processors: number[] = [];
  for (let round = -WARM_ROUNDS; round < 4 * rounds; round++) {
    const found = { load: { time: 0, processor: 0 }, select: { time: 0, processor: 0 } };
    for (const kind of shuffled(["load", "select"] as const)) {
      const processor = process.cpuUsage();
      const begun = performance.now();
      await many(batchMs * PER_MS, kinds[kind]);
      const { user, system } = process.cpuUsage(processor);
      found[kind] = { time: performance.now() - begun, processor: user + system };
    }
    if (round < 0) continue;
    times.push(found.load.time / found.select.time);
    processors.push(found.load.processor / found.select.processor);
  }
  return { time: estimate(times), processor: estimate(processors) };
}

/** As a line below the tables of its database. */
export function renderBare(database: string, { time, processor }: NextToBare): string {
  const said = ({ median, spread }: Estimate) => `${median.toFixed(2)} ± ${spread.toFixed(2)}`;
  return `### ${database}: a session loaded by its id, next to a bare SELECT of its row by the same client

| time | processor time of this process |
|---|---|
| ${said(time)} | ${said(processor)} |`;
}

export function checkBare(database: string, { time, processor }: NextToBare): Verdict[] {
  const verdict = (what: string, { median }: Estimate): Verdict => ({
    ...{ what: `${database}, load next to a bare SELECT, ${what}`, limit: `${MOST.toFixed(2)} of it at most` },
    ...{ found: median.toFixed(2), met: median <= MOST },
  });
  return [verdict("time", time), verdict("processor time", processor)];
}
