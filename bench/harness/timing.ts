/**
 * Times a request that can be sent repeatedly.
 *
 * @module
 */

/** How many requests are in flight at the same time. */
export type Concurrency = 1 | 32;
export const CONCURRENCIES: readonly Concurrency[] = [1, 32];

/** How long a measurement takes. */
export interface Plan {
  readonly rounds: number;
  /** How long each application runs in a round. */
  readonly batchMs: number;
}

/** How many batches run before the first that counts. */
const WARM_BATCHES = 12;

/** A repeatable request, and how many fit into a batch. */
export interface Timed {
  readonly send: () => Promise<unknown>;
  times: number;
}

/**
 * Warms an application up for some batches and finds out how many requests
 * fit into one. A server runs for days, so its first second does not count.
 */
export async function calibrate(all: readonly Timed[], concurrency: Concurrency, batchMs: number): Promise<void> {
  for (const timed of all) {
    for (let tries = 0; tries < 6; tries++) {
      timed.times = Math.max(1, concurrency * 2 ** (2 * tries));
      const micros = await batch(timed, concurrency);
      if (micros * timed.times > 500 * batchMs) break;
    }
    timed.times = fitting(await batch(timed, concurrency));
    for (let warming = 0; warming < WARM_BATCHES; warming++) await batch(timed, concurrency);
    timed.times = fitting(await batch(timed, concurrency));
  }

  function fitting(micros: number): number {
    return Math.max(concurrency, Math.ceil((1000 * batchMs) / micros));
  }
}

/** Microseconds per request. */
export async function batch({ send, times }: Timed, concurrency: Concurrency): Promise<number> {
  let left = times;
  const begun = process.hrtime.bigint();
  if (concurrency === 1) while (left-- > 0) await send();
  else await Promise.all(Array.from({ length: concurrency }, worker));
  return Number(process.hrtime.bigint() - begun) / 1000 / times;

  async function worker(): Promise<void> {
    while (left-- > 0) await send();
  }
}

/** The items in random order. */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const all = [...items];
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [all[at], all[other]] = [all[other] as Item, all[at] as Item];
  }
  return all;
}
