/**
 * What one request's changes come to: one step for the keeping, and the session after it. No I/O.
 *
 * @module
 */
import { type Engine, placeOf } from "./engine.ts";
import { type JsonObject, parseData, stringifyData } from "./json.ts";
import { expiryOf, isTouchDue } from "./lifetime.ts";
import { diff, type Patch } from "./patch.ts";
import type { SessionRecord } from "./record.ts";
import type { Kept, SessionState } from "./state.ts";
import type { Key } from "./stores/store.ts";

/** The step, and what the session is once it is done. */
export type Plan =
  /** Nothing to write. `dropped`: there were changes, of a session that is out of reach. */
  | { readonly step: "none"; readonly next: Kept | null; readonly dropped: boolean }
  | { readonly step: "touch"; readonly next: Kept }
  | { readonly step: "create"; readonly next: Kept }
  | { readonly step: "update"; readonly next: Kept; readonly patch: Patch }
  | { readonly step: "replace"; readonly next: Kept; readonly patch: Patch; readonly from: Key };

const NO_CHANGE: Patch = { set: [], unset: [] };

/** Whether the plan for this state will need a key, and so a route. */
export function needsNewKey(state: SessionState): boolean {
  return state.kept === null || state.renewal !== null;
}

/**
 * The plan for what a request did. `keeps`: the response can carry a cookie, so that an accepted session can be kept as ours.
 *
 * @throws DataError when the data cannot be kept; StoreError when there are changes and the store could not be asked.
 */
export function planFor(state: SessionState, engine: Engine, route: string | undefined, keeps: boolean): Plan {
  const { kept, renewal } = state;
  if (!state.used) return { step: "none", next: kept, dropped: false };
  const data = state.content.stored();
  const text = stringifyData(data, kept?.record.data.length);
  const patch = changes(state, engine, text, data);
  const onlyRead = renewal === null && state.imported?.data === text;
  const changed = onlyRead ? keeps : patch !== null || renewal === "login" || state.imported !== null;
  if (kept === null) {
    if (!changed) return { step: "none", next: null, dropped: false };
    if (state.outage !== null) throw state.outage;
    if (state.lost !== null && renewal !== "login") return { step: "none", next: null, dropped: true };
    return { step: "create", next: following(state, engine, text, route) };
  }
  if (renewal !== null) {
    // What a visitor brought in his cookie is in no store yet; and the id that another answer brings must stay good.
    const moves =
      !kept.token.elsewhere && placeOf(engine, kept.record.subject).keeping === placeOf(engine, state.subject).keeping;
    if (!moves) return { step: "create", next: following(state, engine, text, route) };
    return { step: "replace", next: following(state, engine, text, route), patch: patch ?? NO_CHANGE, from: kept.key };
  }
  if (patch !== null) return { step: "update", next: following(state, engine, text, kept.key.route), patch };
  return planForUse(kept, engine);
}

/** Use without a change: written down when that is due, in the store, or in a new token that carries the session. */
function planForUse(kept: Kept, engine: Engine): Plan {
  const { timeouts } = engine;
  const time = engine.now();
  const { record, token } = kept;
  const { keeping } = placeOf(engine, record.subject);
  if (!isTouchDue(record, timeouts, time)) return { step: "none", next: kept, dropped: false };
  const touched = { ...record, seenAt: time, expiresAt: expiryOf(record.startedAt, time, timeouts) };
  const renew = keeping.timesInToken && token.renew === "no" ? "due" : token.renew;
  return { step: "touch", next: { ...kept, record: touched, token: { ...token, renew } } };
}

function changes({ kept, followed, clear }: SessionState, engine: Engine, text: string, data: JsonObject): Patch | null {
  const { record } = kept ?? followed ?? {};
  if ((record?.data ?? "{}") === text && !clear) return null;
  // What is new is kept whole, and a token carries all the data: nobody asks what of it has changed.
  const isWhole = record === undefined || placeOf(engine, record.subject).keeping.dataInToken;
  if (isWhole && !clear) return NO_CHANGE;
  const patch = diff(clear ? {} : (parseData(record?.data ?? "{}") ?? {}), data);
  return clear ? { ...(patch ?? NO_CHANGE), clear: true } : patch;
}

/** The session after a change of its data, its id or its user. */
function following(state: SessionState, engine: Engine, data: string, route: string | undefined): Kept {
  const { kept, renewal, subject, meta, temp, id } = state;
  const { timeouts } = engine;
  const { keeping } = placeOf(engine, subject);
  const time = engine.now();
  const before = kept?.record ?? state.imported;
  const startedAt = before === null || renewal === "login" ? time : before.startedAt;
  const record: SessionRecord = {
    data,
    version: (kept?.record.version ?? 0) + 1,
    startedAt,
    seenAt: time,
    expiresAt: expiryOf(startedAt, time, timeouts),
    ...(subject !== undefined && { subject }),
    ...(meta !== undefined && { meta }),
  };
  if (kept === null || renewal !== null || keeping.dataInToken) {
    const key = route === undefined ? { id } : { id, route };
    return { key, record, token: { temp, renew: "must" } };
  }
  const due = keeping.timesInToken && isTouchDue(kept.record, timeouts, time);
  return { key: kept.key, record, token: due ? { ...kept.token, renew: "due" } : kept.token };
}
