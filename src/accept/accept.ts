/**
 * Accepted tokens: those of another name, kind or library, which are read, and redeemed once for a session of our own.
 *
 * @module
 */
import { cookieValues, isSent } from "../cookie/parse.ts";
import { type JsonObject, parseData } from "../ground/json.ts";
import { isSessionId } from "../ground/session-id.ts";
import { type Keeping, keyOf, recordFromToken } from "../manager/backend.ts";
import type { SessionEvent } from "../manager/events.ts";
import { type Engine, type Place, placeOf } from "../manager/manager.ts";
import { usableData } from "../manager/usable.ts";
import { markAccepted } from "../session/data.ts";
import { type Ending, endingOf, type Imported, type Kept } from "../session/found.ts";
import { isMoved, type Key, type SessionRecord } from "../session/record.ts";
import { endOf, type Timeouts } from "../session/timeouts.ts";
import type { SessionState } from "../session/visit.ts";
import { follow, inGrace, isInGrace } from "../stored/follow.ts";
import { findRedeemed, redemptionKey } from "../stored/redeem.ts";
import { type Claims, claimsToJson, isFromTheFuture, newestOfEach } from "../token/claims.ts";
import type { Opened, TokenCodec } from "../token/codec.ts";
import { OWN } from "./own-name.ts";

/** A session that is kept already. */
type Living = { readonly is: "living"; readonly kept: Kept; readonly data: JsonObject; readonly copied: false };

/** A session that an accepted token brought: one that is kept already, or one that is still to be. */
export type Accepted = Living | { readonly is: "imported"; readonly imported: Imported };

/** What one accepted token brought. */
interface Brought {
  readonly found: Accepted;
  /** The same for the tokens of one session. */
  readonly session: string;
  readonly iat: number;
  /** Whose session a token of ours brought; undefined for that of other software. */
  readonly whose: "user" | "visitor" | undefined;
}

/** Entries of tokens that never end stay for as long as anybody may keep a cookie. Seconds. */
const ENDLESS = 10 * 365 * 24 * 60 * 60;

/** The session of the accepted tokens. Of two at once, neither: somebody may have planted one of them. */
export async function findAccepted(
  engine: Engine,
  header: string | null,
): Promise<Accepted | { readonly is: "ambiguous"; readonly rivals: readonly Ending[] } | null> {
  const brought: Brought[] = [];
  for (const codec of engine.accept) brought.push(...(await allOf(codec, engine, header, true)));
  const [newest, ...others] = usersFirst(newestOfEach(brought, (one) => one));
  if (newest === undefined) return null;
  if (others.length === 0) return newest.found;
  engine.emit({ type: "ambiguous", reason: "several" });
  return { is: "ambiguous", rivals: brought.flatMap(({ found }) => endingsOf(found)) };
}

/** As in our own cookies, a visitor's counts only if there is no user's: a browser may have both. */
function usersFirst(brought: Brought[]): Brought[] {
  const hasUser = brought.some(({ whose }) => whose === "user");
  return hasUser ? brought.filter(({ whose }) => whose !== "visitor") : brought;
}

/** How every session ends that came by an accepted token, used or not: whoever logs out is not to be logged in by the next cookie. */
export async function acceptedEndings(engine: Engine, header: string): Promise<Ending[]> {
  const brought = await Promise.all(engine.accept.map((codec) => allOf(codec, engine, header, false)));
  return brought.flat().flatMap(({ found }) => endingsOf(found));
}

function endingsOf(found: Accepted): Ending[] {
  if (found.is === "living") return [endingOf(found.kept)];
  const { redemption } = found.imported;
  return redemption === null ? [] : [{ is: "token", redemption }];
}

