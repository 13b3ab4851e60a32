/**
 * Goes on with a session as the store has it by now: changed by others, under another id, or gone. What this request did to it stays done.
 *
 * @module
 */
import { parseData } from "../ground/json.ts";
import type { Gone, Living } from "../session/found.ts";
import { reject, shownText, type Visit, withoutLeft } from "../session/visit.ts";

/** Goes on with the session as the store has it now. @param converted Its data, where that has to be shown in a newer schema. */
export function goOnWith(visit: Visit, living: Living, converted: string | null = null): void {
  const before = shownText(visit);
  visit.found = living;
  visit.known = "exact";
  visit.converted = converted;
  if (visit.stage !== "closed") catchUp(visit, before, converted ?? living.record.data);
}

/** Goes on with the session that another request made of the same accepted token. */
export function joinImported(visit: Visit, living: Living): void {
  const before = shownText(visit);
  visit.converted = null;
  visit.found = living;
  visit.nextId = undefined;
  catchUp(visit, before, living.record.data);
  if (visit.wish.to === "login") visit.data.accepted = false;
}

/**
 * Goes on from data that others have written meanwhile. What this request changed stays changed. A login leaves behind what came
 * since, as it does with what it saw.
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

/** The session moved or ended while this request ran. What the request wants of it stays as it is. */
export function lose(visit: Visit, gone: Omit<Gone, "shown">): void {
  const { found } = visit;
  const shown = found.is === "living" || found.is === "imported" ? { record: found.record, remember: found.remember } : null;
  visit.found = { ...gone, shown };
}

/** There is no session to be shown: it had moved before this request could see it. */
export function miss(visit: Visit, gone: Omit<Gone, "shown">): void {
  visit.found = { ...gone, shown: null };
  reject(visit);
}

/** The store no longer has what a copy showed: there is no session, and the copy is wrong. */
export function vanish(visit: Visit): void {
  visit.found = { is: "new" };
  reject(visit);
  visit.known = "stale";
}
