/**
 * What a public Session asks for is done by loading, commit and update.
 *
 * @module
 */

import { OptionError } from "../ground/errors.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import { seconds } from "../ground/option-values.ts";
import { MAX_GRACE_SECONDS } from "../session/record.ts";
import type { SessionActions } from "../session/session.ts";
import type { Timeouts } from "../session/timeouts.ts";
import type { SessionState } from "../session/visit.ts";
import { type Change, refresh, update } from "../stored/update.ts";
import { commit } from "./commit.ts";
import { loadInto } from "./load.ts";
import { type Engine, placeOf } from "./manager.ts";

/** What the sessions of one manager ask of it. */
export class Actions implements SessionActions {
  readonly #engine: Engine;

  constructor(engine: Engine) {
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

  assertGrace({ gone, subject }: SessionState, graceSeconds: number): void {
    if (graceSeconds === 0) return;
    seconds("graceSeconds", graceSeconds, 1, MAX_GRACE_SECONDS);
    // What is out of reach was in a store; the commit says the rest.
    if (gone !== null) return;
    const { store } = this.#engine;
    const { dataInToken } = placeOf(this.#engine, subject).keeping;
    if (!dataInToken && store?.guarantees.marks !== false) return;
    const why = dataInToken ? "the session is in its cookie" : "the store keeps no mark of where a session went";
    throw new OptionError("ERR_OPTION", `Cannot regenerate the id with graceSeconds: ${why}; leave graceSeconds out`);
  }

  load(state: SessionState, fresh: boolean): MaybePromise<void> {
    return loadInto(state, this.#engine, { used: true, fresh });
  }

  async refresh(state: SessionState): Promise<void> {
    await refresh(state, this.#engine);
  }

  async save(state: SessionState): Promise<void> {
    if (state.phase === "committed" && !placeOf(this.#engine, state.subject).keeping.dataInToken) return;
    state.assertWritable();
    await commit(state, this.#engine, "later");
  }

  async update<Result>(state: SessionState, change: Change<Result>): Promise<Result> {
    return await update(state, this.#engine, change);
  }
}