/** What the good tokens of one codec stand for. @param reports Whether to say what is wrong with the others. */
async function allOf(codec: TokenCodec, engine: Engine, header: string | null, reports: boolean): Promise<Brought[]> {
  const all: Brought[] = [];
  for (const text of valuesFor(codec, engine, header)) {
    const opened = await codec.open(text);
    if (typeof opened === "string") {
      if (reports && !isInOurCookie(text, engine, header)) engine.emit({ type: "invalid", reason: opened });
      continue;
    }
    const judged = await placeThatOpens(text, engine, header);
    const found = await look(engine, codec, opened, reports && judged === undefined);
    if (found === null || judged === placeOf(engine, subjectOf(found))) continue;
    const whose = !codec.name?.startsWith(OWN) ? undefined : subjectOf(found) === undefined ? "visitor" : "user";
    const session = sessionOf(found, codec, opened, text, engine);
    all.push({ found, session, iat: opened.claims.iat, whose });
  }
  return all;
}

function subjectOf(found: Accepted): string | undefined {
  return (found.is === "living" ? found.kept : found.imported).record.subject;
}

/**
 * The cookie of ours in which a token stands that is good there. Whether it counts was decided when that cookie was read, and is not
 * decided again; but under the name that visitors have today, 0.1.0 had users.
 */
async function placeThatOpens(text: string, { places }: Engine, header: string | null): Promise<Place | undefined> {
  for (const place of [places.session, places.visitor]) {
    if (!cookieValues(header, place.cookie.name).values.includes(text)) continue;
    if (typeof (await place.codec.open(text)) !== "string") return place;
  }
  return undefined;
}

/** What is no token of ours in our own cookie was reported when that was read, and may be a token for the next codec. */
function isInOurCookie(text: string, { places }: Engine, header: string | null): boolean {
  const names = [places.session.cookie.name, places.visitor.cookie.name];
  return names.some((name) => cookieValues(header, name).values.includes(text));
}

/**
 * Which session a token is of. Our own say it; other software may keep an id over a login, so there only the same token, however it is
 * spelled, is of the same session.
 */
function sessionOf(found: Accepted, codec: TokenCodec, opened: Opened, text: string, engine: Engine): string {
  if (codec.name?.startsWith(OWN)) return opened.claims.sid;
  if (found.is === "imported") return found.imported.redemption?.key.id ?? text;
  const { key, record } = found.kept;
  return placeOf(engine, record.subject).keeping.dataInToken ? (opened.identity ?? text) : key.id;
}

/**
 * The Set-Cookie lines that remove accepted cookies of other names: a session that ended, or has a cookie of ours now, must not come back
 * from one. What was refused is left alone: it may be the only thing its visitor has, once the key is the right one.
 */
export function clearAccepted({ accept, places }: Engine, { header, clearsAccepted }: SessionState): string[] {
  if (accept.length === 0 || !clearsAccepted) return [];
  const own = [places.visitor.cookie.name, places.session.cookie.name];
  const present = accept.filter((codec) => (codec.find?.(header, own[0] as string).values.length ?? 0) > 0);
  const lines = present.flatMap((codec) => codec.clear?.() ?? []);
  return [...new Set(lines)].filter((line) => {
    const name = line.slice(0, line.indexOf("="));
    return !own.includes(name) && isSent(header, name);
  });
}

function valuesFor(codec: TokenCodec, { places }: Engine, header: string | null): readonly string[] {
  const names = new Set([places.session.cookie.name, places.visitor.cookie.name]);
  const found =
    codec.find === undefined
      ? [...names].map((name) => cookieValues(header, name))
      : [codec.find(header, places.visitor.cookie.name)];
  return found.flatMap(({ values, tooMany }) => (tooMany ? [] : values));
}

