/** Writes down what the store answered, call by call, and that it answered as the contract of stores says. */
import type { Patch } from "../../src/session/patch.ts";
import {
  isMoved,
  type Key,
  MOVED_MARK_SECONDS,
  type Move,
  type MovedMark,
  type SessionRecord,
  type UpdateResult,
} from "../../src/session/record.ts";
import { type Entry, type History, type Live, liveFrom, type Mark, type Values, valuesOf } from "./schedule-history.ts";
import type { Segment } from "./schedule-segment.ts";
import type { Visit } from "./schedule-visit.ts";

/** Who makes a call: a request, for one of the sessions that it has one after the other. */
export interface Doing {
  readonly visit: Visit;
  readonly segment: Segment;
}

/** A change in the store that a request made. */
export type Change = { readonly doing: Doing; readonly at: number } & (
  | { readonly does: "create"; readonly id: string; readonly after: Live }
  | { readonly does: "update"; readonly id: string; readonly patch: Patch; readonly before: Live; readonly after: Live }
  | {
      readonly does: "replace";
      readonly id: string;
      readonly to: string;
      readonly move: Move;
      readonly before: Live;
      readonly after: Live;
    }
  | { readonly does: "take"; readonly id: string; readonly before: Live }
  | { readonly does: "remove"; readonly ids: readonly string[] }
  | { readonly does: "remove-all"; readonly ids: readonly string[]; readonly subject: string }
);

type Found = SessionRecord | MovedMark | null;

export class Recorder {
  readonly problems: string[] = [];
  readonly #history: History;
  readonly #tokens: { readonly madeAt: number };
  readonly #explain: (change: Change) => void;

  constructor(history: History, tokens: { readonly madeAt: number }, explain: (change: Change) => void) {
    this.#history = history;
    this.#tokens = tokens;
    this.#explain = explain;
  }

  loaded({ id }: Key, found: Found, now: number): void {
    const entry = this.#history.at(id);
    const over = entry !== undefined && endsAt(entry) <= now;
    if (found === null) {
      if (entry !== undefined && !over) this.#fault(id, "does not find what is there");
    } else if (isMoved(found)) {
      const { to, by, graceUntil } = (entry ?? {}) as Partial<Mark>;
      if (entry?.is !== "mark" || found.to?.id !== to || found.by !== by || found.graceUntil !== graceUntil)
        this.#fault(id, "finds a mark that nobody left");
    } else if (entry?.is !== "live") this.#fault(id, "finds a record that nobody wrote, or that ended");
    else {
      if (text(valuesOf(found.data)) !== text(entry.data)) this.#fault(id, `finds ${found.data} where ${text(entry.data)} is`);
      this.#history.put(id, { ...entry, expiresAt: Math.max(entry.expiresAt, found.expiresAt) });
    }
  }

