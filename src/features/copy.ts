/**
 * The copy: a session's record in a second, encrypted cookie for a short time, so that most requests ask no store.
 *
 * Only a response that asked the store makes a copy. So every change made elsewhere, including the session's end,
 * is seen after at most `maxAge`.
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

/** Options for `copy()`. */
export interface CopyOptions {
  /** How long a copy is valid, in seconds: 1 to 300. */
  maxAge: number;
}

const KNOWN: ReadonlySet<string> = new Set<keyof CopyOptions>(["maxAge"]);

/**
 * For the option `copy`: keeps a copy of a stored session in a second, encrypted cookie for `maxAge` seconds, so that
 * most requests ask no store. Needs a store that is atomic and immediate.
 *
 * Risky: for up to `maxAge`, requests may see a session as it was before it was revoked or changed
 * elsewhere. `update`, `login`, `regenerateId` and `session.ready({ fresh: true })` ask the store; until
 * then `loginAge` is `Infinity`.
 *
 * @throws OptionError for an unknown option or a `maxAge` that is not a whole number from 1 to 300; from
 * `createSessions()`, for an unsuitable store.
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

/** Reads the copy in place of the store, and renews it after the store was asked. */
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

interface Copies {
  readonly manager: Manager;
  readonly channel: Channel;
  readonly maxAge: number;
}

/** The record of this token's session from a copy; null if the store must be asked. */
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

/** The current `maxAge` applies, too. */
function isCurrent(copy: Claims, { maxAge, manager }: Copies): boolean {
  const now = manager.now();
  return now < copy.exp && now < copy.iat + maxAge && !isFromTheFuture(copy, now);
}

/** Null if the record's use is due to be recorded, which needs the store. */
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
 * The Set-Cookie lines for the copy: a new one if the store was asked, its removal if it is wrong or too large.
 * @param changesOnly Whether to send only changes, because the response may be in a shared cache.
 */
async function copyLines({ manager, channel, maxAge }: Copies, visit: Visit, changesOnly: boolean): Promise<readonly string[]> {
  const { known, used, found, askedAt, wrote } = visit;
  const living = found.is === "living" && channelOf(manager, found.record.subject).mode === "store" ? found : null;
  // The response that brings the new id brings its copy, too.
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
