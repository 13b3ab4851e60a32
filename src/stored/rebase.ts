/**
 * Continues with the session as the store has it now: changed by
 * others, under another id, or gone. This request's own changes stay.
 *
 * @module
 */
import { parseData } from "../ground/json.ts";
import type { Gone, Living } from "../session/found.ts";
import { reject, shownText, type Visit, withoutLeft } from "../session/visit.ts";

/**
 * Continues with the session as the store has it now. @param
 * converted Its data in a newer schema, if it had to be converted.
 */
export function goOnWith(visit: Visit, living: Living, converted: string | null = null): void {
  const before = shownText(visit);
  visit.found = living;
  visit.known = "exact";
  visit.converted = converted;
  if (visit.stage !== "closed") catchUp(visit, before, converted ?? living.record.data);
}

/** Continues with the session that another request made from the same accepted token. */
export function joinImported(visit: Visit, living: Living): void {
  const before = shownText(visit);
  visit.converted = null;
  visit.found = living;
  visit.nextId = undefined;
  catchUp(visit, before, living.record.data);
  if (visit.wish.to === "login") visit.data.accepted = false;
}

/**
 * Continues from data that others have written. This request's changes stay.
 * A login also drops keys that others added, just as it drops those it saw.
 */
function catchUp(visit: Visit, before: string, now: string): void {
  const { wish, data } = visit;
  if (wish.to !== "login" || (!wish.replacesData && wish.keys === null)) {
    data.rebase(before, now);
    return;
  }
  const seen = parseData(before) ?? {};
  const came = Object.keys(parseData(now) ?? {}).filter((key) => !Object.hasOwn(seen, key) && !wish.keys?.includes(key));
  wish.left.push(...came);
  if (!wish.replacesData) data.rebase(withoutLeft(visit, before), withoutLeft(visit, now));
}

/** The session moved or ended while this request ran. The visit's wish stays. */
export function lose(visit: Visit, gone: Omit<Gone, "shown">): void {
  const { found } = visit;
  const shown = found.is === "living" || found.is === "imported" ? { record: found.record, remember: found.remember } : null;
  visit.found = { ...gone, shown };
}

/** The session moved before this request could see it, so there is none to show. */
export function miss(visit: Visit, gone: Omit<Gone, "shown">): void {
  visit.found = { ...gone, shown: null };
  reject(visit);
}

/** The store no longer has the session that a copy showed, so there is none. */
export function vanish(visit: Visit): void {
  visit.found = { is: "new" };
  reject(visit);
  visit.known = "stale";
}
