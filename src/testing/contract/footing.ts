/**
 * What the cases of the store contract rest on: tried once, before the first of them.
 *
 * @module
 */
import type { SessionStore } from "../../stored/contract.ts";
import { type CaseContext, Cause } from "../first-cause.ts";
import { type BasicCase, basicCases } from "./basics.ts";
import { Trial, type TrialCase } from "./trial.ts";
import { type Method, type Watched, watched } from "./watched.ts";

/** Makes the store of a case. */
export type MakeStore = () => SessionStore | Promise<SessionStore>;

/** Runs the cases for one kind of store. */
export class Footing {
  readonly #create: MakeStore;
  readonly #causes: Map<Method, Cause> = new Map();
  /** What keeps every case from being tried: there is no store. */
  #none: Cause | undefined;
  #tried: Promise<void> | undefined;

  constructor(create: MakeStore) {
    this.#create = create;
  }

  /** The case of one method, which was tried already. */
  async runBasic({ name, method }: BasicCase, context?: CaseContext): Promise<void> {
    await this.#ready();
    (this.#none ?? this.#causes.get(method))?.tell(name, context);
  }

  /** Any other case. */
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
      const cause = await this.#causeOf(one).catch((error: unknown) => new Cause(error));
      if (cause !== undefined) this.#causes.set(one.method, cause);
    }
  }

  /** Runs it. Gives why it cannot be tried; throws its own failure. */
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
      this.#none = new Cause(error);
      return this.#none;
    }
  }
}

/** The same error, which says what was called before. */
function withCalls(error: unknown, { calls }: Watched): unknown {
  if (error instanceof Error && calls !== "") {
    try {
      error.message += `${error.message.includes("\n") ? "\n " : ""} (after ${calls})`;
    } catch {
      // A frozen error stays as it is.
    }
  }
  return error;
}
