/**
 * Accepted tokens: those of another name, kind or library, which are read, and made anew as our own.
 *
 * @module
 */
import { cookieValues } from "./cookie/parse.ts";
import { type Engine, placeOf } from "./engine.ts";
import { type JsonObject, parseData } from "./json.ts";
import { type Keeping, keyOf, recordFromToken } from "./keeping.ts";
import { endOf, type Timeouts } from "./lifetime.ts";
import type { SessionRecord } from "./record.ts";
import { isSessionId } from "./session-id.ts";
import type { Kept } from "./state.ts";
import { isMoved, type Key } from "./stores/store.ts";
import { type Claims, isFromTheFuture } from "./token/claims.ts";
import type { TokenCodec } from "./token/codec.ts";
import { usableData } from "./usable.ts";

/** A session that an accepted token brought: one that is kept already, or one that is still to be. */
export type Accepted =
  | { readonly is: "living"; readonly kept: Kept; readonly data: JsonObject; readonly copied: false }
  | { readonly is: "imported"; readonly key: Key; readonly record: SessionRecord; readonly temp: boolean };

/** The session of the first accepted token that is good. */
export async function findAccepted(engine: Engine, header: string | null): Promise<Accepted | null> {
  for (const codec of engine.accept) {
    for (const text of valuesFor(codec, engine, header)) {
      const opened = await codec.open(text);
      const found = typeof opened === "string" ? null : await look(engine, opened.claims);
      if (found !== null) return found;
    }
  }
  return null;
}

/** The Set-Cookie lines that remove accepted cookies of other names: a session that ended must not come back from one. */
export function clearAccepted({ accept, places }: Engine, header: string | null): string[] {
  if (accept.length === 0) return [];
  const own = [places.session.cookie.name, places.visitor.cookie.name];
  const present = accept.filter((codec) => (codec.find?.(header, own[0] as string).values.length ?? 0) > 0);
  const lines = present.flatMap((codec) => codec.clear?.() ?? []);
  return [...new Set(lines)].filter((line) => !own.includes(line.slice(0, line.indexOf("="))));
}

function valuesFor(codec: TokenCodec, { places }: Engine, header: string | null): readonly string[] {
  const names = [places.session.cookie.name, places.visitor.cookie.name];
  const found = codec.find === undefined ? names.map((name) => cookieValues(header, name)) : [codec.find(header, names[0] ?? "")];
  return found.flatMap(({ values, tooMany }) => (tooMany ? [] : values));
}

async function look(engine: Engine, claims: Claims): Promise<Accepted | null> {
  const now = engine.now();
  if (!isGood(claims, engine.timeouts, now)) return null;
  const { data, sub } = claims;
  // A token without data names a session in the store, and does not say whose it is.
  const { keeping } = data === undefined ? engine.places.session : placeOf(engine, sub);
  if (data === undefined && keeping.dataInToken) return null;
  const route = data === undefined ? claims.route : await keeping.route(sub);
  const placed = { ...claims, route } as Claims;
  const key = keyOf(placed);
  const found = await keeping.load(placed, { now });
  const temp = claims.temp === true;
  if (found !== null)
    return isMoved(found) ? null : living(engine, keeping, { key, record: found, token: { temp, renew: "due" } }, now);
  if (data === undefined) return null;
  return { is: "imported", key, record: { ...recordFromToken(claims), seenAt: now }, temp };
}

/** Whether claims have not ended and are what claims are, whoever's codec answered with them. */
function isGood(claims: Claims, timeouts: Timeouts, now: number): boolean {
  const { sid, start, exp, data } = claims;
  if (!isSessionId(sid) || (data !== undefined && parseData(data) === null)) return false;
  const span = { startedAt: start, seenAt: Number.POSITIVE_INFINITY, expiresAt: exp };
  return !isFromTheFuture(claims, now) && endOf(span, timeouts, now) === undefined;
}

/** A session that is kept already, if it is one, and is where it belongs. */
function living(engine: Engine, keeping: Keeping, { key, record, token }: Kept, now: number): Accepted | null {
  // What other software calls the time of a token need not be that of the last use.
  const used = keeping.timesInToken ? { ...record, seenAt: now } : record;
  const place = placeOf(engine, record.subject);
  const data = place.keeping === keeping ? usableData(place, engine, key.id, used, now) : null;
  return data && { is: "living", kept: { key, record: used, token }, data, copied: false };
}
