/**
 * The store contract on Deno KV.
 *
 * @module
 */
import type { Patch } from "../../session/patch.ts";
import {
  type Key,
  type Limit,
  MOVED_MARK_SECONDS,
  type Move,
  type MovedMark,
  markFor,
  type RecordOrMark,
  type SessionInfo,
  type SessionRecord,
  type UpdateOptions,
  type UpdateResult,
} from "../../session/record.ts";
import { isDue, isOver, isVersion, patched, recordAfterUse, toInfo } from "../../stored/changes.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { AGAIN, Call, type Change, combined, type DenoKv } from "./client.ts";
import type { Keys } from "./keys.ts";
import { changed, outcomeOf } from "./late.ts";
import {
  born,
  ended,
  type FoundMark,
  type FoundSession,
  isMark,
  leftBehind,
  putBeside,
  readSession,
  recordOf,
  rewritten,
} from "./session.ts";
import { endings, evicted, joined, left, membersOf, sessionsAt } from "./subjects.ts";
import { dataToKeep, type LateChange } from "./values.ts";

/** Beyond this many late changes, the next one waits until they are taken in. */
const MOST_LATE = 100;
/** A session moves once a second at most, in the time that marks are there. */
const MOST_MOVES = 100;

type Attempt<Result> = Result | typeof AGAIN;

