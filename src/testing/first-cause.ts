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
  readonly #what: string;
  /** The case that reports the error in full, every time it runs. */
  #teller: string | undefined;

  /** @param what What is broken, in a few words: it is all that the other cases say. */
  constructor(error: unknown, what: string) {
    this.#error = error;
    this.#what = what;
  }

  /**
   * Throws the error in the first case that calls this. Later
   * cases are skipped, or fail in one line if they have no `skip`.
   */
  tell(name: string, context: CaseContext | undefined): void {
    this.#teller ??= name;
    if (this.#teller === name) throw this.#error;
    const why = `Not run: ${this.#what}`;
    if (typeof context?.skip !== "function") throw withoutStack(why);
    context.skip(why);
  }
}

/** Runners print the stack of each error, which would bury the one that says something. */
function withoutStack(message: string): Error {
  const error = new Error(message);
  error.stack = `Error: ${message}`;
  return error;
}
