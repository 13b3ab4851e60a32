/**
 * Accepted tokens: those of another name, kind or library, which are read and redeemed once for a session of this
 * library.
 *
 * @module
 */
import { cookieValues, isSent } from "../cookie/parse.ts";
import { placeOf } from "../cookie/serialize.ts";
import { cannot } from "../ground/errors.ts";
import { parseData } from "../ground/json.ts";
import { isSessionId } from "../ground/session-id.ts";
import type { Channel, Hooks, Loaded } from "../manager/contract.ts";
import type { SessionEvent } from "../manager/events.ts";
import { channelOf, type Manager } from "../manager/manager.ts";
import { markAccepted } from "../session/data.ts";
import { type Ending, endingOf, type Imported, type Living, whose } from "../session/found.ts";
import type { Mode } from "../session/next.ts";
import { type Key, keyOf, recordFromToken, type SessionRecord } from "../session/record.ts";
import { NEW, type Visit } from "../session/visit.ts";
import { type Claims, claimsToJson, isFromTheFuture, isOwnTimeout, newestOfEach } from "../token/claims.ts";
import type { Opened, TokenCodec } from "../token/codec.ts";
import { endOfToken } from "../token/timeouts.ts";

/**
 * The prefix of the names of codecs for this library's own tokens, whose session ids are ours and change at every
 * login.
 */
export const OWN = "own:";

/** What an accepted token brought: an existing session, or one to import. */
interface Brought {
  readonly loaded: Loaded & { readonly found: Living | Imported };
  /** Equal for the tokens of one session. */
  readonly session: string;
  readonly iat: number;
  /** Whose session one of our own tokens brought. Undefined for tokens of other software. */
  readonly whose: "user" | "visitor" | undefined;
}

interface Acceptance {
  readonly manager: Manager;
  readonly codecs: readonly TokenCodec[];
}

/**
 * The hooks of accepted tokens: they bring a session if our own cookies brought none, and their cookies are removed
 * once it has one of ours.
 */
export function acceptHooks(manager: Manager, codecs: readonly TokenCodec[]): Hooks {
  const acceptance: Acceptance = { manager, codecs };
  if (codecs.some(({ namesSessions }) => namesSessions) && manager.channels.user.mode === "cookie")
    cannot("use option accept", "tokens that name a session need its store. Set option store.");
  return {
    find: (visit) => findAccepted(acceptance, visit.cookie),
    endings: (header) => acceptedEndings(acceptance, header),
    lines: (visit, _changesOnly, isSilent) => (isSilent ? [] : clearAccepted(acceptance, visit)),
  };
}

/** Redemptions of tokens that never expire are kept for as long as a cookie is likely to be. Seconds. */
const ENDLESS = 10 * 365 * 24 * 60 * 60;

/** The session of the accepted tokens. If there are two, neither counts: one of them may have been planted. */
async function findAccepted(acceptance: Acceptance, header: string | null): Promise<Loaded | null> {
  const { manager, codecs } = acceptance;
  const brought: Brought[] = [];
  for (const codec of codecs) brought.push(...(await allOf(codec, manager, header, true)));
  const [newest, ...others] = usersFirst(newestOfEach(brought, (one) => one));
  if (newest === undefined) return null;
  if (others.length === 0) return { ...newest.loaded, accepted: true };
  manager.emit({ type: "ambiguous", reason: "several" });
  return { found: NEW, rivals: brought.flatMap(({ loaded }) => endingsOf(loaded.found)), accepted: true };
}

/** As with our own cookies, a visitor's session counts only if there is no user's. A browser may have both. */
function usersFirst(brought: Brought[]): Brought[] {
  const hasUser = brought.some(({ whose }) => whose === "user");
  return hasUser ? brought.filter(({ whose }) => whose !== "visitor") : brought;
}

/**
 * How to end every session that came by an accepted token, used or not. After a logout, the next cookie must not log in
 * again.
 */
async function acceptedEndings({ manager, codecs }: Acceptance, header: string): Promise<readonly Ending[]> {
  const brought = await Promise.all(codecs.map((codec) => allOf(codec, manager, header, false)));
  return brought.flat().flatMap(({ loaded }) => endingsOf(loaded.found));
}