export class DenoKvStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly #kv: DenoKv;
  readonly #keys: Keys;
  readonly #timeout: number;

  constructor(kv: DenoKv, keys: Keys, timeout: number) {
    this.#kv = kv;
    this.#keys = keys;
    this.#timeout = timeout;
  }

  async load({ id }: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<RecordOrMark | null> {
    const call = this.#call();
    return call.until(async () => {
      const found = await readSession(call, this.#keys, id);
      if (found === null) return null;
      if (isMark(found)) return markAt(found, now);
      const record = recordOf(found);
      if (touch === undefined || record.expiresAt <= now || !isDue(record.seenAt, touch)) return record;
      const { expiresAt } = touch;
      return (await this.#use(call, found, { now, expiresAt })) ? recordAfterUse(record, now, expiresAt) : AGAIN;
    });
  }

  async create({ id }: Key, record: SessionRecord, limit: Limit = {}): Promise<void> {
    const call = this.#call();
    const kept = { ...record, data: dataToKeep(record.data) };
    await call.until(async () => {
      const { head, change } = born(this.#keys, id, kept);
      const membership = await this.#joins(call, id, kept, head.until, limit);
      const free: Change = { checks: [[this.#keys.head(id), null]], sets: [], deletes: [] };
      if (await call.commit(combined(free, change, membership))) return;
      // Something is there, unless it was the subject's sessions that changed.
      const found = await readSession(call, this.#keys, id);
      if (found === null) return AGAIN;
      if (isThere(found, record.seenAt)) throw new Error("Cannot create the session: its id is taken");
      await call.commit(await this.#end(found));
      return AGAIN;
    });
  }

  async update({ id }: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult> {
    const call = this.#call();
    const { now, expiresAt, ifVersion, maxBytes } = options;
    return call.until<UpdateResult>(async () => {
      const found = await readSession(call, this.#keys, id);
      if (!isSession(found, now)) return refused(found, now);
      if (isOver(found.body.seenAt, options)) return { ok: false, why: "gone" };
      if (!isVersion(found.body, options)) return { ok: false, why: "conflict" };
      const change: LateChange = { now, expiresAt, patch, maxBytes };
      const { body, outcome } = changed(found.body, change);
      if (typeof outcome !== "number") return { ok: false, why: outcome };
      if (await this.#rewrite(call, found, body, now)) return { ok: true, version: outcome };
      // What depends on a version is judged anew. All else is put beside what the others write, and never tried twice.
      return ifVersion === undefined ? this.#updateLate(call, found, change) : AGAIN;
    });
  }

  async replace(from: Key, to: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult> {
    const call = this.#call();
    const now = record.seenAt;
    return call.until<UpdateResult>(async () => {
      const found = await readSession(call, this.#keys, from.id);
      if (!isSession(found, now)) return refused(found, now);
      if (!isVersion(found.body, move)) return { ok: false, why: "conflict" };
      const { data, version } = patched(record, recordOf(found), patch);
      const { head, change } = born(this.#keys, to.id, { ...record, data: dataToKeep(data), version });
      const mark = leftBehind(this.#keys, found, markFor(now, to, move));
      const leaves = await this.#leaves(found);
      const membership = await this.#joins(call, to.id, record, head.until, move);
      const free: Change = { checks: [[this.#keys.head(to.id), null]], sets: [], deletes: [] };
      return (await call.commit(combined(mark, free, change, leaves, membership))) ? { ok: true, version } : AGAIN;
    });
  }

  async touch({ id }: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    const call = this.#call();
    return call.until<boolean>(async () => {
      const found = await readSession(call, this.#keys, id);
      if (!isSession(found, now)) return false;
      return (await this.#use(call, found, { now, expiresAt })) || AGAIN;
    });
  }

  async remove({ id }: Key): Promise<void> {
    const call = this.#call();
    await call.until(async () => {
      const marks: Change["deletes"][number][] = [];
      let found = await readSession(call, this.#keys, id);
      while (found !== null && isMark(found) && marks.length < MOST_MOVES) {
        marks.push(this.#keys.head(found.id));
        const { to } = found.moved.mark;
        found = to === undefined ? null : await readSession(call, this.#keys, to.id);
      }
      if (found === null && marks.length === 0) return;
      const ends = found === null || isMark(found) ? [] : [await this.#end(found)];
      return (await call.commit(combined(...ends, { checks: [], sets: [], deletes: marks }))) ? undefined : AGAIN;
    });
  }

  async take({ id }: Key): Promise<SessionRecord | null> {
    const call = this.#call();
    return call.until<SessionRecord | null>(async () => {
      const found = await readSession(call, this.#keys, id);
      if (found === null || isMark(found)) return null;
      return (await call.commit(await this.#end(found))) ? recordOf(found) : AGAIN;
    });
  }

  async list(subject: string): Promise<SessionInfo[]> {
    const call = this.#call();
    const { ids } = await membersOf(call, await this.#keys.subject(subject));
    const sessions = await sessionsAt(call, this.#keys, ids);
    return sessions.filter(({ head }) => head.subject === subject).map((found) => toInfo(found.id, recordOf(found)));
  }

  async removeAll(subject: string, { except }: { except?: string } = {}): Promise<number> {
    const call = this.#call();
    const place = await this.#keys.subject(subject);
    let removed = 0;
    return call.until(async () => {
      const { ids, check } = await membersOf(call, place);
      const others = await sessionsAt(
        call,
        this.#keys,
        ids.filter((id) => id !== except),
      );
      if (others.length === 0) return removed;
      const { change, ended: count } = endings(this.#keys, place, others);
      if (!(await call.commit(combined({ checks: [check], sets: [], deletes: [] }, change)))) return AGAIN;
      removed += count;
      return count === others.length ? removed : AGAIN;
    });
  }

  #call(): Call {
    return new Call(this.#kv, this.#timeout);
  }

  async #rewrite(call: Call, found: FoundSession, body: FoundSession["body"], now: number): Promise<boolean> {
    const { head, change } = rewritten(this.#keys, found, body, now);
    const { subject } = found.head;
    // What is kept longer is listed longer, too.
    const lists = head !== undefined && subject !== undefined;
    const listed = lists ? [joined(await this.#keys.subject(subject), found.id, head.until - now)] : [];
    return call.commit(combined(change, ...listed));
  }

  /** Slides a session. False when it has to be tried again. */
  async #use(call: Call, found: FoundSession, use: { now: number; expiresAt: number }): Promise<boolean> {
    if (await this.#rewrite(call, found, changed(found.body, use).body, use.now)) return true;
    return (await this.#putBeside(call, found, use)) !== undefined;
  }

  /** Leaves a change for whoever writes next; undefined where it cannot be left. */
  async #putBeside(call: Call, found: FoundSession, change: LateChange): Promise<string | undefined> {
    if (found.lateChanges > MOST_LATE) return undefined;
    const late = putBeside(this.#keys, found, change);
    return late !== null && (await call.commit(late.change)) ? late.nonce : undefined;
  }

  /** Leaves a patch likewise, and answers what became of it. */
  async #updateLate(call: Call, found: FoundSession, change: LateChange): Promise<Attempt<UpdateResult>> {
    const nonce = await this.#putBeside(call, found, change);
    if (nonce === undefined) return AGAIN;
    const now = await readSession(call, this.#keys, found.id);
    // It was made, and then the session ended.
    if (now === null) return { ok: false, why: "gone" };
    const outcome = outcomeOf(isMark(now) ? now.moved.settled : now.body.settled, nonce);
    return outcome ?? { ok: false, why: isMark(now) ? "moved" : "gone" };
  }

  async #end(found: FoundSession | FoundMark): Promise<Change> {
    if (isMark(found)) return { checks: found.checks, sets: [], deletes: [this.#keys.head(found.id)] };
    return combined(ended(this.#keys, found), await this.#leaves(found));
  }

  async #leaves({ id, head: { subject } }: FoundSession): Promise<Change> {
    return subject === undefined ? combined() : left(await this.#keys.subject(subject), id);
  }

  async #joins(call: Call, id: string, record: SessionRecord, until: number, { maxSessions }: Limit): Promise<Change> {
    const { subject, seenAt: now } = record;
    if (subject === undefined) return combined();
    const place = await this.#keys.subject(subject);
    const over = maxSessions === undefined ? [] : await evicted(call, this.#keys, place, { made: id, now, maxSessions });
    return combined(...over, joined(place, id, until - now));
  }
}

type Found = FoundSession | FoundMark | null;

/** Where there is none: what a change is answered. */
function refused(found: Found, now: number): UpdateResult {
  return { ok: false, why: found !== null && isMark(found) && markAt(found, now) !== null ? "moved" : "gone" };
}

const isSession = (found: Found, now: number): found is FoundSession =>
  found !== null && !isMark(found) && found.body.expiresAt > now;

const isThere = (found: FoundSession | FoundMark, now: number): boolean =>
  isMark(found) ? markAt(found, now) !== null : found.body.expiresAt > now;

/** The mark, while it counts. */
const markAt = ({ moved: { mark } }: FoundMark, now: number): MovedMark | null =>
  mark.movedAt + MOVED_MARK_SECONDS > now ? mark : null;
