/**
 * Puts a public Session before a state: what it asks for is done by loading, commit and update.
 *
 * @module
 */
import { commit } from "./commit.ts";
import { type Engine, placeOf } from "./engine.ts";
import { loadInto } from "./loading.ts";
import { Session } from "./session.ts";
import type { SessionState } from "./state.ts";
import { type Change, refresh, update } from "./update.ts";

/** The public face of a state. */
export function open<Data extends object>(state: SessionState, engine: Engine): Session<Data> {
  return new Session<Data>(state, {
    timeouts: engine.timeouts,
    now: engine.now,
    load: async (fresh) => loadInto(state, engine, { used: true, fresh }),
    refresh: () => refresh(state, engine),
    save: async () => {
      if (state.phase === "committed" && !placeOf(engine, state.subject).keeping.dataInToken) return;
      state.assertWritable();
      await commit(state, engine, "later");
    },
    update: (change) => update(state, engine, change as Change<never>),
  });
}
