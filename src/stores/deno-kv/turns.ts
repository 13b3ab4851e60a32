/**
 * Turns: the changes of one session in this process come one after the other, so that none of them meets another. Only those of other
 * processes may.
 *
 * @module
 */

/** Who is at work, by id. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Makes a call after those that came before. A turn ends within the store's timeout. */
  async take<Result>(id: string, call: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(id);
    let end = () => {};
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last.set(id, turn);
    await before;
    try {
      return await call();
    } finally {
      if (this.#last.get(id) === turn) this.#last.delete(id);
      end();
    }
  }
}
