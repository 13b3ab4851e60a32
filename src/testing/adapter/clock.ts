/**
 * A clock that only tests advance. Epoch seconds.
 *
 * @module
 */

/** The clock. */
export class Clock {
  #time: number;

  constructor(time = 1_800_000_000) {
    this.#time = time;
  }

  readonly now = (): number => this.#time;

  /** Advances the clock. */
  pass(seconds: number): void {
    this.#time += seconds;
  }
}

/** In seconds. */
export const MINUTE = 60;
export const HOUR: number = 60 * MINUTE;
export const DAY: number = 24 * HOUR;
