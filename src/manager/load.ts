/**
 * From a Cookie header to the living session it stands for.
 *
 * @module
 */
import { type Accepted, findAccepted } from "../accept/accept.ts";
import { cookieValues } from "../cookie/parse.ts";
import { readCopy } from "../features/copy.ts";
import { StoreError } from "../ground/errors.ts";
import type { JsonObject } from "../ground/json.ts";
import { after, all, type MaybePromise } from "../ground/maybe-promise.ts";
import { type Ending, endingOf, type Gone, type Kept } from "../session/found.ts";
import { isMoved, type MovedMark, type SessionRecord } from "../session/record.ts";
import { endOf, expiryOf, timeoutsIn, timeoutsOf } from "../session/timeouts.ts";
import type { SessionState } from "../session/visit.ts";
import { follow, inGrace, isFresh, isInGrace } from "../stored/follow.ts";
import { type Claims, isFromTheFuture, newestOfEach } from "../token/claims.ts";
import { keyOf } from "./backend.ts";
import { fitData } from "./fitting.ts";
import type { Engine, Place } from "./manager.ts";
import { usableData } from "./usable.ts";

/** What one cookie name stands for. */
type Found =
  | { readonly is: "living"; readonly kept: Kept; readonly data: JsonObject; readonly copied: boolean }
  | { readonly is: "moved"; readonly gone: Gone }
  | Accepted
  | { readonly is: "accepted"; readonly found: Found }
  | { readonly is: "ambiguous"; readonly rivals: readonly Ending[] }
  | { readonly is: "nothing" };

/** A token that passed every check that needs no store. */
interface Candidate {
  readonly text: string;
  readonly claims: Claims;
  readonly olderKey: string | undefined;
}

const NOTHING: Found = { is: "nothing" };

/** How a session is asked for. */
interface Ask {
  readonly header: string | null;
  readonly used: boolean;
  readonly fresh: boolean;
  /** Gets what is no session any more, and is there all the same: to end it is to remove it. */
  readonly remains: Ending[];
}

/** Fills a state with the session of its request. `used`: loading is itself use of it. `fresh`: a copy will not do. */
export function loadInto(
  state: SessionState,
  engine: Engine,
  { used = false, fresh = false }: { used?: boolean; fresh?: boolean } = {},
): MaybePromise<void> {
  try {
    const { header, remains } = state;
    return after(settled(find(engine, { header, used, fresh, remains })), (found) => finish(state, engine, found));
  } catch (error) {
    return finish(state, engine, error);
  }
}

/** A rejection as a value, so that both kinds of answer go one way. */
function settled(found: MaybePromise<Found>): MaybePromise<Found | unknown> {
  return found instanceof Promise ? found.catch((error: unknown) => error) : found;
}

function finish(state: SessionState, engine: Engine, found: Found | unknown): MaybePromise<void> {
  if (found instanceof Error) {
    if (!(found instanceof StoreError) || engine.onStoreError !== "anonymous") throw found;
    engine.emit({ type: "store-error", operation: found.operation });
    state.outage = found;
  } else accept(state, engine, found as Found);
  return after(fitData(state, engine), () => {
    state.phase = "open";
    // Whoever asks only after the response can still read, but nothing will carry a change.
    if (state.answered) state.close("committed", engine.onLateChange);
  });
}

function accept(state: SessionState, engine: Engine, found: Found): void {
  const { emit, now } = engine;
  if (found.is === "accepted") {
    state.clearsAccepted = true;
    state.cameAccepted = true;
    accept(state, engine, found.found);
  } else if (found.is === "living") {
    state.adopt(found.kept, found.data);
    state.known = found.copied ? "copy" : "exact";
    state.askedAt = now();
    state.loadedAt = state.askedAt;
    emit({ type: "loaded", id: found.kept.key.id });
  } else if (found.is === "moved") {
    state.miss(found.gone);
    emit({ type: "moved", id: found.gone.key.id, reason: "load" });
  } else if (found.is === "imported") {
    state.import(found.imported);
    emit({ type: "loaded", id: state.id });
  } else if (found.is === "ambiguous") {
    state.ambiguous = true;
    state.rivals = found.rivals;
  }
}

