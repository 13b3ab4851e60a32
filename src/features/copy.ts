/**
 * The copy: a session's record in a second, encrypted cookie for a short time, so that most requests ask no store.
 *
 * A copy is only as good as the last answer of the store. So a response that asked no store never makes one, and every
 * change made elsewhere, the end of the session included, is seen after at most `maxAge`.
 *
 * @module
 */
import { cookieValues, isSent } from "../cookie/parse.ts";
import { cannot } from "../ground/errors.ts";
import { type JsonObject, parseData } from "../ground/json.ts";
import { after, all, type MaybePromise } from "../ground/maybe-promise.ts";
import { checkGiven, refuseUnknown, seconds } from "../ground/option-values.ts";
import type { Channel, Hooks } from "../manager/contract.ts";
import type { CopyFeature } from "../manager/imported.ts";
import { channelOf, type Manager } from "../manager/manager.ts";
import { isBroughtElsewhere } from "../session/found.ts";
import type { SessionMeta, SessionRecord } from "../session/record.ts";
import type { Visit } from "../session/visit.ts";
import { type Claims, isFromTheFuture } from "../token/claims.ts";
import { isTouchDue, timeoutClaims, timeoutsIn } from "../token/timeouts.ts";

export type { CopyFeature } from "../manager/imported.ts";

/** For how long a copy is good. */
export interface CopyOptions {
  /** Seconds, 1 to 300. */
  maxAge: number;
}

const KNOWN: ReadonlySet<string> = new Set<keyof CopyOptions>(["maxAge"]);

/**
 * For the option `copy`: keeps a copy of a stored session in a second, encrypted cookie for `maxAge` seconds, at most 300, so that most
 * requests ask no store. Needs a store that is atomic and immediate.
 *
 * Risky: a session that is revoked, or changed elsewhere, is seen as it was for up to `maxAge`. `session.ready({ fresh: true })`, `update`,
 * `login` and `regenerateId` ask the store; `loginAge` is `Infinity` until it was asked.
 *
 * @throws OptionError for another option, or a `maxAge` that is no whole number of seconds from 1 to 300; when sessions are set up, with a store that cannot keep that.
 *
 * @example
 * ```ts
 * import { copy } from "web-session-store/copy";
 *
 * const sessions = createSessions({ secrets, store, copy: copy({ maxAge: 60 }) });
 * ```
 */
export function copy(options: CopyOptions): CopyFeature {
  checkGiven(options, "copy", "{ maxAge }");
  refuseUnknown(options, KNOWN);
  return Object.freeze({ maxAge: seconds("maxAge", options.maxAge, 1, 300), "~feature": copyHooks });
}

/** What a copy does in a request: it answers in the place of the store, and a new one goes on answers that asked the store. */
function copyHooks(manager: Manager, { maxAge }: CopyFeature): Hooks {
  const { guarantees } = manager.store ?? {};
  if (!guarantees?.atomic || !guarantees.immediate) cannot("use option copy", "it needs a store that is atomic and immediate");
  const { idleTimeout } = manager.timeouts;
  if (idleTimeout <= 2 * maxAge)
    cannot(`use copy.maxAge ${maxAge}`, `idleTimeout, ${idleTimeout}, must be more than twice as long`);
  const channel = manager.channel("copy", manager.furtherCookie("copy"));
  return {
    answer: (header, claims) => readCopy({ manager, channel, maxAge }, header, claims),
    lines: (visit, changesOnly) => copyLines({ manager, channel, maxAge }, visit, changesOnly),
  };
}

/** Where copies are, and for how many seconds they are good. */
interface Copies {
  readonly manager: Manager;
  readonly channel: Channel;
  readonly maxAge: number;
}

/** The record that a request brought as a copy, for the session of this token; null when the store must be asked. */
function readCopy(copies: Copies, header: string | null, token: Claims): MaybePromise<SessionRecord | null> {
  const { cookie, codec } = copies.channel;
  const { values } = cookieValues(header, cookie.name);
  if (values.length === 0) return null;
  return after(all(values.map((value) => codec.open(value))), (opened) => {
    const claims = opened.flatMap((result) => (typeof result === "string" ? [] : [result.claims]));
    const fitting = claims.filter((copy) => copy.sid === token.sid && copy.start === token.start && isCurrent(copy, copies));
    const newest = fitting.sort((left, right) => right.iat - left.iat)[0];
    return newest === undefined ? null : copiedRecord(newest, copies);
  });
}

/** The `maxAge` of today holds, too. */
function isCurrent(copy: Claims, { maxAge, manager }: Copies): boolean {
  const now = manager.now();
  return now < copy.exp && now < copy.iat + maxAge && !isFromTheFuture(copy, now);
}

/** The record, unless its use is to be recorded again: only the store can do that. */
function copiedRecord({ start, sub, idle, abs, data = "{}" }: Claims, { manager }: Copies): SessionRecord | null {
  const copied = parseData(data);
  if (copied === null) return null;
  const record: SessionRecord = {
    data: JSON.stringify(copied.data),
    version: copied.version as number,
    startedAt: start,
    seenAt: copied.seenAt as number,
    expiresAt: copied.expiresAt as number,
    ...(sub !== undefined && { subject: sub }),
    ...(copied.meta !== undefined && { meta: copied.meta as SessionMeta }),
    ...timeoutsIn({ idle, abs }),
  };
  return isTouchDue(record, manager.timeouts, manager.now()) ? null : record;
}

/**
 * The Set-Cookie lines for the copy: a new one where the store was asked, none where it was not; the end of one that is
 * wrong now, or that has become too large.
 *
 * @param changesOnly Whether only what must be said is to be said: the response may be cached for everybody.
 */
async function copyLines({ manager, channel, maxAge }: Copies, visit: Visit, changesOnly: boolean): Promise<readonly string[]> {
  const { known, used, found, askedAt, wrote } = visit;
  const living = found.is === "living" && channelOf(manager, found.record.subject).mode === "store" ? found : null;
  // The answer that gave it its new id brings its copy, too.
  if (living !== null && isBroughtElsewhere(living)) return [];
  const hasEnded = visit.farewell !== null || visit.rivals === "settled" || found.is === "gone";
  if (known === "stale" || (living === null && hasEnded)) return removalOf(visit, channel);
  if (living === null || known !== "exact" || !used || (changesOnly && !wrote)) return [];
  const { record, key } = living;
  const exp = Math.min(askedAt + maxAge, record.expiresAt);
  const left = exp - manager.now();
  if (left <= 0) return wrote ? removalOf(visit, channel) : [];
  const { startedAt: start, subject: sub } = record;
  const said = { ...timeoutClaims(record), ...(sub !== undefined && { sub }), data: textOf(record) };
  const claims = { sid: key.id, start, iat: askedAt, exp, ...said };
  const token = await channel.codec.seal(claims);
  return channel.cookie.sizeOf(token) > channel.cookie.maxBytes ? removalOf(visit, channel) : channel.cookie.set(token, left);
}

function removalOf({ cookie: header }: Visit, { cookie }: Channel): readonly string[] {
  return isSent(header, cookie.name) ? cookie.clear() : [];
}

function textOf({ data, version, seenAt, expiresAt, meta }: SessionRecord): string {
  const rest: JsonObject = { version, seenAt, expiresAt, ...(meta !== undefined && { meta }) };
  return `{"data":${data},${JSON.stringify(rest).slice(1)}`;
}
