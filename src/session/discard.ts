/**
 * Drops a request's changes when it fails.
 *
 * @module
 */
import { parseData } from "../ground/json.ts";
import { applyPatch, diff, type Patch } from "./patch.ts";
import { reject, shownText, type Visit } from "./visit.ts";

/**
 * Drops the failed request's unsaved changes, except those that an error handler made
 * since. An ended session still ends.
 */
export function discard(visit: Visit): void {
  const since = changedSinceFailure(visit);
  visit.wish = { to: "stay" };
  visit.nextId = undefined;
  if (visit.found.is === "living" || (visit.found.is === "imported" && since !== null)) visit.data.fill(shownText(visit));
  else reject(visit);
  if (since !== null) visit.data.fill(applyPatch(shownText(visit), since));
}

/** What an error handler changed. Keys left behind by its own login do not count, as that login is dropped. */
function changedSinceFailure(visit: Visit): Patch | null {
  const { failedWith, data, wish } = visit;
  const before = failedWith ? parseData(failedWith) : null;
  const since = before && diff(before, parseData(data.text()) ?? before);
  const left = wish.to === "login" ? wish.left : [];
  return since && { set: since.set, unset: since.unset.filter((key) => !left.includes(key)) };
}
