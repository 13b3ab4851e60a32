/**
 * The copy: a session's record in a second, encrypted cookie for a short time, so that most requests ask no store.
 *
 * A copy is only as good as the last answer of the store. So a response that asked no store never makes one, and every
 * change made elsewhere, the end of the session included, is seen after at most `maxAge`.
 *
 * @module
 */
import { cookieValues, isSent } from "../cookie/parse.ts";
import { type JsonObject, parseData } from "../ground/json.ts";
import { after, all, type MaybePromise } from "../ground/maybe-promise.ts";
import { type Copies, type Engine, placeOf } from "../manager/manager.ts";
import type { SessionMeta, SessionRecord } from "../session/record.ts";
import { isTouchDue } from "../session/timeouts.ts";
import type { SessionState } from "../session/visit.ts";
import { type Claims, isFromTheFuture } from "../token/claims.ts";

/** The record that a request brought as a copy, for the session of this token; null when the store must be asked. */
export function readCopy(engine: Engine, header: string | null, token: Claims): MaybePromise<SessionRecord | null> {
  const { copies } = engine;
  if (copies === undefined) return null;
  const { values } = cookieValues(header, copies.cookie.name);
  if (values.length === 0) return null;
  return after(all(values.map((value) => copies.codec.open(value))), (opened) => {
    const claims = opened.flatMap((result) => (typeof result === "string" ? [] : [result.claims]));
    const fitting = claims.filter((copy) => copy.sid === token.sid && copy.start === token.start && isGood(copy, engine));
    const newest = fitting.sort((left, right) => right.iat - left.iat)[0];
    return newest === undefined ? null : recordOf(newest, engine);
  });
}

/** The `maxAge` of today holds, too. */
function isGood(copy: Claims, { copies, now }: Engine): boolean {
  const time = now();
  return time < copy.exp && time < copy.iat + (copies?.maxAge ?? 0) && !isFromTheFuture(copy, time);
}

/** The record, unless its use is to be written down again: only the store can do that. */
function recordOf({ start, sub, data = "{}" }: Claims, { timeouts, now }: Engine): SessionRecord | null {
  const kept = parseData(data);
  if (kept === null) return null;
  const record: SessionRecord = {
    data: JSON.stringify(kept.data),
    version: kept.version as number,
    startedAt: start,
    seenAt: kept.seenAt as number,
    expiresAt: kept.expiresAt as number,
    ...(sub !== undefined && { subject: sub }),
    ...(kept.meta !== undefined && { meta: kept.meta as SessionMeta }),
  };
  return isTouchDue(record, timeouts, now()) ? null : record;
}

/**
 * The Set-Cookie lines for the copy: a new one where the store was asked, none where it was not; the end of one that is
 * wrong now, or that has become too large.
 *
 * @param changesOnly Whether only what must be said is to be said: the response may be cached for everybody.
 */
export async function copyLines(state: SessionState, engine: Engine, changesOnly: boolean): Promise<string[]> {
  const { copies } = engine;
  if (copies === undefined) return [];
  const { kept, known, used, wrote } = state;
  const inStore = kept !== null && !placeOf(engine, kept.record.subject).keeping.dataInToken;
  // The answer that gave it its new id brings its copy, too.
  if (kept?.token.elsewhere) return [];
  const isWrong = known === "stale" || (!inStore && (state.destroyed || state.settled || state.gone !== null));
  if (isWrong) return clear(state, copies);
  if (!inStore || known !== "exact" || !used || (changesOnly && !wrote)) return [];
  const { record, key } = kept;
  const exp = Math.min(state.askedAt + copies.maxAge, record.expiresAt);
  const maxAge = exp - engine.now();
  if (maxAge <= 0) return wrote ? clear(state, copies) : [];
  const { startedAt: start, subject: sub } = record;
  const claims = { sid: key.id, start, iat: state.askedAt, exp, ...(sub !== undefined && { sub }), data: textOf(record) };
  const token = await copies.codec.seal(claims);
  return copies.cookie.sizeOf(token) > copies.cookie.maxBytes ? clear(state, copies) : copies.cookie.set(token, maxAge);
}

function clear({ header }: SessionState, { cookie }: Copies): string[] {
  return isSent(header, cookie.name) ? cookie.clear() : [];
}

function textOf({ data, version, seenAt, expiresAt, meta }: SessionRecord): string {
  const rest: JsonObject = { version, seenAt, expiresAt, ...(meta !== undefined && { meta }) };
  return `{"data":${data},${JSON.stringify(rest).slice(1)}`;
}
