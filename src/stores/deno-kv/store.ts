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
import { isDue, isMeta, isOver, isVersion, patched, recordAfterUse, toInfo, UNREADABLE } from "../../stored/changes.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { AGAIN, Call, type DenoKv, type DenoKvKey } from "./client.ts";
import type { Keys } from "./keys.ts";
import { changed } from "./late.ts";
import { Line } from "./line.ts";
import { born, type FoundMark, type FoundSession, isMark, leftBehind, recordOf } from "./session.ts";
import { endings, membersOf, sessionsAt } from "./subjects.ts";
import { dataToKeep } from "./values.ts";
import { type Attempt, Work } from "./work.ts";

const MOST_MOVES = 100;

export class DenoKvStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly #kv: DenoKv;
  readonly #keys: Keys;
  readonly #timeout: number;
  readonly #line = new Line();

  constructor(kv: DenoKv, keys: Keys, timeout: number) {
    this.#kv = kv;
    this.#keys = keys;
    this.#timeout = timeout;
  }

  load({ id }: Key, { now, touch }: Parameters<SessionStore["load"]>[1]): Promise<RecordOrMark | null> {
    const load = async (work: Work): Promise<Attempt<RecordOrMark | null>> => {
      const found = await work.read(id);
      if (found === null) return null;
      if (isMark(found)) return markAt(found, now);
      const record = recordOf(found);
      if (record.data === UNREADABLE || touch === undefined || record.expiresAt <= now || !isDue(record.seenAt, touch))
        return record;
      const { expiresAt } = touch;
      return (await work.use(found, { now, expiresAt })) ? recordAfterUse(record, now, expiresAt) : AGAIN;
    };
    return touch === undefined ? this.#make(load) : this.#inLine(id, load);
  }

  create({ id }: Key, record: SessionRecord, limit: Limit = {}): Promise<void> {
    return this.#inLine(id, async (work) => {
      const kept = { ...record, data: dataToKeep(record.data) };
      const { head, change } = born(this.#keys, id, kept);
      if (await work.commit(work.free(id), change, await work.joins(id, kept, head.until, limit))) return;
      // The id is taken, or else the subject's sessions changed.
      const found = await work.read(id);
      if (found === null) return AGAIN;
      if (isThere(found, record.seenAt)) throw new Error("Cannot create the session: its id is taken");
      await work.commit(await work.end(found));
      return AGAIN;
    });
  }

  update({ id }: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult> {
    const { now, expiresAt, ifVersion, maxBytes } = options;
    return this.#inLine<UpdateResult>(id, async (work) => {
      const found = await work.read(id);
      if (!isSession(found, now)) return refused(found, now);
      if (isOver(found.body.seenAt, options)) return { ok: false, why: "gone" };
      if (!isVersion(found.body, options)) return { ok: false, why: "conflict" };
      const change = { now, expiresAt, patch, maxBytes };
      const { body, outcome } = changed(found.body, change);
      if (typeof outcome !== "number") return { ok: false, why: outcome };
      if (await work.rewrite(found, body, now)) return { ok: true, version: outcome };
      // A change with a condition on the version is retried. Any other is put beside the body.
      return ifVersion === undefined ? work.updateLate(found, change) : AGAIN;
    });
  }

  replace(from: Key, to: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult> {
    const now = record.seenAt;
    return this.#inLine<UpdateResult>(from.id, async (work) => {
      const found = await work.read(from.id);
      if (!isSession(found, now)) return refused(found, now);
      if (!isVersion(found.body, move)) return { ok: false, why: "conflict" };
      const { data, version } = patched(record, recordOf(found), patch);
      const { head, change } = born(this.#keys, to.id, { ...record, data: dataToKeep(data), version });
      const mark = leftBehind(this.#keys, found, markFor(now, to, move));
      const membership = [await work.leaves(found), await work.joins(to.id, record, head.until, move)];
      return (await work.commit(mark, work.free(to.id), change, ...membership)) ? { ok: true, version } : AGAIN;
    });
  }

  touch({ id }: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    return this.#inLine<boolean>(id, async (work) => {
      const found = await work.read(id);
      return isSession(found, now) ? (await work.use(found, { now, expiresAt })) || AGAIN : false;
    });
  }

  remove({ id }: Key): Promise<void> {
    return this.#inLine(id, async (work) => {
      const marks: DenoKvKey[] = [];
      let found = await work.read(id);
      while (found !== null && isMark(found) && marks.length < MOST_MOVES) {
        marks.push(this.#keys.head(found.id));
        found = await work.read(found.moved.mark.to.id);
      }
      if (found === null && marks.length === 0) return;
      const end = found === null ? [] : [await work.end(found)];
      return (await work.commit(...end, { checks: [], sets: [], deletes: marks })) ? undefined : AGAIN;
    });
  }

  take({ id }: Key): Promise<SessionRecord | null> {
    return this.#inLine<SessionRecord | null>(id, async (work) => {
      const found = await work.read(id);
      if (found === null || isMark(found)) return null;
      return (await work.commit(await work.end(found))) ? recordOf(found) : AGAIN;
    });
  }

  async list(subject: string): Promise<SessionInfo[]> {
    const { call } = this.#work();
    const { ids } = await membersOf(call, await this.#keys.subject(subject));
    const sessions = await sessionsAt(call, this.#keys, ids);
    const whole = sessions.filter(({ head: { meta, subject: whose } }) => whose === subject && isMeta(meta));
    return whole.map((found) => toInfo(found.id, recordOf(found)));
  }

  async removeAll(subject: string, { except }: { except?: string } = {}): Promise<number> {
    const place = await this.#keys.subject(subject);
    let removed = 0;
    return this.#make(async (work) => {
      const { ids, check } = await membersOf(work.call, place);
      const others = ids.filter((id) => id !== except);
      const sessions = await sessionsAt(work.call, this.#keys, others);
      if (sessions.length === 0) return removed;
      const { change, ended } = endings(this.#keys, place, sessions);
      if (!(await work.commit({ checks: [check], sets: [], deletes: [] }, change))) return AGAIN;
      removed += ended;
      return ended === sessions.length ? removed : AGAIN;
    });
  }

  #work(): Work {
    return new Work(new Call(this.#kv, this.#timeout), this.#keys);
  }

  #make<Result>(attempt: (work: Work) => Promise<Attempt<Result>>, work = this.#work()): Promise<Result> {
    return work.call.until(() => attempt(work));
  }

  /** Time in the queue counts, so a database that does not respond blocks no call for longer than the timeout. */
  #inLine<Result>(id: string, attempt: (work: Work) => Promise<Attempt<Result>>): Promise<Result> {
    const work = this.#work();
    return this.#line.wait(id, () => this.#make(attempt, work));
  }
}

type Found = FoundSession | FoundMark | null;

function refused(found: Found, now: number): UpdateResult {
  return { ok: false, why: found !== null && isMark(found) && markAt(found, now) !== null ? "moved" : "gone" };
}

const isSession = (found: Found, now: number): found is FoundSession =>
  found !== null && !isMark(found) && found.body.expiresAt > now;

const isThere = (found: FoundSession | FoundMark, now: number): boolean =>
  isMark(found) ? markAt(found, now) !== null : found.body.expiresAt > now;

/** The mark, or null once it no longer counts. */
const markAt = ({ moved: { mark } }: FoundMark, now: number): MovedMark | null =>
  mark.movedAt + MOVED_MARK_SECONDS > now ? mark : null;
