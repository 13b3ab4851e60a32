/**
 * Entries in the order of their use. A Map keeps an order, too, but finding its first entry takes longer with every one that
 * was deleted before it, and a full store deletes all the time.
 *
 * @module
 */

/** An entry, and its neighbours. */
export interface Used<Value> {
  readonly id: string;
  readonly value: Value;
  before: Used<Value>;
  after: Used<Value>;
}

/** The order: a ring, whose start stands between the entry used last and the one used longest ago. */
export class UseOrder<Value> {
  readonly #start: Used<Value>;

  constructor() {
    const start = { id: "", value: undefined } as unknown as Used<Value>;
    start.before = start;
    start.after = start;
    this.#start = start;
  }

  /** The entry used longest ago. */
  get oldest(): Used<Value> | undefined {
    return this.#start.after === this.#start ? undefined : this.#start.after;
  }

  /** Adds an entry as the one used last. */
  add(id: string, value: Value): Used<Value> {
    const { before } = this.#start;
    const used: Used<Value> = { id, value, before, after: this.#start };
    before.after = used;
    this.#start.before = used;
    return used;
  }

  /** Takes out an entry that was added. */
  remove({ before, after }: Used<Value>): void {
    before.after = after;
    after.before = before;
  }
}
