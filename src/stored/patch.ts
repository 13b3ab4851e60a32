/**
 * `session.patch()` in a store: writes keys without reading first.
 *
 * @module
 */
import { GoneError } from "../ground/errors.ts";
import { type JsonObject, MAX_DATA_BYTES } from "../ground/json.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import { SessionData } from "../session/data.ts";
import type { Living } from "../session/found.ts";
import { assign, type Patch } from "../session/patch.ts";
import { keyOf } from "../session/record.ts";
import type { Visit } from "../session/visit.ts";
import { expiryOf, timeoutsIn, timeoutsOf } from "../token/timeouts.ts";
import type { Stored } from "./guarded.ts";
import { notePatch } from "./noted.ts";
import { carryThrough, goAlong, type Tried, tryUpdate } from "./update.ts";

/** Writes these keys. @throws GoneError, DataError, StoreError */
export async function patch(visit: Visit, stored: Stored, changes: JsonObject, load: () => MaybePromise<void>): Promise<void> {
  const { manager, store } = stored;
  const written = patchOf(changes);
  // A schema checks all of the data, and a store that is not atomic reads anyway.
  const isBlind = store.guarantees.atomic && !store.dataOnly && manager.hooks.check === undefined;
  if (visit.found.is === "unread") {
    if (isBlind && visit.stage === "open" && (await patchUnread(visit, stored, written))) return;
    const loading = load();
    if (loading instanceof Promise) await loading;
    if (isOthersNow(visit)) throw new GoneError("ended");
  }
  await carryThrough(visit, stored, {
    takesTurns: false,
    inStore: (living) =>
      isBlind ? patchLiving(visit, stored, living, written) : tryUpdate(visit, stored, living, (data) => assign(data, changes)),
    elsewhere: () => stored.cookies.tryPatch(visit, changes).then(() => DONE),
  });
}

const DONE: Tried<void> = { result: undefined };

/** The keys to set and remove. @throws DataError for values that cannot be stored */
function patchOf(changes: JsonObject): Patch {
  const entries = Object.entries(changes).filter(([, value]) => value !== undefined);
  const data = new SessionData();
  data.become(Object.assign(Object.create(null), Object.fromEntries(entries)));
  data.json();
  const unset = Object.keys(changes).filter((key) => changes[key] === undefined);
  return { set: entries.map(([key, value]) => [key, JSON.stringify(value)]), unset };
}

/**
 * Whether the session the request came with has ended or passed to
 * another user. A call made before it loaded meant that session.
 */
function isOthersNow({ arrived: { found: came }, farewell, found }: Visit): boolean {
  const subject = came.is === "living" ? came.record.subject : undefined;
  return farewell !== null || (subject !== undefined && found.is === "living" && found.record.subject !== subject);
}

/** Writes to the session named by the only token. False if it is missing, or may not be the one that counts. */
async function patchUnread(visit: Visit, { manager, store }: Stored, written: Patch): Promise<boolean> {
  // A copy would still show the old data.
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
  // A load that began in the meantime may have read the store before this write.
  const { loading } = visit;
  if (loading instanceof Promise) await loading.catch(() => {});
  notePatch(visit, claims.sid, written, { version: result.version, now, expiresAt });
  return true;
}

/** One try on the loaded session. */
async function patchLiving(visit: Visit, stored: Stored, living: Living, written: Patch): Promise<Tried<void>> {
  const { manager, store } = stored;
  const { wish } = visit;
  const { key, record } = living;
  const now = manager.now();
  const expiresAt = expiryOf(record.startedAt, now, timeoutsOf(record, manager.timeouts));
  const result = await store.update(key, written, { now, expiresAt, maxBytes: MAX_DATA_BYTES });
  if (!result.ok) return goAlong(visit, stored, living, wish, result.why);
  manager.emit({ type: "saved", id: key.id });
  notePatch(visit, key.id, written, { version: result.version, now, expiresAt });
  return DONE;
}