/** The session of somebody who is logged in comes first; a visitor's counts only if there is none. */
function find(engine: Engine, ask: Ask): MaybePromise<Found> {
  const { session, visitor } = engine.places;
  const own = after(findAt(session, engine, ask), (found) =>
    found.is === "nothing" && visitor !== session ? findAt(visitor, engine, ask) : found,
  );
  if (engine.accept.length === 0) return own;
  return after(own, async (found) => {
    if (found.is !== "nothing") return found;
    const accepted = await findAccepted(engine, ask.header);
    return accepted === null ? found : { is: "accepted", found: accepted };
  });
}

function findAt(place: Place, engine: Engine, ask: Ask): MaybePromise<Found> {
  const { header } = ask;
  const { name } = place.cookie;
  const { values, oversize, tooMany } = place.codec.find?.(header, name) ?? cookieValues(header, name);
  if (oversize) engine.emit({ type: "invalid", reason: "oversize" });
  if (tooMany) engine.emit({ type: "ambiguous", reason: "too-many" });
  if (tooMany) return { is: "ambiguous", rivals: [] };
  if (values.length === 0) return NOTHING;
  if (values.length === 1) {
    return after(open(place, engine, values[0] as string, ask), (only) =>
      only === null ? NOTHING : look(place, engine, only, ask),
    );
  }
  return after(all(values.map((text) => open(place, engine, text, ask))), (opened) => {
    const candidates = oneOfEach(engine, opened);
    const looked = all(candidates.map((candidate) => look(place, engine, candidate, ask)));
    return after(looked, (found) => {
      // A copy may show a session under an id that it had before.
      const byCopy = found.some((one) => one.is === "living" && one.copied);
      if (!byCopy || found.length === 1) return choose(engine, found);
      const fresh = { ...ask, fresh: true };
      return after(all(candidates.map((candidate) => look(place, engine, candidate, fresh))), (asked) => choose(engine, asked));
    });
  });
}

function open(place: Place, engine: Engine, text: string, ask: Ask): MaybePromise<Candidate | null> {
  const { emit, now } = engine;
  return after(place.codec.open(text), (opened) => {
    if (typeof opened === "string") {
      emit({ type: "invalid", reason: opened });
      return null;
    }
    const { claims, olderKey } = opened;
    const time = now();
    if (isFromTheFuture(claims, time)) {
      emit({ type: "invalid", reason: "future" });
      return null;
    }
    // The record knows the last use better than its token, so the idle limit of today is asked of that.
    const span = { startedAt: claims.start, seenAt: Number.POSITIVE_INFINITY, expiresAt: claims.exp };
    const over = endOf(span, timeoutsOf(timeoutsIn(claims), engine.timeouts), time);
    if (over !== undefined) {
      emit({ type: "expired", id: claims.sid, reason: over });
      // Where the token alone knows the times, what is in the store has no end of its own.
      if (place.keeping.timesInToken) noteRemains(place, engine, claims, ask);
      return null;
    }
    if (olderKey !== undefined) emit({ type: "key-used", id: claims.sid, key: olderKey });
    return { text, claims, olderKey };
  });
}

/** What a token names is no session. A token that anybody could have made may not have anything removed. */
function noteRemains(place: Place, { places, tokensProve }: Engine, claims: Claims, { remains }: Ask): void {
  if (!tokensProve || place.keeping.dataInToken) return;
  remains.push({ is: "session", key: keyOf(claims), place: place === places.session ? "session" : "visitor" });
}

