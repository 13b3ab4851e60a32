/**
 * From a Cookie header to the living session it stands for.
 *
 * @module
 */
import { type CookieValues, cookieValues, isSent } from "../cookie/parse.ts";
import { isStoreError } from "../ground/errors.ts";
import { type JsonObject, parseData } from "../ground/json.ts";
import { after, all, type MaybePromise } from "../ground/maybe-promise.ts";
import { endingOf, type Found, type Living } from "../session/found.ts";
import { keyOf, type SessionRecord } from "../session/record.ts";
import { idOf, NEW, UNREAD, type Visit } from "../session/visit.ts";
import { type Claims, isFromTheFuture, isOwnTimeout, newestOfEach } from "../token/claims.ts";
import { endOf, endOfToken } from "../token/timeouts.ts";
import { closeVisit } from "./commit.ts";
import type { Ask, Candidate, Channel, Loaded } from "./contract.ts";
import { channelOf, type Manager } from "./manager.ts";

/** Loads the session of a request into its visit. `used`: loading counts as use. `fresh`: bypasses a copy. */
export function load(visit: Visit, manager: Manager, used = false, fresh = false): MaybePromise<void> {
  try {
    const finding = find(manager, { visit, used, fresh });
    if (!(finding instanceof Promise)) return finish(visit, manager, finding);
    return finding.then(
      (loaded) => finish(visit, manager, loaded),
      (error) => goOn(visit, manager, error),
    );
  } catch (error) {
    goOn(visit, manager, error);
  }
}

/** Continues without a session after a store failed, if the application wants that. */
function goOn(visit: Visit, manager: Manager, error: unknown): void {
  if (!isStoreError(error) || manager.onStoreError !== "anonymous") throw error;
  manager.emit({ type: "store-error", operation: error.operation });
  arrive(visit, { is: "outage", error }, manager.now());
  closeIfLate(visit, manager);
}

function finish(visit: Visit, manager: Manager, loaded: Loaded | null): MaybePromise<void> {
  if (loaded === null) arrive(visit, NEW, 0);
  else takeOver(visit, manager, loaded);
  const { loaded: check } = manager.hooks;
  const isThere = visit.found.is === "living" || visit.found.is === "imported";
  if (check === undefined || !isThere) return closeIfLate(visit, manager);
  // Not loaded before it is checked.
  const { found } = visit;
  visit.found = UNREAD;
  return after(check(visit, found), () => {
    if (visit.found.is === "unread") visit.found = found;
    closeIfLate(visit, manager);
  });
}

/** After the response a session can be read, but not changed. */
function closeIfLate(visit: Visit, { onLateChange }: Manager): void {
  if (visit.stage !== "open") closeVisit(visit, "closed", onLateChange);
}

function takeOver(visit: Visit, { emit, now }: Manager, loaded: Loaded): void {
  const { found, copied = false, rivals = null } = loaded;
  arrive(visit, found, now(), loaded);
  visit.rivals = rivals;
  visit.known = copied ? "copy" : "exact";
  if (found.is === "gone") emit({ type: "moved", id: found.key.id, reason: "load" });
  else if (found.is !== "new") emit({ type: "loaded", id: found.is === "living" ? found.key.id : idOf(visit) });
}

/** Takes over what was loaded. @param data The data of a living session, in an object that nothing else refers to. */
function arrive(
  visit: Visit,
  found: Found,
  at: number,
  { data, accepted = false }: { data?: JsonObject; accepted?: boolean } = {},
): void {
  visit.found = found;
  visit.arrived = { found, at, accepted };
  visit.askedAt = at;
  if (data !== undefined) visit.data.take(data);
  else if (found.is === "imported") visit.data.fill(found.record.data);
}

