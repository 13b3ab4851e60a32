/**
 * SessionObject: the Durable Object that keeps the sessions of one user, or of one visitor who is not logged in.
 *
 * @module
 */
import { DurableObject } from "cloudflare:workers";
import { applyPatch, type Patch, tryPatch } from "../../session/patch.ts";
import type { UpdateResult } from "../../session/record.ts";
import { isDue, isOver, isTooLarge, isVersion } from "../../stored/changes.ts";
import { TakenRows } from "./answers.ts";
import { type MarkRow, type Moving, markPart, markRow, type Target } from "./marks.ts";
import {
  type ChangeResult,
  type CreateResult,
  isMark,
  type LoadedRow,
  type NewRow,
  type ObjectCalls,
  type RecordRow,
  recordPart,
  rowAfterUse,
  type Slide,
  size,
  subjectText,
  type Updating,
} from "./rows.ts";
import { closedWith, ENDED, REPLACED, refuse, SessionSockets } from "./sockets.ts";
import { changeable, SessionTable, versionOf, withOp } from "./table.ts";

/** The most that a row may take. Durable Objects keep 2 MB a row; sessions are far smaller. Characters. */
const MAX_ROW = 500_000;
/** How long, at most, what has ended stays when nobody waits for it: an alarm costs as much as two weeks of storage. Milliseconds. */
const SWEEP_EVERY = 7 * 24 * 60 * 60 * 1000;
/** How often, at most, an object wakes to tell the pages that watch it that a session has expired. Milliseconds. */
const WATCH_EVERY = 10_000;

/**
 * Keeps sessions, a row each, in the object's own SQLite database. Export it from your Worker and bind it; the store
 * `durableObject(env.SESSIONS)` asks it.
 *
 * Each call is one transaction, and calls of one object never overlap. An object writes nothing when it is asked for a session that it does not
 * have, and when its last one ends it deletes all it has: it costs nothing then.
 *
 * @example
 * ```ts
 * export { SessionObject } from "web-session-store/stores/session-object";
 * ```
 */
export class SessionObject extends DurableObject implements ObjectCalls {
  readonly #table = new SessionTable(this.ctx.storage.sql);
  readonly #sockets = new SessionSockets(this.ctx);
  readonly #taken = new TakenRows();

  /** A session or a mark; slides a session whose use is to be recorded. */
  load(id: string, now: number, touch: (Slide & { seenAfter: number; seenBefore: number }) | null): LoadedRow | null {
    const row = this.#table.living(id, now);
    if (row === undefined) return null;
    if (isMark(row)) return markPart(row);
    const record = recordPart(row);
    return touch !== null && isDue(record.seen_at, touch) ? this.#slide(id, record, touch) : record;
  }

