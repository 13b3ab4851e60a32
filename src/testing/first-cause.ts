/**
 * One cause is told once: cases that rest on what does not work say so in one line, or are skipped, and do not fail in ways of their own.
 *
 * @module
 */

/** What a test runner hands to a test, as far as cases use it: vitest's and node:test's contexts have it. */
export interface CaseContext {
  /** Leaves the test out, and says why. */
  skip?(why: string): unknown;
}

/** Something that does not work, and that other cases rest on. */
export class Cause {
  readonly #error: unknown;
  /** The case that told it. The first may, and tells it again when it is run again. */
  #teller: string | undefined;

  constructor(error: unknown) {
    this.#error = error;
  }

  /** Fails with the error in the first case that calls this. Others are skipped, where the runner lets them, and else fail in one line. */
  tell(name: string, context: CaseContext | undefined): void {
    this.#teller ??= name;
    if (this.#teller === name) throw this.#error;
    const why = `Not tried, since this case fails: ${this.#teller}`;
    if (typeof context?.skip !== "function") throw new Error(why);
    context.skip(why);
  }
}
