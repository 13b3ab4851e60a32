/**
 * `session.patch()` in a store: keys are written without a look at what is there.
 *
 * @module
 */
import { ConflictError } from "../ground/errors.ts";
import { type JsonObject, MAX_DATA_BYTES } from "../ground/json.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import { SessionData } from "../session/data.ts";
import { applyPatch, assign, type Patch } from "../session/patch.ts";
import { keyOf } from "../session/record.ts";
import { livingOf, type Visit } from "../session/visit.ts";
import { assertWritable } from "../session/wish.ts";
import { expiryOf, timeoutsIn, timeoutsOf } from "../token/timeouts.ts";
import type { Stored } from "./guarded.ts";
import { goOnWith } from "./rebase.ts";
import { goAlong, isInStore, saveFirst, update } from "./update.ts";

/** A session may move while it is written. More often than this within one call it does not. */
const MAX_TRIES = 20;

/** Writes these keys. @throws GoneError, DataError, StoreError */
export async function patch(visit: Visit, stored: Stored, changes: JsonObject, load: () => MaybePromise<void>): Promise<void> {
  const { manager, store } = stored;
  const written = patchOf(changes);
  // All of the data must fit a schema, and a store that is not atomic reads anyway.
  const isBlind = store.guarantees.atomic && !store.dataOnly && manager.hooks.check === undefined;
  if (visit.found.is === "unread") {
    if (isBlind && visit.stage === "open" && (await patchUnread(visit, stored, written))) return;
    await load();
  }
  if (!isBlind || !isInStore(livingOf(visit)?.record, stored)) return update(visit, stored, (data) => assign(data, changes));
  // As by update(): what is in a store can be written after the answer, too.
  if (visit.stage !== "closed") {
    assertWritable(visit);
    await saveFirst(visit, stored);
  }
  visit.used = true;
  for (let tries = 0; tries < MAX_TRIES; tries++) if (await patchLiving(visit, stored, written)) return;
  throw new ConflictError("ERR_CONFLICT", "Cannot patch the session: it gets another id at each try");
}

/** What is to be set and removed. @throws DataError for what cannot be kept */
function patchOf(changes: JsonObject): Patch {
  const entries = Object.entries(changes).filter(([, value]) => value !== undefined);
  const data = new SessionData();
  data.become(Object.assign(Object.create(null), Object.fromEntries(entries)));
  data.json();
  const unset = Object.keys(changes).filter((key) => changes[key] === undefined);
  return { set: entries.map(([key, value]) => [key, JSON.stringify(value)]), unset };
}

/** Writes to the session that the only token names; false where that is not there, or might not be the one that counts. */
async function patchUnread(visit: Visit, { manager, store }: Stored, written: Patch): Promise<boolean> {
  // A copy would go on to show what was before.
  const only = manager.hooks.answer === undefined ? await manager.onlyToken(visit) : null;
  if (only === null || only.channel.mode !== "store") return false;
  const { claims } = only;
  const now = manager.now();
  const timeouts = timeoutsOf(timeoutsIn(claims), manager.timeouts);
  const expiresAt = expiryOf(claims.start, now, timeouts);
  const seenAfter = now - timeouts.idleTimeout;
  const result = await store.update(keyOf(claims), written, { now, expiresAt, seenAfter, maxBytes: MAX_DATA_BYTES });
  if (!result.ok) return false;
  visit.used = true;
  manager.emit({ type: "saved", id: claims.sid });
  return true;
}

/** Writes to the session that was loaded; false where it has another id by now, under which it is tried again. */
async function patchLiving(visit: Visit, stored: Stored, written: Patch): Promise<boolean> {
  const { manager, store } = stored;
  const { wish } = visit;
  const living = livingOf(visit);
  if (living === null) return goAlong(visit, stored, null, wish).then(() => false);
  const now = manager.now();
  const expiresAt = expiryOf(living.record.startedAt, now, timeoutsOf(living.record, manager.timeouts));
  const result = await store.update(living.key, written, { now, expiresAt, maxBytes: MAX_DATA_BYTES });
  if (!result.ok) return goAlong(visit, stored, living, wish, result.why).then(() => false);
  manager.emit({ type: "saved", id: living.key.id });
  const there = livingOf(visit);
  visit.askedAt = now;
  visit.wrote = true;
  if (there?.key.id !== living.key.id) return true;
  const record = {
    ...there.record,
    data: applyPatch(there.record.data, written),
    version: result.version,
    seenAt: now,
    expiresAt,
  };
  const isExact = result.version === there.record.version + 1 && visit.known !== "stale";
  goOnWith(visit, { ...there, record });
  visit.known = isExact ? "exact" : "stale";
  return true;
}