function endingsOf(found: Living | Imported): Ending[] {
  if (found.is === "living") return [endingOf(found)];
  return found.redemption === null ? [] : [{ is: "token", redemption: found.redemption }];
}

/** The sessions of one codec's valid tokens. @param reports Whether to emit events for the others. */
async function allOf(codec: TokenCodec, manager: Manager, header: string | null, reports: boolean): Promise<Brought[]> {
  const all: Brought[] = [];
  for (const text of valuesFor(codec, manager, header)) {
    const opened = await codec.open(text);
    if (typeof opened === "string") {
      if (reports && !isInOurCookie(text, manager, header)) manager.emit({ type: "invalid", reason: opened });
      continue;
    }
    const judged = await channelThatOpens(text, manager, header);
    const loaded = (await loadedFor(manager, codec, opened, reports && judged === undefined)) as Brought["loaded"] | null;
    if (loaded === null || judged === channelOf(manager, loaded.found.record.subject)) continue;
    const isOwn = codec.name?.startsWith(OWN) ?? false;
    const session = sessionOf(loaded.found, codec, opened, text, manager);
    all.push({ loaded, session, iat: opened.claims.iat, whose: isOwn ? whose(loaded.found.record.subject) : undefined });
  }
  return all;
}

/**
 * The channel whose own cookie holds this token and opens it. That token was judged when the cookie was read, and is
 * not judged again. Only a user's token under the visitors' name, where `cookie.single` kept users, still counts.
 */
async function channelThatOpens(text: string, { channels }: Manager, header: string | null): Promise<Channel | undefined> {
  for (const channel of [channels.user, channels.visitor]) {
    if (!cookieValues(header, channel.cookie.name).values.includes(text)) continue;
    if (typeof (await channel.codec.open(text)) !== "string") return channel;
  }
  return undefined;
}

const ownNames = ({ channels }: Manager): readonly string[] => [
  ...new Set([channels.user.cookie.name, channels.visitor.cookie.name]),
];

/** A value of our own cookies was reported when they were read, and may be a token of the next codec. */
function isInOurCookie(text: string, manager: Manager, header: string | null): boolean {
  return ownNames(manager).some((name) => cookieValues(header, name).values.includes(text));
}

/**
 * The session that a token is of. Our own tokens carry its id. Other software may keep an id across a login, so there
 * only the same token, however it is spelled, is of the same session.
 */
function sessionOf(found: Living | Imported, codec: TokenCodec, opened: Opened, text: string, manager: Manager): string {
  if (codec.name?.startsWith(OWN)) return opened.claims.sid;
  if (found.is === "imported") return found.redemption?.key.id ?? text;
  const { mode } = channelOf(manager, found.record.subject);
  return mode === "cookie" ? (opened.identity ?? text) : found.key.id;
}

/**
 * The Set-Cookie lines that remove accepted cookies, so that they cannot bring back a session that ended or has a cookie
 * of ours. One with the name of ours is removed only from another place: where its path, domain or partition was another
 * option. Rejected cookies stay: with the right key they may be valid again.
 */
function clearAccepted({ manager, codecs }: Acceptance, { cookie, arrived, farewell, loggedIn }: Visit): readonly string[] {
  if (!arrived.accepted && farewell === null && !loggedIn) return [];
  const { user, visitor } = manager.channels;
  const linesOf = ({ cookie: own }: Channel) => (loggedIn ? own.set("", 0) : own.clear());
  const known = new Set([user, visitor].flatMap(linesOf).map(placeOf));
  const present = codecs.filter((codec) => (codec.find?.(cookie, visitor.cookie.name).values.length ?? 0) > 0);
  const lines = present.flatMap((codec) => codec.clear?.() ?? []);
  return [...new Set(lines)].filter((line) => !known.has(placeOf(line)) && isSent(cookie, line.slice(0, line.indexOf("="))));
}

function valuesFor(codec: TokenCodec, manager: Manager, header: string | null): readonly string[] {
  const found =
    codec.find === undefined
      ? ownNames(manager).map((name) => cookieValues(header, name))
      : [codec.find(header, manager.channels.visitor.cookie.name)];
  return found.flatMap(({ values, tooMany }) => (tooMany ? [] : values));
}

