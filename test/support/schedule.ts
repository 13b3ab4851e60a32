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
  #open = false;

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when this step is let go. */
  turn(): Promise<void> {
    return this.#open ? Promise.resolve() : new Promise((go) => this.#waiting.push(go));
  }

  /** Lets one step go, and everything it leads to until that waits again. */
  async step(index: number): Promise<void> {
    this.#waiting.splice(index, 1)[0]?.();
    await quiet();
  }

  /** From now on nothing waits. */
  open(): void {
    this.#open = true;
    for (const go of this.#waiting.splice(0)) go();
  }
}

/** When nothing is left to do but what waits: with cryptography that needs no other thread, all the rest is microtasks. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
