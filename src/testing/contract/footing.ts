/**
 * Runs the basic cases once before all others, which depend on them.
 *
 * @module
 */
import type { SessionStore } from "../../stored/contract.ts";
import { type CaseContext, Cause } from "../first-cause.ts";
import { type BasicCase, basicCases } from "./basics.ts";
import { Trial, type TrialCase } from "./trial.ts";
import { type Method, type Watched, watched } from "./watched.ts";

/** Creates the store for a case. */
export type MakeStore = () => SessionStore | Promise<SessionStore>;

/** Runs the cases for one kind of store. */
export class Footing {
  readonly #create: MakeStore;
  readonly #causes: Map<Method, Cause> = new Map();
  /** Why no case can run: the store could not be created. */
  #none: Cause | undefined;
  #tried: Promise<void> | undefined;

  constructor(create: MakeStore) {
    this.#create = create;
  }

  /** Reports a basic case, which has already run. */
  async runBasic({ name, method }: BasicCase, context?: CaseContext): Promise<void> {
    await this.#ready();
    (this.#none ?? this.#causes.get(method))?.tell(name, context);
  }

  /** Runs any other case. */
  async run(one: TrialCase, context?: CaseContext): Promise<void> {
    await this.#ready();
    (await this.#causeOf(one))?.tell(one.name, context);
  }

  #ready(): Promise<void> {
    this.#tried ??= this.#tryBasics();
    return this.#tried;
  }

  async #tryBasics(): Promise<void> {
    for (const one of basicCases) {
      if (this.#none !== undefined) return;
      const cause = await this.#causeOf(one).catch((error: unknown) => new Cause(error, `${one.method} fails`));
      if (cause !== undefined) this.#causes.set(one.method, cause);
    }
  }

  /** Runs a case. Returns why it cannot be tried, and throws if it fails by itself. */
  async #causeOf({ run }: TrialCase): Promise<Cause | undefined> {
    if (this.#none !== undefined) return this.#none;
    const store = await this.#made();
    if (store instanceof Cause) return store;
    try {
      await run(new Trial(store.store));
    } catch (error) {
      if (store.met === undefined) throw withCalls(error, store);
    }
    return store.met;
  }

  async #made(): Promise<Watched | Cause> {
    try {
      return watched(await this.#create(), this.#causes);
    } catch (error) {
      this.#none = new Cause(error, "there is no store to test");
      return this.#none;
    }
  }
}

/** Adds the latest calls to the error. */
function withCalls(error: unknown, { calls }: Watched): unknown {
  if (error instanceof Error && calls !== "") {
    try {
      error.message += `${error.message.includes("\n") ? "\n " : ""} (after ${calls})`;
    } catch {
      // The error is frozen, so leave it.
    }
  }
  return error;
}
