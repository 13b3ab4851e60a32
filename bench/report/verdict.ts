/**
 * A goal, and whether it was met.
 *
 * @module
 */

/** A budget, and whether it was met. */
export interface Verdict {
  readonly what: string;
  readonly limit: string;
  readonly found: string;
  readonly met: boolean;
}
