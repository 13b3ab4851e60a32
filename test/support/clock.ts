/** A clock that only tests move. Epoch seconds. */
export class Clock {
  #time: number;

  constructor(time = 1_800_000_000) {
    this.#time = time;
  }

  readonly now = (): number => this.#time;

  /** Lets time pass. */
  pass(seconds: number): void {
    this.#time += seconds;
  }
}

export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