/** One candidate for each session. Where the first counts, as in Koa, it counts here too: such tokens do not say when they were made. */
function oneOfEach({ several }: Engine, opened: (Candidate | null)[]): Candidate[] {
  const candidates = opened.filter((candidate) => candidate !== null);
  return newestOfEach(candidates, ({ claims: { sid, iat } }) => ({ session: sid, iat: several === "none" ? iat : 0 }));
}

function look(place: Place, engine: Engine, candidate: Candidate, ask: Ask): MaybePromise<Found> {
  const copy = ask.fresh || place.keeping.dataInToken ? null : readCopy(engine, ask.header, candidate.claims);
  return after(copy, (copied) => {
    if (copied === null) return askKeeping(place, engine, candidate, ask);
    return living(place, engine, candidate, copied, ask, true);
  });
}

function askKeeping(place: Place, engine: Engine, candidate: Candidate, ask: Ask): MaybePromise<Found> {
  const now = engine.now();
  const { claims } = candidate;
  const timeouts = timeoutsOf(timeoutsIn(claims), engine.timeouts);
  const span = { seenAfter: now - timeouts.idleTimeout, seenBefore: now - timeouts.touchEvery };
  const touch = { ...span, expiresAt: expiryOf(claims.start, now, timeouts) };
  return after(place.keeping.load(claims, ask.used ? { now, touch } : { now }), (found) => {
    if (found !== null && !isMoved(found)) return living(place, engine, candidate, found, ask);
    if (found !== null && isFresh(found, now)) return atMark(place, engine, candidate, found, ask);
    return unknown(engine, claims.sid);
  });
}

function unknown({ emit }: Engine, id: string): Found {
  emit({ type: "unknown", id, reason: "load" });
  return NOTHING;
}

/** The session is under another id. In grace, the old one stands for it; else it is out of reach. */
function atMark(place: Place, engine: Engine, candidate: Candidate, mark: MovedMark, ask: Ask): MaybePromise<Found> {
  const { session, visitor } = engine.places;
  const key = keyOf(candidate.claims);
  const anew = place === visitor && place !== session;
  const moved: Found = { is: "moved", gone: { key, why: "moved", mark, atLoad: true, anew } };
  if (!isInGrace(mark, engine.now())) return moved;
  return follow(engine, place.keeping, mark).then((went) => {
    // In grace, the old id is the session itself: where that ended, there is none.
    if (went === null) return unknown(engine, key.id);
    if (!went.inGrace) return moved;
    const found = living(place, engine, candidate, went.record, ask);
    return found.is === "living" ? { ...found, kept: inGrace(found.kept.token, went) } : found;
  });
}

function living(place: Place, engine: Engine, candidate: Candidate, record: SessionRecord, ask: Ask, copied = false): Found {
  const { text, claims, olderKey } = candidate;
  const data = usableData(place, engine, claims.sid, record, engine.now());
  if (data === null) {
    noteRemains(place, engine, claims, ask);
    return NOTHING;
  }
  const token = { temp: claims.temp === true, text, renew: olderKey === undefined ? "no" : "due" } as const;
  return { is: "living", kept: { key: keyOf(claims), record, token }, data, copied };
}

/** An id in grace and the one after it are of one session, whose own cookie counts. */
function oneOfEachId(living: Extract<Found, { is: "living" }>[]): Extract<Found, { is: "living" }>[] {
  const byId = new Map<string, Extract<Found, { is: "living" }>>();
  for (const one of living) {
    const { key, token } = one.kept;
    if (!byId.has(key.id) || !token.elsewhere) byId.set(key.id, one);
  }
  return [...byId.values()];
}

function choose({ emit, several }: Engine, found: Found[]): Found {
  const living = oneOfEachId(found.filter((one) => one.is === "living"));
  if (living.length > 1 && several === "none") {
    emit({ type: "ambiguous", reason: "several" });
    return { is: "ambiguous", rivals: living.map(({ kept }) => endingOf(kept)) };
  }
  return living[0] ?? found.find(({ is }) => is === "moved") ?? NOTHING;
}
