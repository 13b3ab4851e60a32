/**
 * The one seam between "the session is in its cookie" and "the session is in a store": one implementation
 * for each, and one for stores that keep nothing but the data.
 *
 * Everything above it runs the same way on both.
 *
 * @module
 */
import { OptionError, StoreError, type StoreOperation } from "../ground/errors.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import type { Kept } from "../session/found.ts";
import { isMoved, type Key, type MovedMark, type SessionRecord, type UpdateResult } from "../session/record.ts";
import { timeoutClaims, timeoutsIn } from "../session/timeouts.ts";
import type { SessionStore } from "../stored/contract.ts";
import type { Claims } from "../token/claims.ts";

/** Where the core keeps sessions. The methods do what the SessionStore contract says of those with the same names. */
export interface Keeping {
  /** Whether the token carries the data, so that every change makes a new token. */
  readonly dataInToken: boolean;
  /** Whether the token carries the session's times and user, so that use of the session makes a new token. */
  readonly timesInToken: boolean;
  load(claims: Claims, options: Parameters<SessionStore["load"]>[1]): MaybePromise<SessionRecord | MovedMark | null>;
  /** The same for a key that no token names: where a session moved to. */
  loadKey(key: Key, options: Parameters<SessionStore["load"]>[1]): MaybePromise<SessionRecord | MovedMark | null>;
  create(...kept: Parameters<SessionStore["create"]>): MaybePromise<void>;
  update(...change: Parameters<SessionStore["update"]>): MaybePromise<UpdateResult>;
  replace(...change: Parameters<SessionStore["replace"]>): MaybePromise<UpdateResult>;
  touch(...change: Parameters<SessionStore["touch"]>): MaybePromise<boolean>;
  remove(key: Key): MaybePromise<void>;
  /** The part of the store for a subject's sessions, if the store is split. */
  route(subject: string | undefined): MaybePromise<string | undefined>;
  /** The part of the store for a record that is no session, if the store is split. */
  recordRoute(id: string): MaybePromise<string | undefined>;
  /** What a new token says. */
  claims(kept: Kept, now: number): Claims;
}

/** Sessions in their cookies: every write is done when the token is made, and nothing is known but what a token says. */
export const inCookie: Keeping = {
  dataInToken: true,
  timesInToken: true,
  load: (claims) => recordFromToken(claims),
  loadKey: () => null,
  create: () => {},
  update: () => ({ ok: true, version: 0 }),
  replace: () => ({ ok: true, version: 0 }),
  touch: () => true,
  remove: () => {},
  route: () => undefined,
  recordRoute: () => undefined,
  claims: (kept, now) => {
    const { subject, data, expiresAt } = kept.record;
    return { ...commonClaims(kept, now, expiresAt), ...(subject !== undefined && { sub: subject }), data };
  },
};

/** The session that a token carries. */
export function recordFromToken(claims: Claims): SessionRecord {
  const { start, iat, exp, sub, data = "{}" } = claims;
  const times = { startedAt: start, seenAt: iat, expiresAt: exp, ...timeoutsIn(claims) };
  return { data, version: 0, ...times, ...(sub !== undefined && { subject: sub }) };
}

/**
 * Sessions in a store: tokens only name them, and whatever the store throws becomes a StoreError.
 *
 * A token is good until the absolute limit, because the record says when the session ends before that. So use of a session
 * makes no new token, and a slow answer cannot bring back the cookie of an id that was replaced meanwhile.
 */
export function inStore(store: SessionStore, absoluteTimeout: number): Keeping {
  const ask = <Result>(operation: StoreOperation, call: () => Promise<Result>) => guarded(operation, call);
  return {
    dataInToken: false,
    timesInToken: false,
    load: (claims, options) => ask("load", async () => answered(await store.load(keyOf(claims), options))),
    loadKey: (key, options) => ask("load", async () => answered(await store.load(key, options))),
    create: (...kept) => ask("create", () => store.create(...kept)),
    update: (...change) => ask("update", () => store.update(...change)),
    replace: (...change) => ask("replace", () => store.replace(...change)),
    touch: (...change) => ask("touch", () => store.touch(...change)),
    remove: (key) => ask("remove", () => store.remove(key)),
    route: (subject) => (store.route === undefined ? undefined : ask("route", async () => store.route?.(subject))),
    recordRoute: (id) => (store.recordRoute === undefined ? undefined : ask("route", async () => store.recordRoute?.(id))),
    claims: (kept, now) => {
      const { route } = kept.key;
      const exp = kept.record.startedAt + (kept.record.absoluteTimeout ?? absoluteTimeout);
      return { ...commonClaims(kept, now, exp), ...(route !== undefined && { route }) };
    },
  };
}

/** Data in a store, and everything else in the token. */
export function dataInStore(store: SessionStore): Keeping {
  return {
    ...inStore(store, 0),
    timesInToken: true,
    load: (claims, options) =>
      after(
        guarded("load", async () => answered(await store.load(keyOf(claims), options))),
        (found) => (found === null || isMoved(found) ? found : { ...recordFromToken(claims), data: found.data }),
      ),
    claims: (kept, now) => {
      const { subject, expiresAt } = kept.record;
      return { ...commonClaims(kept, now, expiresAt), ...(subject !== undefined && { sub: subject }) };
    },
  };
}

/** What a store may answer; anything else is a broken store, and its value is in no error. */
function answered(found: SessionRecord | MovedMark | null): SessionRecord | MovedMark | null {
  if (typeof found === "object") return found;
  throw new TypeError("Cannot load the session: the store gave no record");
}

/** Where a token says that its session is. */
export function keyOf({ sid, route }: Claims): Key {
  return route === undefined ? { id: sid } : { id: sid, route };
}

function commonClaims({ key, record, token }: Kept, iat: number, exp: number): Claims {
  return { sid: key.id, start: record.startedAt, iat, exp, ...(token.temp && { temp: true }), ...timeoutClaims(record) };
}

/**
 * Runs a store's method; what it throws becomes a StoreError without the store's message, which may hold session data.
 */
export async function guarded<Result>(operation: StoreOperation, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    // A store that was set up wrongly says what to do.
    if (error instanceof StoreError || error instanceof OptionError) throw error;
    throw new StoreError(operation, whatItSays(error));
  }
}

/** The few words of a store's error that are passed on; none where even asking for them throws. */
function whatItSays(error: unknown): { retryable?: boolean; reason?: string } {
  try {
    const { name, code, retryable } = (error ?? {}) as { name?: unknown; code?: unknown; retryable?: unknown };
    const reason = [code, name].find((word) => typeof word === "string" && /^\w{1,60}$/.test(word)) as string | undefined;
    return { retryable: retryable === true, ...(reason !== undefined && { reason }) };
  } catch {
    return {};
  }
}
