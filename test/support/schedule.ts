/** Chance that can be repeated, and a scheduler that lets one waiting step go at a time. */

/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.between(0, items.length - 1)] as Item;
  }
}

/** Steps that wait for their turn. */
export class Scheduler {
  #waiting: (() => void)[] = [];
  readonly #working = new Set<Promise<unknown>>();
  #open = false;

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when this step is let go. */
  turn(): Promise<void> {
    return this.#open ? Promise.resolve() : new Promise((go) => this.#waiting.push(go));
  }

  /** Work that ends by itself, such as the call of a server: no other step goes until it is done. */
  async working<Result>(work: Promise<Result>): Promise<Result> {
    const done = work.catch(() => {});
    this.#working.add(done);
    try {
      return await work;
    } finally {
      this.#working.delete(done);
    }
  }

  /** Lets one step go, and everything it leads to until that waits again. */
  async step(index: number): Promise<void> {
    this.#waiting.splice(index, 1)[0]?.();
    await this.quiet();
  }

  /** When nothing is left to do but what waits for its turn. */
  async quiet(): Promise<void> {
    await drained();
    while (this.#working.size > 0) {
      await Promise.race(this.#working);
      await drained();
    }
  }

  /** From now on nothing waits. */
  open(): void {
    this.#open = true;
    for (const go of this.#waiting.splice(0)) go();
  }
}

/** More than any chain of promises in this library takes. */
const MICROTASKS = 500;

/** When all microtasks are done. In workerd the event loop's next round is a millisecond away, and there are thousands. */
async function drained(): Promise<void> {
  if (navigator.userAgent !== "Cloudflare-Workers") return new Promise((resolve) => setImmediate(resolve));
  for (let count = 0; count < MICROTASKS; count++) await null;
}

/** The operations of Web Crypto that sessions use. Node does them on other threads. */
const OPERATIONS = [
  "digest",
  "sign",
  "verify",
  "encrypt",
  "decrypt",
  "deriveBits",
  "deriveKey",
  "importKey",
  "wrapKey",
  "unwrapKey",
] as const;

/** The shortest wait that is for something that never comes in a schedule, such as a time limit. Milliseconds. */
const LONG_WAIT = 1000;

const NO_TIMER = { ref: () => NO_TIMER, unref: () => NO_TIMER, [Symbol.toPrimitive]: () => 0 };

/**
 * Until it is undone, cryptography counts as work, and whoever waits a moment before they try again waits for their turn. No time
 * limit is ever reached.
 */
export function takeOver(scheduler: Scheduler): () => void {
  const { setTimeout } = globalThis;
  const soon = (go: () => void, milliseconds = 0) => {
    if (milliseconds < LONG_WAIT) scheduler.turn().then(go);
    return NO_TIMER;
  };
  globalThis.setTimeout = soon as unknown as typeof setTimeout;
  const subtle = crypto.subtle as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
  for (const name of OPERATIONS) {
    const operation = subtle[name]?.bind(subtle);
    if (operation === undefined) continue;
    const value = (...given: unknown[]) => scheduler.working(operation(...given));
    Object.defineProperty(subtle, name, { configurable: true, value });
  }
  return () => {
    globalThis.setTimeout = setTimeout;
    for (const name of OPERATIONS) delete subtle[name];
  };
}
