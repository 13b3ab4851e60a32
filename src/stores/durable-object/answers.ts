/**
 * What a session's object took for good: a caller whose answer was lost asks again, and nothing is left in the table to tell by.
 *
 * @module
 */
import type { RecordRow } from "./rows.ts";

/** How many are known. A caller asks again within half a second. */
const KNOWN = 8;

/**
 * The rows that were taken last, by the names of the calls. In memory, since a row for each would have to be paid for and
 * swept, and would keep longer than anybody needs it what was to be used once. So an object that is reset between two tries of one call does
 * not know any more what it answered: the second finds nothing, and nobody gets the row. Never do two callers get it.
 */
export class TakenRows {
  readonly #rows = new Map<string, RecordRow>();

  /** What a call took before, if it did. */
  of(op: string): RecordRow | undefined {
    return this.#rows.get(op);
  }

  add(op: string, row: RecordRow): void {
    this.#rows.set(op, row);
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= KNOWN) return;
      this.#rows.delete(oldest);
    }
  }
}
