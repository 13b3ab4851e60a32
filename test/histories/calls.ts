/** Calls of the store contract in histories, how they are made, and what a client would ask next. */
import type { Patch } from "../../src/session/patch.ts";
import type { Move, MovedMark, SessionRecord, UpdateOptions } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";

type Touch = { now: number; expiresAt: number };

/** One call. Of a group of ids, each of which may move to another. */
export type Call =
  | { does: "load"; id: string; now: number; touch?: { seenAfter: number; seenBefore: number; expiresAt: number } }
  | { does: "create"; id: string; record: SessionRecord }
  | { does: "update"; id: string; patch: Patch; options: UpdateOptions }
  | { does: "replace"; id: string; to: string; patch: Patch; record: SessionRecord; move: Move }
  | { does: "touch"; id: string; options: Touch }
  | { does: "remove"; id: string }
  | { does: "take"; id: string };

/** What a store may say of an id that another session has. */
export type IsTaken = (error: unknown) => boolean;

/** Makes a call, and gives its answer as a text that is the same for the same answer. Rejects when it failed, and nobody knows whether it was done. */
export async function make(store: SessionStore, call: Call, isTaken: IsTaken): Promise<string> {
  try {
    return said(await asked(store, call));
  } catch (error) {
    if (!isTaken(error)) throw error;
    return TAKEN;
  }
}

export const TAKEN = '"taken"';

function asked(store: SessionStore, call: Call): Promise<unknown> {
  const key = { id: call.id };
  if (call.does === "load") return store.load(key, { now: call.now, ...(call.touch && { touch: call.touch }) });
  if (call.does === "create") return store.create(key, call.record);
  if (call.does === "update") return store.update(key, call.patch, call.options);
  if (call.does === "replace") return store.replace(key, { id: call.to }, call.patch, call.record, call.move);
  if (call.does === "touch") return store.touch(key, call.options);
  return call.does === "remove" ? store.remove(key) : store.take(key);
}

/** An answer as text. The order of a session's keys is free. */
export function said(answer: unknown): string {
  const isRecord = typeof answer === "object" && answer !== null && "data" in answer;
  return JSON.stringify(sorted(isRecord ? { ...answer, data: JSON.parse(String(answer.data)) } : answer)) ?? "null";
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** How many ids a group has. */
const IDS = 3;
/** Seconds between the earliest and the latest clock of a client. */
const SPREAD = 20;
const HOUR = 3600;

/** What decides on the calls of one client. */
export interface Chooser {
  /** Gives a whole number below another one. */
  below(count: number): number;
  readonly begin: number;
  /** What this client last saw of an id. */
  readonly versions: Map<string, number>;
}

/** The ids of a group. */
export const idsOf = (run: string, group: number): string[] =>
  Array.from({ length: IDS }, (_none, index) => `history-${run}-${group}-${index}`);

/** A call to a group. @param unique What only this call writes. */
export function choose({ below, begin, versions }: Chooser, ids: readonly string[], unique: number): Call {
  const id = ids[below(IDS)] as string;
  const now = begin + below(SPREAD);
  const expiresAt = now + HOUR + below(SPREAD);
  const known = (versions.get(id) ?? 1) + (below(8) === 0 ? 1 : 0);
  const ifVersion = below(5) < 2 ? { ifVersion: known } : {};
  const patch: Patch = { set: [["abc".charAt(below(3)), String(unique)]], unset: below(4) === 0 ? ["abc".charAt(below(3))] : [] };
  const record = { data: JSON.stringify({ new: unique }), version: 1, startedAt: begin, seenAt: now, expiresAt };
  const dice = below(100);
  if (dice < 22) return { does: "load", id, now };
  if (dice < 27) return { does: "load", id, now, touch: { seenAfter: 0, seenBefore: now - 5, expiresAt } };
  if (dice < 40) return { does: "create", id, record };
  if (dice < 70) return { does: "update", id, patch: disjoint(patch), options: { now, expiresAt, ...ifVersion } };
  if (dice < 80) {
    const to = ids[(ids.indexOf(id) + 1 + below(IDS - 1)) % IDS] as string;
    const move: Move = below(2)
      ? { by: "login", graceSeconds: 0, ...ifVersion }
      : { by: "regenerateId", graceSeconds: 10, ...ifVersion };
    return { does: "replace", id, to, patch: disjoint(patch), record: { ...record, subject: `subject of ${ids[0]}` }, move };
  }
  if (dice < 88) return { does: "touch", id, options: { now, expiresAt } };
  return dice < 95 ? { does: "remove", id } : { does: "take", id };
}

/** No patch sets and removes the same key. */
function disjoint({ set, unset }: Patch): Patch {
  return { set, unset: unset.filter((key) => set.every(([other]) => other !== key)) };
}

/** The version in an answer, if there is one. */
export function versionIn(answer: string): number | undefined {
  const found = JSON.parse(answer) as Partial<SessionRecord & MovedMark> | null;
  return found?.version;
}
