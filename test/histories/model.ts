/** The store contract as a model: what one call at a time does to a group of ids, and what it answers. */
import { isMoved, markFor, type RecordOrMark, type SessionRecord } from "../../src/session/record.ts";
import { type Call, said, TAKEN } from "./calls.ts";

/** What is at each id; nothing where it is not. */
export type State = Readonly<Record<string, RecordOrMark>>;

/** What a call leads to. The same object as before: nothing changed. */
export interface Step {
  readonly state: State;
  readonly answer: string;
}

const NOTHING = said(null);
const why = (reason: string) => said({ ok: false, why: reason });

/** What a `remove` is where it is several transactions: the end of the session that marks lead to, and of each mark on the way. */
export type Part = { readonly does: "end"; readonly id: string } | { readonly does: "unmark"; readonly id: string };

/** Each mark has another id of its group, and the session one more. */
const MARKS = 2;

/** The parts of a `remove`: the end of the session comes first. */
export const partsOf = ({ id }: { readonly id: string }): Part[] => [
  { does: "end", id },
  ...Array.from({ length: MARKS }, (): Part => ({ does: "unmark", id })),
];

/** Carries out one call, or part of one. Nothing expires while a history lasts. */
export function step(state: State, call: Call | Part): Step {
  const found = state[call.id];
  if (call.does === "end") return { state: ended(state, call.id), answer: NOTHING };
  if (call.does === "unmark") return { state: unmarked(state, call.id), answer: NOTHING };
  if (call.does === "remove") return { state: removed(state, call.id), answer: NOTHING };
  if (call.does === "create") {
    return found === undefined ? { state: { ...state, [call.id]: call.record }, answer: NOTHING } : { state, answer: TAKEN };
  }
  if (found === undefined || isMoved(found)) return { state, answer: withoutRecord(call, found) };
  return onRecord(state, call, found);
}

function withoutRecord(call: Call, mark: RecordOrMark | undefined): string {
  if (call.does === "load") return said(mark ?? null);
  if (call.does === "take") return NOTHING;
  return call.does === "touch" ? said(false) : why(mark === undefined ? "gone" : "moved");
}

function onRecord(state: State, call: Exclude<Call, { does: "create" | "remove" }>, record: SessionRecord): Step {
  if (call.does === "take") return { state: without(state, call.id), answer: said(record) };
  if (call.does === "touch") return { state: { ...state, [call.id]: slid(record, call.options) }, answer: said(true) };
  if (call.does === "load") {
    const { touch } = call;
    const isDue = touch !== undefined && record.seenAt > touch.seenAfter && record.seenAt <= touch.seenBefore;
    if (!isDue) return { state, answer: said(record) };
    const after = slid(record, { now: call.now, expiresAt: touch.expiresAt });
    return { state: { ...state, [call.id]: after }, answer: said(after) };
  }
  const { ifVersion } = call.does === "update" ? call.options : call.move;
  if (ifVersion !== undefined && ifVersion !== record.version) return { state, answer: why("conflict") };
  const version = record.version + 1;
  const data = patched(record.data, call.patch);
  const answer = said({ ok: true, version });
  if (call.does === "update") return { state: { ...state, [call.id]: { ...slid(record, call.options), data, version } }, answer };
  if (state[call.to] !== undefined) return { state, answer: TAKEN };
  const mark = markFor(call.record.seenAt, { id: call.to }, call.move);
  return { state: { ...state, [call.id]: mark, [call.to]: { ...call.record, data, version } }, answer };
}

function slid(record: SessionRecord, { now, expiresAt }: { now: number; expiresAt: number }): SessionRecord {
  return { ...record, seenAt: Math.max(record.seenAt, now), expiresAt: Math.max(record.expiresAt, expiresAt) };
}

function patched(data: string, { set, unset }: Extract<Call, { does: "update" }>["patch"]): string {
  const object = JSON.parse(data);
  for (const key of unset) delete object[key];
  for (const [key, json] of set) object[key] = JSON.parse(json);
  // One state has one text, whatever led to it.
  return JSON.stringify(object, Object.keys(object).sort());
}

/** From mark to mark, to the session. */
function removed(state: State, id: string): State {
  const found = state[id];
  if (found === undefined) return state;
  const left = without(state, id);
  return isMoved(found) && found.to !== undefined ? removed(left, found.to.id) : left;
}

function without(state: State, id: string): State {
  const { [id]: _gone, ...left } = state;
  return left;
}

/** Without the session that marks lead to from an id; they stay. */
function ended(state: State, id: string): State {
  const found = state[id];
  if (found === undefined) return state;
  if (!isMoved(found)) return without(state, id);
  return found.to === undefined ? state : ended(state, found.to.id);
}

/** Without the last of the marks that lead on from an id. */
function unmarked(state: State, id: string): State {
  const found = state[id];
  if (found === undefined || !isMoved(found)) return state;
  const next = found.to === undefined ? undefined : state[found.to.id];
  return next !== undefined && isMoved(next) ? unmarked(state, (found.to as { id: string }).id) : without(state, id);
}
