/**
 * The changes of one session in this process come one after the other, so that none of them meets another. Only those of other processes may.
 *
 * @module
 */

/** Who is at work, and who waits, by id. */
export class Line {
  readonly #last = new Map<string, Promise<void>>();

  /** Makes a call after those that came before. Each ends within the store's timeout. */
  async wait<Result>(id: string, call: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(id);
    let end = () => {};
    const own = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last.set(id, own);
    await before;
    try {
      return await call();
    } finally {
      if (this.#last.get(id) === own) this.#last.delete(id);
      end();
    }
  }
}