/** A user's session wins. A visitor's counts only if there is none. */
function find(manager: Manager, ask: Ask): MaybePromise<Loaded | null> {
  const { user, visitor } = manager.channels;
  const own = after(findAt(user, manager, ask), (loaded) =>
    loaded === null && visitor !== user ? findAt(visitor, manager, ask) : loaded,
  );
  const elsewhere = manager.hooks.find;
  return elsewhere === undefined ? own : after(own, (loaded) => loaded ?? elsewhere(ask.visit));
}

function findAt(channel: Channel, manager: Manager, ask: Ask): MaybePromise<Loaded | null> {
  const { values, oversize, tooMany } = valuesIn(ask.visit, channel);
  if (oversize) manager.emit({ type: "invalid", reason: "oversize" });
  if (tooMany) {
    manager.emit({ type: "ambiguous", reason: "too-many" });
    return { found: NEW, rivals: [] };
  }
  if (values.length === 0) return null;
  if (values.length > 1) return findAmong(values, channel, manager, ask);
  return after(open(values[0] as string, channel, manager, ask), (candidate) =>
    candidate === null ? null : manager.backend.load(channel, candidate, ask),
  );
}

const valuesIn = ({ cookie }: Visit, { codec, cookie: { name } }: Channel): CookieValues =>
  codec.find?.(cookie, name) ?? cookieValues(cookie, name);

function findAmong(values: readonly string[], channel: Channel, manager: Manager, ask: Ask): MaybePromise<Loaded | null> {
  return after(all(values.map((text) => open(text, channel, manager, ask))), (opened) => {
    const candidates = oneOfEach(manager, opened);
    const loadAll = (how: Ask) => all(candidates.map((candidate) => manager.backend.load(channel, candidate, how)));
    return after(loadAll(ask), (loaded) => {
      // A copy may show a session under an older id.
      const mustAsk = loaded.length > 1 && loaded.some((one) => one?.copied);
      return after(mustAsk ? loadAll({ ...ask, fresh: true }) : loaded, (asked) => choose(manager, asked));
    });
  });
}

/** The claims of our token, if it has not expired. Else null, with an event. */
function open(text: string, channel: Channel, manager: Manager, ask: Ask): MaybePromise<Candidate | null> {
  const opening = channel.codec.open(text);
  const check = (opened: Awaited<typeof opening>): Candidate | null => {
    const { emit, timeouts } = manager;
    const now = manager.now();
    if (typeof opened === "string" || isFromTheFuture(opened.claims, now)) {
      emit({ type: "invalid", reason: typeof opened === "string" ? opened : "future" });
      return null;
    }
    const { claims, olderKey } = opened;
    const over = endOfToken(claims, timeouts, now);
    if (over !== undefined) {
      emit({ type: "expired", id: claims.sid, reason: over });
      // Only the token knows when this session expires; the stored data does not.
      if (channel.mode === "data") noteRemains(channel, manager, claims, ask.visit);
      return null;
    }
    if (olderKey !== undefined) emit({ type: "key-used", id: claims.sid, key: olderKey });
    return { text, claims, olderKey };
  };
  return opening instanceof Promise ? opening.then(check) : check(opening);
}

/** Remembers what an unusable token names, for a logout to end. Not if anyone could have made the token. */
function noteRemains(channel: Channel, { tokensProve, channels }: Manager, claims: Claims, visit: Visit): void {
  if (!tokensProve || channel.mode === "cookie") return;
  visit.remains.push({ is: "session", key: keyOf(claims), of: channel === channels.user ? "user" : "visitor" });
}

/** The newest token of each session. With Koa the first counts, since its tokens do not say when they were made. */
function oneOfEach({ several }: Manager, opened: (Candidate | null)[]): Candidate[] {
  const candidates = opened.filter((candidate) => candidate !== null);
  return newestOfEach(candidates, ({ claims: { sid, iat } }) => ({ session: sid, iat: several === "none" ? iat : 0 }));
}

