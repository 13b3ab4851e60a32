/**
 * Rows that a session's object removed by `take`, so that a caller whose reply was lost can retry.
 *
 * @module
 */
import type { RecordRow } from "./rows.ts";

/** How many rows are remembered. A caller retries within half a second. */
const KNOWN = 8;

/**
 * In memory only: a row for each would cost money, need sweeping, and outlive its use. If the object is reset
 * between two tries of a call, the second finds nothing and no caller gets the row. Two callers never get it.
 */
export class TakenRows {
  readonly #rows = new Map<string, RecordRow>();

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
