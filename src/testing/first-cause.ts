/**
 * Reports each cause once. Cases that depend on something broken are skipped or fail in one line.
 *
 * @module
 */

/** The part of a test runner's context that cases use. The contexts of Vitest and node:test have it. */
export interface CaseContext {
  /** Skips the test and gives the reason. */
  skip?(why: string): unknown;
}

/** Something broken that other cases depend on. */
export class Cause {
  readonly #error: unknown;
  /** The case that reports the error in full, every time it runs. */
  #teller: string | undefined;

  constructor(error: unknown) {
    this.#error = error;
  }

  /**
   * Throws the error in the first case that calls this. Later
   * cases are skipped, or fail in one line if they have no `skip`.
   */
  tell(name: string, context: CaseContext | undefined): void {
    this.#teller ??= name;
    if (this.#teller === name) throw this.#error;
    const why = `Not run because this case fails: ${this.#teller}`;
    if (typeof context?.skip !== "function") throw new Error(why);
    context.skip(why);
  }
}
