/**
 * Ends what is to end: sessions, and tokens that are to become none.
 *
 * @module
 */
import { acceptedEndings } from "../accept/accept.ts";
import type { Ending, Redemption } from "../session/found.ts";
import type { SessionState } from "../session/visit.ts";
import { findRedeemed, redeem } from "../stored/redeem.ts";
import type { Engine } from "./manager.ts";

/**
 * Waits for the calls that nobody else waits for.
 *
 * @param failed Whether the handler has failed, so that its error is the one to report.
 * @throws what one of them failed with; what was to end is ended by then.
 */
export async function pendingCalls(state: SessionState, engine: Engine, failed: boolean): Promise<void> {
  // The request has failed already: what a call fails with is not the error to report.
  if (failed) return state.pending?.done().catch(() => {});
  try {
    await state.pending?.done();
  } catch (error) {
    await endOld(state, engine);
    throw error;
  }
}

/** Ends what was to end whatever else failed, where no response can carry a cookie. */
export async function commitEnds(state: SessionState, engine: Engine): Promise<void> {
  state.discard();
  // A new id that save() wrote is one that the browser will never know. One that another answer brings, too, it may know.
  if (state.kept?.token.renew === "must" && state.kept.key.id === state.madeId) state.destroy();
  await endOld(state, engine);
}

/** Ends what the request wants ended, in the store; the cookies go with the answer. */
export async function endOld(state: SessionState, engine: Engine): Promise<void> {
  for (const ending of state.ended) await end(ending, engine);
  state.ended = [];
}

async function end(ending: Ending, engine: Engine): Promise<void> {
  if (ending.is === "token") return endToken(ending.redemption, engine);
  if (ending.is === "accepted") {
    for (const one of await acceptedEndings(engine, ending.header)) await end(one, engine);
    return;
  }
  const { key, token, place } = ending;
  const { keeping, forget } = engine.places[place];
  await keeping.remove(key);
  if (token !== undefined) forget(token);
  engine.emit({ type: "destroyed", id: key.id });
}

/** A token whose session ends before it was kept: it becomes no session. If it became one meanwhile, that ends. */
async function endToken(redemption: Redemption, engine: Engine): Promise<void> {
  const { keeping } = engine.places.session;
  const now = engine.now();
  try {
    await redeem(keeping, redemption, null, null, now);
  } catch (error) {
    const entry = await findRedeemed(keeping, redemption.key, now);
    if (entry === null) throw error;
    if (entry.key === null) return;
    await keeping.remove(entry.key);
    engine.emit({ type: "destroyed", id: entry.key.id });
  }
}
