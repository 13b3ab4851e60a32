/**
 * What one request's changes come to: one step for the keeping, and the session after it. No I/O.
 *
 * @module
 */

import { type JsonObject, parseData, stringifyData } from "../ground/json.ts";
import type { Gone, Kept } from "../session/found.ts";
import { applyPatch, diff, type Patch } from "../session/patch.ts";
import type { Key, SessionRecord } from "../session/record.ts";
import { expiryOf, isTouchDue, ownTimeouts, timeoutsOf } from "../session/timeouts.ts";
import type { SessionState } from "../session/visit.ts";
import type { Whereabouts } from "../stored/follow.ts";
import { type Engine, placeOf } from "./manager.ts";

/**
 * The step, and what the session is once it is done. `shown`: what the handler sees when the plan is made, where the session will be
 * another one than that.
 */
export type Plan =
  | { readonly step: "none"; readonly next: Kept | null; readonly shown?: string }
  /** The session is out of reach, and so is what was to be changed, or its new id. */
  | { readonly step: "lost"; readonly next: null; readonly gone: Gone }
  | { readonly step: "touch"; readonly next: Kept; readonly shown?: string }
  | { readonly step: "create"; readonly next: Kept; readonly shown?: string }
  | { readonly step: "update"; readonly next: Kept; readonly patch: Patch; readonly ifVersion?: number }
  | { readonly step: "replace"; readonly next: Kept; readonly patch: Patch; readonly from: Key; readonly ifVersion?: number }
  /** Another request gave the session the id that this one wants, too: what this one changed goes there. */
  | { readonly step: "join"; readonly next: Kept; readonly patch: Patch; readonly ifVersion?: number; readonly shown: string };

/** What had to be asked for before there can be a plan. */
export interface Surroundings {
  /** The part of the store for a new key. */
  readonly route: string | undefined;
  /** Where a session is that moved. */
  readonly went: Whereabouts | null;
  /** Whether the response can carry a cookie, so that an accepted session can be kept as ours. */
  readonly canSetCookie: boolean;
}

/** The data, as an object and as text. */
interface Shown {
  readonly data: JsonObject;
  readonly text: string;
}

const NO_CHANGE: Patch = { set: [], unset: [] };

/** Whether the plan for this state will need a key, and so a route. */
export function needsNewKey(state: SessionState): boolean {
  return state.kept === null || state.renewal !== null;
}

/** Whether the plan depends on where a session went that moved. */
export function needsWhereabouts({ gone, renewal }: SessionState): boolean {
  return gone?.mark != null && (renewal === "login" || (renewal === "regenerateId" && !gone.atLoad));
}

/**
 * The plan for what a request did.
 *
 * @throws DataError when the data cannot be kept; StoreError when there are changes and the store could not be asked.
 */
export function planFor(state: SessionState, engine: Engine, around: Surroundings): Plan {
  const { kept, renewal, gone } = state;
  const data = state.content.stored();
  const text = stringifyData(data, kept?.record.data.length);
  if (kept === null) {
    const isOut = gone !== null && (!gone.anew || renewal === "login");
    return isOut ? planForGone(state, engine, gone, { data, text }, around) : planForNew(state, engine, text, around);
  }
  const patch = changes(state, kept, engine, text, data);
  if (renewal !== null) return planForRenewal(state, kept, engine, text, patch, around);
  if (patch !== null)
    return { step: "update", next: following(state, engine, text, kept.key.route), patch, ...onlyOn(state, engine, kept) };
  return planForUse(kept, engine);
}

/** A session that is not kept yet: a new one, or one that an accepted token brought. */
function planForNew(state: SessionState, engine: Engine, text: string, { route, canSetCookie }: Surroundings): Plan {
  const { imported, renewal } = state;
  const onlyRead = imported !== null && renewal === null && (state.migrated ?? imported.record.data) === text;
  const isKept = onlyRead ? canSetCookie : imported !== null || text !== "{}" || renewal === "login";
  if (!isKept) return { step: "none", next: null };
  if (state.outage !== null) throw state.outage;
  return { step: "create", next: following(state, engine, text, route) };
}

/** A session that ended or moved: design of who is told what in docs/sessions.md. */
function planForGone(state: SessionState, engine: Engine, gone: Gone, shown: Shown, { route, went }: Surroundings): Plan {
  const { renewal } = state;
  const patch = ownChanges(state, shown.data);
  if (renewal === "login") {
    if (went !== null && !went.renewed && went.record.subject === state.subject)
      return joining(state, engine, went, patch, shown.text);
    // What was in the session is not there to be taken along: another login has it, or nobody.
    const own = applyPatch("{}", { set: patch?.set ?? [], unset: [] });
    return { step: "create", next: following(state, engine, own, route), shown: shown.text };
  }
  if (renewal === "regenerateId" && went?.renewed && !gone.atLoad) return joining(state, engine, went, patch, shown.text);
  return patch === null && renewal === null ? { step: "none", next: null } : { step: "lost", next: null, gone };
}