  created(doing: Doing, key: Key, record: SessionRecord): void {
    const { id } = key;
    if (this.#history.liveAt(id) !== undefined) this.#fault(id, "creates a record where one is");
    // A login begins a session anew; that of a token began when the token says.
    const after = liveFrom(record, valuesOf(record.data), record.startedAt === this.#tokens.madeAt);
    const at = this.#begin(key, after);
    this.#explain({ does: "create", doing, at, id, after });
  }

  updated(doing: Doing, key: Key, patch: Patch, { expiresAt }: { expiresAt: number }, result: UpdateResult): void {
    const before = this.#changeable(key.id, result);
    if (before === undefined) return;
    const after = { ...before, data: patched(before.data, patch), expiresAt: Math.max(before.expiresAt, expiresAt) };
    const at = this.#begin(key, after);
    this.#explain({ does: "update", doing, at, id: key.id, patch, before, after });
  }

  replaced(
    doing: Doing,
    from: Key,
    to: Key,
    given: { patch: Patch; record: SessionRecord; move: Move },
    result: UpdateResult,
  ): void {
    const { patch, record, move } = given;
    const before = this.#changeable(from.id, result);
    if (before === undefined) return;
    if (this.#history.isKnown(to.id)) this.#fault(to.id, "is given a second time");
    const after = liveFrom(record, patched(before.data, patch), move.by !== "login" && before.accepted);
    const at = this.#begin(to, after);
    const graceUntil = move.graceSeconds > 0 ? record.seenAt + move.graceSeconds : undefined;
    this.#history.put(from.id, { is: "mark", to: to.id, by: move.by, movedAt: record.seenAt, graceUntil });
    this.#explain({ does: "replace", doing, at, id: from.id, to: to.id, move, before, after });
  }

  /** Whether a removal may stop at a mark of its chain. */
  mayStop(key: Key): boolean {
    const now = this.#history.timeAt(this.#history.moment);
    return this.chain(key).some((id) => {
      const entry = this.#history.at(id);
      return entry?.is === "mark" && endsAt(entry) <= now;
    });
  }

  touched({ id }: Key, touched: boolean, { now, expiresAt }: { now: number; expiresAt: number }): void {
    const live = this.#history.liveAt(id);
    if (touched && live === undefined) this.#fault(id, "is touched, and ended before");
    if (!touched && live !== undefined && live.expiresAt > now) this.#fault(id, "lives, and cannot be touched");
    if (live !== undefined) this.#history.put(id, { ...live, expiresAt: Math.max(live.expiresAt, expiresAt) });
  }

  /** The ids that a removal ends: from mark to mark. */
  chain({ id }: Key): string[] {
    const entry = this.#history.at(id);
    if (entry === undefined) return [];
    return entry.is === "mark" ? [id, ...this.chain({ id: entry.to })] : [id];
  }

  /** `left`: behind a mark that is so old that the store need not know it, what is still there. */
  removed(doing: Doing, key: Key, left: readonly string[]): void {
    const ids = this.chain(key).filter((id) => !left.includes(id));
    const lived = ids.filter((one) => this.#history.liveAt(one) !== undefined);
    const at = this.#end(ids);
    if (lived.length > 0) this.#explain({ does: "remove", doing, at, ids: lived });
  }

  taken(doing: Doing, { id }: Key, found: SessionRecord | null): void {
    const before = this.#history.liveAt(id);
    if (found === null && before !== undefined) this.#fault(id, "cannot be taken, and is there");
    else if (found !== null && before === undefined) this.#fault(id, "is taken a second time");
    else if (before !== undefined) this.#explain({ does: "take", doing, at: this.#end([id]), id, before });
  }

  removedAll(doing: Doing, subject: string, except: string | undefined): void {
    const ids = this.#history.ids.filter((id) => id !== except && this.#history.liveAt(id)?.subject === subject);
    this.#explain({ does: "remove-all", doing, at: this.#end(ids), ids, subject });
  }

  #begin(key: Key, entry: Entry): number {
    this.#history.keys.set(key.id, key);
    const at = this.#history.begin();
    this.#history.put(key.id, entry);
    return at;
  }

  #end(ids: readonly string[]): number {
    const at = this.#history.begin();
    for (const id of ids) this.#history.put(id, undefined);
    return at;
  }

  /** What was changed; nothing where the store refused, which must have a reason. */
  #changeable(id: string, result: UpdateResult): Live | undefined {
    const entry = this.#history.at(id);
    if (result.ok) {
      if (entry?.is !== "live") this.#fault(id, "is changed, and ended before");
      return entry?.is === "live" ? entry : undefined;
    }
    const over = entry !== undefined && endsAt(entry) <= this.#history.timeAt(this.#history.moment);
    const why = entry === undefined ? "gone" : entry.is === "mark" ? "moved" : "conflict";
    if (result.why !== why && !over) this.#fault(id, `is said to be ${result.why}, and is ${why}`);
    return undefined;
  }

  #fault(id: string, what: string): void {
    this.problems.push(`the store breaks its contract: ${id} ${what}`);
  }
}

function endsAt(entry: Entry): number {
  return entry.is === "mark" ? entry.movedAt + MOVED_MARK_SECONDS : entry.expiresAt;
}

function text(data: Values): string {
  return JSON.stringify([...data].sort());
}

function patched(data: Values, { replacesData, set, unset }: Patch): Values {
  const after = new Map(replacesData ? [] : data);
  for (const key of unset) after.delete(key);
  for (const [key, value] of valuesOf(`{${set.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join()}}`))
    after.set(key, value);
  return after;
}