async function look(engine: Engine, codec: TokenCodec, opened: Opened, reports: boolean): Promise<Accepted | null> {
  const { claims, identity = claimsToJson(claims) } = opened;
  const problem = problemOf(claims, engine.timeouts, engine.now());
  if (problem !== undefined) {
    if (reports) engine.emit(problem);
    return null;
  }
  const { data, sub } = claims;
  if (data === undefined) return lookByName(engine, codec, claims);
  const { keeping } = placeOf(engine, sub);
  // Without a store nothing can tell that a token was used before.
  if (keeping.dataInToken) return inCookie(engine, claims);
  if (identity === null) return importedFrom(engine, claims, null);
  const key = await redemptionKey(keeping, JSON.stringify([codec.name ?? "codec", identity]));
  const entry = await findRedeemed(keeping, key, engine.now());
  if (entry === null) {
    // A codec may count a token's end from now: but it never outlives the absolute limit.
    const expiresAt = opened.endless
      ? engine.now() + ENDLESS
      : Math.max(claims.exp, claims.start + engine.timeouts.absoluteTimeout);
    return importedFrom(engine, claims, { key, expiresAt });
  }
  if (entry.key === null || entry.mark !== null) return null;
  const found = await livingAt(engine, entry.key, claims);
  return found?.kept.record.subject === sub ? found : null;
}

/** The record of an accepted token's own data. What other software calls the time of a token need not be that of the last use. */
function recordOf(engine: Engine, { data = "{}", ...claims }: Claims): SessionRecord {
  return { ...recordFromToken({ ...claims, data: markAccepted(data) }), seenAt: engine.now() };
}

function importedFrom(engine: Engine, claims: Claims, redemption: Imported["redemption"]): Accepted {
  return { is: "imported", imported: { record: recordOf(engine, claims), temp: claims.temp === true, redemption } };
}

/** A session that goes on in a cookie of ours. */
function inCookie(engine: Engine, claims: Claims): Living | null {
  return livingFrom(engine, placeOf(engine, claims.sub).keeping, { id: claims.sid }, recordOf(engine, claims), claims);
}

/** A token without data names a session in the store. That only our own may do: others' names mean nothing here. */
function lookByName(engine: Engine, codec: TokenCodec, claims: Claims): Promise<Living | null> | null {
  if (codec.namesSessions && !engine.places.session.keeping.dataInToken) return livingAt(engine, keyOf(claims), claims, true);
  engine.emit({ type: "invalid", reason: "claims" });
  return null;
}

/** Why claims are none, whoever's codec answered with them, or have ended. */
function problemOf(claims: Claims, timeouts: Timeouts, now: number): SessionEvent | undefined {
  const { sid, start, exp, sub, data } = claims;
  if (!isSessionId(sid) || sub === "" || (data !== undefined && parseData(data) === null))
    return { type: "invalid", reason: "claims" };
  if (isFromTheFuture(claims, now)) return { type: "invalid", reason: "future" };
  const over = endOf({ startedAt: start, seenAt: Number.POSITIVE_INFINITY, expiresAt: exp }, timeouts, now);
  return over && { type: "expired", id: sid, reason: over };
}

/** The session that is kept under this key, if it lives and is where it belongs. @param follows Also where the key stands for it in grace. */
async function livingAt(engine: Engine, key: Key, claims: Claims, follows = false): Promise<Living | null> {
  const { keeping } = engine.places.session;
  const now = engine.now();
  const { route: _route, ...rest } = claims;
  const named = { ...rest, sid: key.id, ...(key.route !== undefined && { route: key.route }) };
  const found = await keeping.load(named, { now });
  if (found === null) return null;
  if (isMoved(found)) {
    const went = follows && isInGrace(found, now) ? await follow(engine, keeping, found) : null;
    const living = went?.inGrace ? livingFrom(engine, keeping, went.key, went.record, claims) : null;
    return went && living && { ...living, kept: inGrace(living.kept.token, went) };
  }
  return livingFrom(engine, keeping, key, keeping.timesInToken ? { ...found, seenAt: now } : found, claims);
}

/** The session, if it lives and is where sessions of its user, or of nobody, are kept. */
function livingFrom(engine: Engine, keeping: Keeping, key: Key, record: SessionRecord, claims: Claims): Living | null {
  const place = placeOf(engine, record.subject);
  const data = place.keeping === keeping ? usableData(place, engine, key.id, record, engine.now()) : null;
  return (
    data && { is: "living", kept: { key, record, token: { temp: claims.temp === true, renew: "due" } }, data, copied: false }
  );
}