/** What this request itself did to the data. That a login left something behind is no change of the session it joins. */
function ownChanges(state: SessionState, data: JsonObject): Patch | null {
  return diff(parseData(state.withoutLeft(state.migrated ?? state.base)) ?? {}, data);
}

/** The session under the id that another request gave it: this one brings its cookie, too. */
function joining(
  state: SessionState,
  engine: Engine,
  { key, record }: Pick<Kept, "key" | "record">,
  patch: Patch | null,
  shown: string,
): Plan {
  const there: Kept = { key, record, token: { temp: state.temp, renew: "must" } };
  if (patch === null) return { ...planForUse(there, engine), shown };
  const after = { ...used(record, engine), data: applyPatch(record.data, patch), version: record.version + 1 };
  return { step: "join", next: { ...there, record: after }, patch, ...onlyOn(state, engine, there), shown };
}

/** A new id. What a visitor brought in a cookie is in no store yet, so there is nothing to move. */
function planForRenewal(
  state: SessionState,
  kept: Kept,
  engine: Engine,
  text: string,
  patch: Patch | null,
  { route }: Surroundings,
): Plan {
  const isThere = kept.token.elsewhere && state.renewal === "regenerateId" && state.graceSeconds > 0;
  if (isThere) return joining(state, engine, kept, patch, text);
  const next = following(state, engine, text, route);
  const { keeping } = placeOf(engine, state.subject);
  if (placeOf(engine, kept.record.subject).keeping !== keeping) return { step: "create", next };
  return { step: "replace", next, patch: patch ?? NO_CHANGE, from: kept.key, ...onlyOn(state, engine, kept) };
}

/**
 * The version that a change is for, where what others wrote meanwhile has to be looked at: all of the data must fit a schema, a migration is
 * of what was there, and a login that names keys takes only those along.
 */
function onlyOn(
  { keeps, migrated, subject }: SessionState,
  engine: Engine,
  { record }: Pick<Kept, "record">,
): { readonly ifVersion?: number } {
  const { timesInToken } = placeOf(engine, subject).keeping;
  const mustKnow = engine.schema !== undefined || keeps !== null || migrated !== null;
  return mustKnow && !timesInToken ? { ifVersion: record.version } : {};
}

/** Use without a change: written down when that is due, in the store, or in a new token that carries the session. */
function planForUse(kept: Kept, engine: Engine): Extract<Plan, { step: "none" | "touch" }> {
  const { record, token } = kept;
  const { keeping } = placeOf(engine, record.subject);
  if (!isTouchDue(record, timeoutsOf(record, engine.timeouts), engine.now())) return { step: "none", next: kept };
  const renew = keeping.timesInToken && token.renew === "no" ? "due" : token.renew;
  return { step: "touch", next: { ...kept, record: used(record, engine), token: { ...token, renew } } };
}

/** The record, used now. */
function used(record: SessionRecord, { now, timeouts }: Engine): SessionRecord {
  const time = now();
  return { ...record, seenAt: time, expiresAt: expiryOf(record.startedAt, time, timeoutsOf(record, timeouts)) };
}

function changes({ clear }: SessionState, { record }: Kept, engine: Engine, text: string, data: JsonObject): Patch | null {
  if (record.data === text && !clear) return null;
  // A token carries all the data: nobody asks what of it has changed.
  if (placeOf(engine, record.subject).keeping.dataInToken && !clear) return NO_CHANGE;
  const patch = diff(clear ? {} : (parseData(record.data) ?? {}), data);
  return clear ? { ...(patch ?? NO_CHANGE), clear: true } : patch;
}

/** The session after a change of its data, its id or its user. */
function following(state: SessionState, engine: Engine, data: string, route: string | undefined): Kept {
  const { kept, renewal, subject, meta, temp, id } = state;
  const own = ownTimeouts(state.ownTimeouts);
  const timeouts = timeoutsOf(own, engine.timeouts);
  const { keeping } = placeOf(engine, subject);
  const time = engine.now();
  const before = kept?.record ?? state.imported?.record;
  const startedAt = before === undefined || renewal === "login" ? time : before.startedAt;
  const record: SessionRecord = {
    data,
    version: (kept?.record.version ?? 0) + 1,
    startedAt,
    seenAt: time,
    expiresAt: expiryOf(startedAt, time, timeouts),
    ...(subject !== undefined && { subject }),
    ...(meta !== undefined && { meta }),
    ...own,
  };
  if (kept === null || renewal !== null || keeping.dataInToken) {
    const key = route === undefined ? { id } : { id, route };
    return { key, record, token: { temp, renew: "must" } };
  }
  const due = keeping.timesInToken && isTouchDue(kept.record, timeouts, time);
  return { key: kept.key, record, token: due ? { ...kept.token, renew: "due" } : kept.token };
}
