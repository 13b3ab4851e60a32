/**
 * Accepted tokens: those of another name, kind or library, which are read, and made anew as our own.
 *
 * @module
 */
import { cookieValues } from "./cookie/parse.ts";
import { type Engine, placeOf } from "./engine.ts";
import { keyOf } from "./keeping.ts";
import { endOf } from "./lifetime.ts";
import type { SessionRecord } from "./record.ts";
import type { Kept } from "./state.ts";
import { isMoved, type Key } from "./stores/store.ts";
import { type Claims, isFromTheFuture } from "./token/claims.ts";
import type { TokenCodec } from "./token/codec.ts";

/** A session that an accepted token brought: one that is kept already, or one that is still to be. */
export type Accepted =
  | { readonly is: "living"; readonly kept: Kept; readonly copied: false }
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
  const { timeouts } = engine;
  const now = engine.now();
  const span = { startedAt: claims.start, seenAt: Number.POSITIVE_INFINITY, expiresAt: claims.exp };
  if (isFromTheFuture(claims, now) || endOf(span, timeouts, now) !== undefined) return null;
  const { keeping } = placeOf(engine, claims.sub);
  const token = { temp: claims.temp === true, renew: "due" } as const;
  const { data, sub } = claims;
  if (keeping.dataInToken) {
    const record = await keeping.load(claims, { now });
    return data === undefined || record === null || isMoved(record) ? null : living({ key: keyOf(claims), record, token });
  }
  const route = data === undefined ? claims.route : await keeping.route(sub);
  const key = route === undefined ? { id: claims.sid } : { id: claims.sid, route };
  const found = await keeping.loadKey(key, { now });
  if (found !== null) {
    const usable = !isMoved(found) && endOf(found, timeouts, now) === undefined;
    return usable ? living({ key, record: found, token }) : null;
  }
  if (data === undefined) return null;
  const record = { data, version: 0, startedAt: claims.start, seenAt: now, expiresAt: claims.exp };
  return { is: "imported", key, record: sub === undefined ? record : { ...record, subject: sub }, temp: token.temp };
}

function living(kept: Kept): Accepted {
  return { is: "living", kept, copied: false };
}
