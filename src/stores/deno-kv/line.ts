/**
 * Queues the changes of one session in this process, so that only changes of other processes can conflict.
 *
 * @module
 */

/** The last call in the queue of each id. */
export class Line {
  readonly #last = new Map<string, Promise<void>>();

  /** Waits for earlier calls of the same id. Each ends within the store's timeout. */
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
