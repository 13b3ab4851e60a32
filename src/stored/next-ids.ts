/**
 * Ids that handlers were told of before they are written, and those that they replace.
 *
 * @module
 */

/** The most requests at a time that have asked for an id which is not written yet. */
const MOST = 10_000;

/** Which session an id will be that a handler was told of. */
export class NextIds {
  readonly #former = new Map<string, string>();

  note(next: string, former: string): void {
    this.#former.set(next, former);
    // A request that was never answered leaves its id here.
    const [oldest] = this.#former.size > MOST ? this.#former.keys() : [];
    if (oldest !== undefined) this.#former.delete(oldest);
  }

  written(id: string): void {
    this.#former.delete(id);
  }

  /** The id under which the session is kept now. */
  current(id: string): string {
    return this.#former.get(id) ?? id;
  }
}
