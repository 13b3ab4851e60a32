/**
 * Puts a public Session before a state: what it asks for is done by loading, commit and update.
 *
 * @module
 */

import { OptionError } from "../ground/errors.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import { seconds } from "../ground/option-values.ts";
import { MAX_GRACE_SECONDS } from "../session/record.ts";
import { Session, type SessionActions } from "../session/session.ts";
import type { Timeouts } from "../session/timeouts.ts";
import type { SessionState } from "../session/visit.ts";
import { type Change, refresh, update } from "../stored/update.ts";
import { commit } from "./commit.ts";
import { loadInto } from "./load.ts";
import { type Engine, placeOf } from "./manager.ts";

/** The public face of a state. */
export function open<Data extends object>(state: SessionState, engine: Engine): Session<Data> {
  return new Session<Data>(state, new Actions<Data>(state, engine));
}

// A class, because every request makes one: six functions of its own would each be an object.
class Actions<Data extends object> implements SessionActions<Data> {
  readonly #state: SessionState;
  readonly #engine: Engine;

  constructor(state: SessionState, engine: Engine) {
    this.#state = state;
    this.#engine = engine;
  }

  get timeouts(): Timeouts {
    return this.#engine.timeouts;
  }

  now(): number {
    return this.#engine.now();
  }

  noteNextId(next: string, former: string): void {
    this.#engine.nextIds.note(next, former);
  }

  assertGrace(graceSeconds: number): void {
    if (graceSeconds === 0) return;
    seconds("graceSeconds", graceSeconds, 1, MAX_GRACE_SECONDS);
    // What is out of reach was in a store; the commit says the rest.
    if (this.#state.gone !== null) return;
    const { store } = this.#engine;
    const { dataInToken } = placeOf(this.#engine, this.#state.subject).keeping;
    if (!dataInToken && store?.guarantees.marks !== false) return;
    const why = dataInToken ? "the session is in its cookie" : "the store keeps no mark of where a session went";
    throw new OptionError("ERR_OPTION", `Cannot regenerate the id with graceSeconds: ${why}; leave graceSeconds out`);
  }

  load(fresh: boolean): MaybePromise<void> {
    return loadInto(this.#state, this.#engine, { used: true, fresh });
  }

  async refresh(): Promise<void> {
    await refresh(this.#state, this.#engine);
  }

  async save(): Promise<void> {
    const { phase, subject } = this.#state;
    if (phase === "committed" && !placeOf(this.#engine, subject).keeping.dataInToken) return;
    this.#state.assertWritable();
    await commit(this.#state, this.#engine, "later");
  }

  async update<Result>(change: (data: Partial<Data>) => Result | Promise<Result>): Promise<Result> {
    return await update(this.#state, this.#engine, change as Change<Result>);
  }
}
