/**
 * Tracks what `patch()` wrote to a session that is only partly known. The store's
 * replies may come in any order, and an older one must not undo a newer one.
 *
 * @module
 */
import { parseData } from "../ground/json.ts";
import type { Living } from "../session/found.ts";
import { applyPatch, type Patch } from "../session/patch.ts";
import { livingOf, type Visit } from "../session/visit.ts";
import { goOnWith } from "./rebase.ts";

/** What is known of a session besides its record. */
interface Notes {
  /** The last version that is fully known. NaN if there is none. */
  readonly whole: number;
  /** Later versions that this request wrote, so it knows what they changed. */
  readonly versions: readonly number[];
  /** The keys that those changed, with the last version that did. */
  readonly keys: ReadonlyMap<string, number>;
}

const NOTES = new WeakMap<Living, Notes>();

/** The store's reply to a patch. */
interface Answer {
  readonly version: number;
  readonly now: number;
  readonly expiresAt: number;
}

/** Shows in the visit what a patch wrote, if the visit still shows that session. */
export function notePatch(visit: Visit, id: string, patch: Patch, { version, now, expiresAt }: Answer): void {
  const there = livingOf(visit);
  visit.askedAt = now;
  visit.wrote = true;
  if (there?.key.id !== id) return;
  const { whole, versions, keys } = notesOf(there, visit);
  // A load or update in the meantime has already seen this patch.
  if (version <= whole) return;
  const isLast = (key: string) => version > (keys.get(key) ?? 0);
  const last: Patch = { set: patch.set.filter(([key]) => isLast(key)), unset: patch.unset.filter(isLast) };
  const changed = [...last.unset, ...last.set.map(([key]) => key)].map((key) => [key, version] as const);
  const data = applyPatch(there.record.data, last);
  const record = { ...there.record, data, version: Math.max(version, there.record.version), seenAt: now, expiresAt };
  goOnNoted(visit, { ...there, record }, { whole, versions: [...versions, version], keys: new Map([...keys, ...changed]) });
}

/**
 * Takes in a reply older than the last write. Only patches can be newer, and nothing else is known of those versions.
 */
export function goOnUnder(visit: Visit, older: Living): void {
  const there = livingOf(visit) as Living;
  const notes = NOTES.get(there);
  // Everything newer is already known.
  if (visit.known !== "stale" || notes === undefined) return;
  const { version: whole, data: before } = older.record;
  const shown = parseData(there.record.data) ?? {};
  const newer = [...notes.keys].filter(([, version]) => version > whole);
  const unset = newer.flatMap(([key]) => (Object.hasOwn(shown, key) ? [] : [key]));
  const set = newer.flatMap(([key]) => (Object.hasOwn(shown, key) ? [[key, JSON.stringify(shown[key])] as const] : []));
  const record = { ...older.record, data: applyPatch(before, { set, unset }), version: there.record.version };
  const versions = notes.versions.filter((version) => version > whole);
  goOnNoted(visit, { ...older, record }, { whole, versions, keys: new Map(newer) });
}

const notesOf = (there: Living, { known }: Visit): Notes =>
  NOTES.get(there) ?? { whole: known === "stale" ? Number.NaN : there.record.version, versions: [], keys: new Map() };

/** With every version since the last whole one, the session is fully known again. */
function goOnNoted(visit: Visit, living: Living, notes: Notes): void {
  goOnWith(visit, living);
  if (notes.whole + notes.versions.length === living.record.version) return;
  visit.known = "stale";
  NOTES.set(living, notes);
}
