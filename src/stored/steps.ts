/**
 * Plans a commit: one step for the store, and the session after it. Nothing is written here.
 *
 * @module
 */
import { type JsonObject, parseData } from "../ground/json.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { Channel, Occasion, Plan } from "../manager/contract.ts";
import { channelOf } from "../manager/manager.ts";
import { type Gone, isBroughtElsewhere, type Living } from "../session/found.ts";
import { afterChange, afterUse, type Circumstances, usedNow } from "../session/next.ts";
import { applyPatch, diff, type Patch } from "../session/patch.ts";
import type { Key } from "../session/record.ts";
import { livingOf, remembersOf, shownText, subjectOf, type Visit, withoutLeft } from "../session/visit.ts";
import { follow, type Whereabouts } from "./follow.ts";
import type { Stored } from "./guarded.ts";

/** The part of a plan that is decided here. */
type Step = Omit<Plan, "wish">;

/** What every step that writes has. */
interface Common extends Step {
  readonly next: Living;
  /** The required version, if changes by others have to be looked at first. */
  readonly ifVersion?: number | undefined;
}

/** The plan of a commit. */
export type StorePlan = Pick<Plan, "wish"> & Decided;

type Decided =
  | (Step & { readonly step: "none" })
  /** For a session in its cookie. */
  | (Step & { readonly step: "created" | "touched" | "saved" | "regenerated" })
  /** The session is out of reach. Its changes or its new id are lost. */
  | (Step & { readonly step: "lost"; readonly next: null; readonly gone: Gone })
  | (Common & { readonly step: "touch" })
  | (Common & { readonly step: "create" })
  | (Common & { readonly step: "replace"; readonly patch: Patch; readonly from: Key })
  /**
   * `join`: another request already gave the session the new id this one wants, so this one writes its changes there.
   */
  | (Common & { readonly step: "update"; readonly patch: Patch })
  | (Common & { readonly step: "join"; readonly patch: Patch });

/** What the handler sees, as an object and as text. */
interface Shown {
  readonly data: JsonObject;
  readonly text: string;
}

/** What a plan is made from. */
interface Scene {
  readonly visit: Visit;
  readonly stored: Stored;
  readonly shown: Shown;
  readonly circumstances: Circumstances;
  /** The part of the store for a new key. */
  readonly route: string | undefined;
}

const NO_CHANGE: Patch = { set: [], unset: [] };
const NOTHING: Decided = { step: "none", next: null, saves: false };

/** The plan for what a request did. @throws DataError if the data cannot be stored; StoreError if the store fails */
export function planFor(visit: Visit, stored: Stored, text: string, occasion: Occasion): MaybePromise<StorePlan> {
  const { manager } = stored;
  const channel = channelOf(manager, subjectOf(visit));
  if (channel.mode === "cookie" && outOfReach(visit) === null) return stored.cookies.plan(visit, text, occasion) as StorePlan;
  const needsKey = visit.found.is !== "living" || visit.wish.to !== "stay";
  return needsKey
    ? planForKey(visit, stored, text, occasion, channel)
    : { wish: visit.wish, ...planHere(sceneOf(visit, stored, channel, undefined, text)) };
}

function sceneOf(visit: Visit, stored: Stored, { mode }: Channel, route: string | undefined, text: string): Scene {
  const { manager } = stored;
  const circumstances = { mode, timeouts: manager.timeouts, now: manager.now() };
  return { visit, stored, shown: { data: visit.data.stored(), text }, circumstances, route };
}

/** For a new key, first asks for its part of the store and for where the session went. */
function planForKey(visit: Visit, stored: Stored, text: string, occasion: Occasion, channel: Channel): MaybePromise<StorePlan> {
  const { wish } = visit;
  const mark = visit.found.is === "gone" && needsWhereabouts(visit) ? visit.found.mark : null;
  const routing = channel.mode === "cookie" ? undefined : stored.store.route(subjectOf(visit));
  if (routing === undefined && mark === null)
    return planWithKey(sceneOf(visit, stored, channel, undefined, text), occasion, null);
  return Promise.all([routing, mark && follow(stored, mark)]).then(([route, went]) => {
    const now = visit.data.json(shownText(visit));
    // A login in the meantime needs another part of the store.
    if (visit.wish !== wish) return planFor(visit, stored, now, occasion);
    return planWithKey(sceneOf(visit, stored, channel, route, now), occasion, went);
  });
}

function planWithKey(scene: Scene, occasion: Occasion, went: Whereabouts | null): StorePlan {
  const { found, wish } = scene.visit;
  if (found.is === "living") return { wish, ...planForRenewal(scene, found) };
  const gone = outOfReach(scene.visit);
  return { wish, ...(gone === null ? planForNew(scene, occasion) : planForGone(scene, gone, went)) };
}

/** The session that is gone, unless its visitor can simply start over. */
const outOfReach = ({ found, wish }: Visit): Gone | null =>
  found.is === "gone" && (!found.anew || wish.to === "login") ? found : null;

function needsWhereabouts({ found, wish }: Visit): boolean {
  return wish.to === "login" || (wish.to === "regenerateId" && found.is === "gone" && !found.atLoad);
}