async function loadedFor(manager: Manager, codec: TokenCodec, opened: Opened, reports: boolean): Promise<Loaded | null> {
  const { claims, identity = claimsToJson(claims) } = opened;
  const problem = problemOf(claims, manager);
  if (problem !== undefined) {
    if (reports) manager.emit(problem);
    return null;
  }
  const { data, sub, abs } = claims;
  if (data === undefined) return sessionNamed(manager, codec, claims);
  const { tokens } = manager.backend;
  // Without a store, nothing records that a token was used.
  if (channelOf(manager, sub).mode === "cookie" || tokens === undefined)
    return livingFrom(manager, "cookie", { id: claims.sid }, acceptedRecord(manager, claims), claims);
  if (identity === null) return importedFrom(manager, claims, null);
  const { key, entry } = await tokens.redemption(JSON.stringify([codec.name ?? "codec", identity]));
  if (entry === null) {
    // A codec may count a token's expiry from now, but it never outlives the absolute timeout.
    const expiresAt = opened.endless
      ? manager.now() + ENDLESS
      : Math.max(claims.exp, claims.start + (abs ?? manager.timeouts.absoluteTimeout));
    return importedFrom(manager, claims, { key, expiresAt });
  }
  if (entry.key === null || entry.mark !== null) return null;
  const loaded = await livingAt(manager, entry.key, claims, false);
  return loaded !== null && (loaded.found as Living).record.subject === sub ? loaded : null;
}

/** The record of an accepted token's data. Other software's `iat` need not be the time of the last use. */
function acceptedRecord(manager: Manager, { data = "{}", ...claims }: Claims): SessionRecord {
  return { ...recordFromToken({ ...claims, data: markAccepted(data) }), seenAt: manager.now() };
}

function importedFrom(manager: Manager, claims: Claims, redemption: Imported["redemption"]): Loaded {
  return { found: { is: "imported", record: acceptedRecord(manager, claims), remember: claims.temp !== true, redemption } };
}

/**
 * A token without data names a session in the store. Only our own may do that: ids of other software mean nothing here.
 */
function sessionNamed(manager: Manager, codec: TokenCodec, claims: Claims): Promise<Loaded | null> | null {
  if (codec.namesSessions && manager.channels.user.mode !== "cookie") return livingAt(manager, keyOf(claims), claims, true);
  manager.emit({ type: "invalid", reason: "claims" });
  return null;
}

function problemOf(claims: Claims, manager: Manager): SessionEvent | undefined {
  const now = manager.now();
  const { sid, idle, abs, sub, data } = claims;
  const isTimed = isOwnTimeout(idle) && isOwnTimeout(abs);
  if (!isSessionId(sid) || !isTimed || sub === "" || (data !== undefined && parseData(data) === null))
    return { type: "invalid", reason: "claims" };
  if (isFromTheFuture(claims, now)) return { type: "invalid", reason: "future" };
  const over = endOfToken(claims, manager.timeouts, now);
  return over && { type: "expired", id: sid, reason: over };
}

/** The live session under this key, if it is where it belongs. @param follows Whether to follow a mark in grace. */
async function livingAt(manager: Manager, at: Key, claims: Claims, follows: boolean): Promise<Loaded | null> {
  const there = (await manager.backend.tokens?.session(at, follows)) ?? null;
  if (there === null) return null;
  const { mode } = manager.channels.user;
  const { key, isElsewhere } = there;
  const record = mode === "data" ? { ...recordFromToken(claims), data: there.record.data, seenAt: manager.now() } : there.record;
  return livingFrom(manager, mode, key, record, claims, isElsewhere);
}

/** The session, if it is live and is where sessions of its user, or of visitors, are kept. */
function livingFrom(
  manager: Manager,
  mode: Mode,
  key: Key,
  record: SessionRecord,
  claims: Claims,
  isElsewhere = false,
): Loaded | null {
  const channel = channelOf(manager, record.subject);
  const data = channel.mode === mode ? manager.dataOf(channel, key.id, record) : null;
  const cookie = isElsewhere ? "elsewhere" : "due";
  return data && { found: { is: "living", key, record, cookie, remember: claims.temp !== true }, data };
}