  /** Keeps a new session. */
  async create(op: string, added: NewRow): Promise<CreateResult> {
    // Asked first: without anything to wait for in between, the row and its alarm are written together or not at all.
    const alarm = await this.ctx.storage.getAlarm();
    return this.#transaction(() => {
      const there = this.#table.living(added.id, added.row.seen_at);
      if (there !== undefined) return versionOf(op, there) === undefined ? { ok: false, why: "taken" } : { ok: true };
      if (size(added.row) > MAX_ROW) return { ok: false, why: "too-large" };
      const first = !this.#table.find();
      this.#table.make();
      this.#add(added, op);
      const end = added.row.ends_at * 1000;
      if (first || alarm === null || alarm > end + SWEEP_EVERY) this.ctx.storage.setAlarm(end);
      const { subject } = added.row;
      return subject === null || added.maxSessions !== null ? { ok: true } : { ok: true, count: this.#table.count(subject) };
    });
  }

  /** Patches the data that is there, and slides. What cannot be read is no session. */
  update(op: string, id: string, patch: Patch, updating: Updating, ifVersion: number | null): ChangeResult {
    const found = this.#table.living(id, updating.now);
    const known = found && versionOf(op, found);
    if (known !== undefined) return { ok: true, version: known };
    const there = changeable(found);
    if (!there.ok) return there;
    const { row } = there;
    const data = tryPatch(row.data, patch);
    if (data === null || isOver(row.seen_at, updating)) return { ok: false, why: "gone" };
    if (ifVersion !== null && ifVersion !== row.version) return { ok: false, why: "conflict" };
    const after = { ...rowAfterUse(row, updating), data, version: row.version + 1 };
    if (size(after) > MAX_ROW || isTooLarge(row.data, data, updating)) return { ok: false, why: "too-large" };
    this.#table.write(id, after, withOp(op, row));
    return { ok: true, version: after.version };
  }

  /** Gives a session a new id, and leaves a mark at the old one. */
  replace(op: string, from: string, added: NewRow, patch: Patch, follow: boolean, move?: Moving): ChangeResult {
    const now = added.row.seen_at;
    return this.#transaction(() => {
      const found = this.#table.living(from, now);
      const known = found && versionOf(op, found);
      if (known !== undefined) return { ok: true, version: known };
      const there = changeable(found);
      if (!there.ok) return there;
      const { row } = there;
      if (!isVersion(row, move ?? {})) return { ok: false, why: "conflict" };
      if (this.#table.living(added.id, now) !== undefined) return { ok: false, why: "taken" };
      const moved = { ...added.row, data: applyPatch(row.data, patch), version: row.version + 1 };
      if (size(moved) > MAX_ROW) return { ok: false, why: "too-large" };
      this.#table.mark(from, markRow(now, { id: added.id, route: null }, move ?? follow), moved.version, withOp(op, row));
      this.#add({ ...added, row: moved }, op);
      this.#sockets.close([from], REPLACED);
      return { ok: true, version: moved.version };
    });
  }

  /** Puts the mark of a session that was copied to another object, if it is still what was copied. */
  leave(op: string, id: string, mark: MarkRow, ifVersion: number): UpdateResult {
    const found = this.#table.living(id, mark.moved_at);
    const known = found && versionOf(op, found);
    if (known !== undefined) return { ok: true, version: known };
    const there = changeable(found);
    if (!there.ok) return there;
    const version = there.row.version + 1;
    if (ifVersion + 1 !== version) return { ok: false, why: "conflict" };
    this.#table.mark(id, mark, version, withOp(op, there.row));
    this.#sockets.close([id], REPLACED);
    return { ok: true, version };
  }

  /** Slides a session. */
  touch(id: string, slide: Slide): boolean {
    const there = changeable(this.#table.living(id, slide.now));
    if (there.ok) this.#slide(id, there.row, slide);
    return there.ok;
  }

  /** Ends a session, from mark to mark. Where the marks lead to another object, that is answered and they stay, unless `all`. */
  async remove(id: string, all: boolean): Promise<Target | null> {
    const { ids, out } = this.#table.chain(id);
    if (out !== null && !all) return out;
    for (const ended of ids) this.#table.drop(ended);
    await this.#ended(ids);
    return null;
  }

  /** Removes a record and answers it; a mark stays. */
  async take(op: string, id: string): Promise<RecordRow | null> {
    const known = this.#taken.of(op);
    if (known !== undefined) return known;
    const row = this.#table.get(id);
    if (row === undefined || isMark(row)) return null;
    const record = recordPart(row);
    this.#table.drop(id);
    this.#taken.add(op, record);
    await this.#ended([id]);
    return record;
  }

  /** The sessions of a subject. */
  list(subject: string): (RecordRow & { readonly id: string })[] {
    return this.#table.of(subjectText(subject));
  }

  /** Ends the sessions of a subject but one; answers how many. */
  async removeAll(subject: string, except: string | null): Promise<number> {
    if (!this.#table.find()) return 0;
    const ids = this.#table.dropAll(subjectText(subject), except);
    await this.#ended(ids);
    return ids.length;
  }

  /** Opens a WebSocket on the session that the path names. */
  async fetch(request: Request): Promise<Response> {
    const id = new URL(request.url).pathname.slice(1);
    const alarm = await this.ctx.storage.getAlarm();
    const row = this.#table.get(id);
    if (row === undefined) return closedWith(ENDED);
    if (isMark(row)) return closedWith(REPLACED);
    const response = this.#sockets.open(id);
    // A page waits to be told when this session expires.
    const end = row.ends_at * 1000;
    if (response.status === 101 && (alarm === null || alarm > end)) this.ctx.storage.setAlarm(end);
    return response;
  }

  /** Pages have nothing to say; "ping" is answered without waking the object. */
  webSocketMessage(socket: { close(code: number, reason: string): void }): void {
    refuse(socket);
  }

  /** A page that leaves is answered: for sockets that stay while the object sleeps, the runtime does not do it. */
  webSocketClose(socket: { close(code: number, reason: string): void }): void {
    socket.close(1000, "goodbye");
  }

  /** Frees what has ended, and sets the next alarm if anything is left. */
  async alarm(): Promise<void> {
    if (!this.#table.find()) return;
    const now = Date.now();
    const ids = this.#table.sweep(seconds(now));
    const next = this.#table.nextEnd();
    // A session that is used lives on, so without pages that watch, its end is looked for again much later.
    const soonest = now + (this.#sockets.any() ? WATCH_EVERY : SWEEP_EVERY);
    if (next !== null) this.ctx.storage.setAlarm(Math.max(next * 1000, soonest));
    this.#sockets.close(ids, ENDED);
    if (next === null) await this.#wipe();
  }

  /** Inserts a row, frees what has ended, and ends the subject's sessions beyond the limit. */
  #add({ id, row, maxSessions }: NewRow, op: string): void {
    const ended = this.#table.sweep(row.seen_at);
    this.#table.insert(id, row, op);
    if (row.subject !== null && maxSessions !== null) ended.push(...this.#table.limit(row.subject, id, maxSessions));
    this.#sockets.close(ended, ENDED);
  }

  #slide(id: string, row: RecordRow, slide: Slide): RecordRow {
    const after = rowAfterUse(row, slide);
    this.#table.slide(id, after);
    return after;
  }

  async #ended(ids: readonly string[]): Promise<void> {
    this.#sockets.close(ids, ENDED);
    if (ids.length > 0 && this.#table.isEmpty()) await this.#wipe();
  }

  /** Gives up the storage, and the alarm with it: the object ceases to exist. It may be used again. */
  async #wipe(): Promise<void> {
    this.#table.forget();
    await this.ctx.storage.deleteAll();
  }

  /** Undoes all of it when it throws. */
  #transaction<Result>(run: () => Result): Result {
    try {
      return this.ctx.storage.transactionSync(run);
    } catch (error) {
      this.#table.forget();
      throw error;
    }
  }
}

/** Whole seconds, so that nothing ends early. */
const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