/** A session that keeps its id. */
function planHere(scene: Scene): Decided {
  const { visit, shown } = scene;
  const living = livingOf(visit) as Living;
  const patch = shown.text === shownText(visit) ? null : diff(parseData(living.record.data) ?? {}, shown.data);
  if (patch === null) return planForUse(scene, living);
  const next = afterChange(visit, shown.text, scene.circumstances, living.key.route);
  return { step: "update", next, saves: true, patch, ifVersion: versionFor(scene, living) };
}

/** A session not stored yet: a new one, or one from an accepted token. */
function planForNew({ visit, shown: { text }, circumstances, route }: Scene, { mode }: Occasion): Decided {
  const { found, wish, converted } = visit;
  const imported = found.is === "imported" ? found : null;
  const onlyRead = imported !== null && wish.to === "stay" && (converted ?? imported.record.data) === text;
  // If no cookie can be sent, an accepted session that was only read is left to the next request.
  const isKept = onlyRead ? mode !== "impossible" : imported !== null || text !== "{}" || wish.to === "login";
  if (!isKept) return NOTHING;
  if (found.is === "outage") throw found.error;
  return { step: "create", next: afterChange(visit, text, circumstances, route), saves: true };
}

/** A session that ended or moved. docs/sessions.md says which requests fail. */
function planForGone(scene: Scene, gone: Gone, went: Whereabouts | null): Decided {
  const { visit, shown, circumstances, route } = scene;
  const { wish } = visit;
  const patch = ownChanges(visit, shown.data);
  if (wish.to === "login") {
    if (went !== null && !went.renewed && went.record.subject === wish.subject) return joining(scene, went, patch);
    // The old data cannot be taken along: another login has it, or it is gone.
    const own = applyPatch("{}", { set: patch?.set ?? [], unset: [] });
    return { step: "create", next: afterChange(visit, own, circumstances, route), saves: true, shown: shown.text };
  }
  if (wish.to === "regenerateId" && went?.renewed && !gone.atLoad) return joining(scene, went, patch);
  return patch === null && wish.to === "stay" ? NOTHING : { step: "lost", next: null, saves: false, gone };
}

/** This request's own changes. What a login left behind is not a change to the session it joins. */
function ownChanges(visit: Visit, data: JsonObject): Patch | null {
  return diff(parseData(withoutLeft(visit, shownText(visit))) ?? {}, data);
}

/** The session under the id that another request gave it. This response brings its cookie too. */
function joining(scene: Scene, { key, record }: Pick<Living, "key" | "record">, patch: Patch | null): Decided {
  const { visit, shown, circumstances } = scene;
  const there: Living = { is: "living", key, record, cookie: "missing", remember: remembersOf(visit) };
  if (patch === null) return { ...planForUse(scene, there), shown: shown.text };
  const used = usedNow(record, circumstances.timeouts, circumstances.now);
  const next: Living = { ...there, record: { ...used, data: applyPatch(record.data, patch), version: record.version + 1 } };
  return { step: "join", next, saves: true, patch, ifVersion: versionFor(scene, there), shown: shown.text };
}

/** A new id. A visitor's session in a cookie is not in the store yet, so there is nothing to move. */
function planForRenewal(scene: Scene, living: Living): Decided {
  const { visit, shown, circumstances, route, stored } = scene;
  const { wish } = visit;
  const patch = changes(scene, living);
  const isThere = isBroughtElsewhere(living) && wish.to === "regenerateId" && wish.graceSeconds > 0;
  if (isThere) return joining(scene, living, patch);
  const next = afterChange(visit, shown.text, circumstances, route);
  if (channelOf(stored.manager, living.record.subject).mode !== circumstances.mode) return { step: "create", next, saves: true };
  return {
    step: "replace",
    next,
    saves: true,
    patch: patch ?? NO_CHANGE,
    from: living.key,
    ifVersion: versionFor(scene, living),
  };
}

function changes({ visit: { wish }, shown: { data, text } }: Scene, { record }: Living): Patch | null {
  const replaces = wish.to === "login" && wish.replacesData;
  if (record.data === text && !replaces) return null;
  const patch = diff(replaces ? {} : (parseData(record.data) ?? {}), data);
  return replaces ? { ...(patch ?? NO_CHANGE), replacesData: true } : patch;
}

/**
 * The required version, if changes by others have to be looked at first: a schema checks all of the
 * data, converted data replaces what was there, and a login with named keys takes only those along.
 */
function versionFor({ visit, stored, circumstances }: Scene, { record }: Pick<Living, "record">): number | undefined {
  const { wish, converted } = visit;
  const mustKnow = stored.manager.hooks.check !== undefined || (wish.to === "login" && wish.keys !== null) || converted !== null;
  return mustKnow && circumstances.mode === "store" ? record.version : undefined;
}

/** Use without a change. Recorded when due. */
function planForUse({ circumstances }: Scene, living: Living): Decided {
  const next = afterUse(living, circumstances);
  return next === living ? { step: "none", next, saves: false } : { step: "touch", next, saves: false };
}