function choose({ emit, several }: Manager, all: readonly (Loaded | null)[]): Loaded | null {
  const loaded = all.filter((one) => one !== null);
  const living = oneOfEachId(loaded);
  if (living.length > 1 && several === "none") {
    emit({ type: "ambiguous", reason: "several" });
    return { found: NEW, rivals: living.map(({ found }) => endingOf(found as Living)) };
  }
  return living[0] ?? loaded[0] ?? null;
}

/** An id in grace and its successor are one session, whose own cookie wins. */
function oneOfEachId(loaded: readonly Loaded[]): Loaded[] {
  const byId = new Map<string, Loaded>();
  for (const one of loaded) {
    if (one.found.is !== "living") continue;
    const { key, cookie } = one.found;
    if (!byId.has(key.id) || cookie !== "elsewhere") byId.set(key.id, one);
  }
  return [...byId.values()];
}

/** A record as a living session. Null, with an event, if it expired, is invalid or belongs to another cookie. */
export function living(
  manager: Manager,
  channel: Channel,
  { text, claims, olderKey }: Candidate,
  record: SessionRecord,
  visit: Visit,
  copied = false,
): Loaded | null {
  const data = dataOf(manager, channel, claims.sid, record);
  if (data === null) {
    noteRemains(channel, manager, claims, visit);
    return null;
  }
  const cookie = olderKey === undefined ? "good" : "due";
  return { found: { is: "living", key: keyOf(claims), record, cookie, remember: claims.temp !== true, text }, data, copied };
}

/** The data of a record that lives, is valid and came in the right cookie. Else null, with an event. */
export function dataOf(manager: Manager, channel: Channel, id: string, record: SessionRecord): JsonObject | null {
  const { emit, timeouts, now } = manager;
  const over = isWhole(record) ? endOf(record, timeouts, now()) : undefined;
  if (over !== undefined) {
    emit({ type: "expired", id, reason: over });
    return null;
  }
  const isPlaced = channelOf(manager, record.subject) === channel;
  const data = isWhole(record) && isPlaced ? parseData(record.data) : null;
  if (data === null) emit({ type: "invalid", reason: isPlaced || !isWhole(record) ? "record" : "misplaced" });
  return data;
}

/** Whether a record is complete. One without its times would never expire. */
const isWhole = ({ data, startedAt, seenAt, expiresAt, subject, idleTimeout, absoluteTimeout }: SessionRecord): boolean =>
  isTime(startedAt) &&
  isTime(seenAt) &&
  isTime(expiresAt) &&
  isOwnTimeout(idleTimeout) &&
  isOwnTimeout(absoluteTimeout) &&
  typeof data === "string" &&
  (subject === undefined || typeof subject === "string");

const isTime = (value: unknown): boolean => typeof value === "number" && !Number.isNaN(value);

/** Whether a session that was not loaded may be a user's, judged by the name of its cookie. */
export const mayBeUsers = ({ cookie }: Visit, { channels: { user, visitor } }: Manager): boolean =>
  user === visitor || isSent(cookie, user.cookie.name);

export async function onlyToken(visit: Visit, manager: Manager): Promise<{ channel: Channel; claims: Claims } | null> {
  const { user, visitor } = manager.channels;
  const brought = [...new Set([user, visitor])].flatMap((channel) => {
    const { values, oversize, tooMany } = valuesIn(visit, channel);
    const isUnclear = oversize || tooMany || values.length > 1;
    return isUnclear ? [null, null] : values.map((text) => ({ channel, text }));
  });
  const [one, ...others] = brought;
  if (!one || others.length > 0) return null;
  const opened = await one.channel.codec.open(one.text);
  if (typeof opened === "string" || isFromTheFuture(opened.claims, manager.now())) return null;
  // To replace a token of an older key, the session must be loaded.
  if (opened.olderKey !== undefined) return null;
  const over = endOfToken(opened.claims, manager.timeouts, manager.now());
  return over === undefined ? { channel: one.channel, claims: opened.claims } : null;
}
