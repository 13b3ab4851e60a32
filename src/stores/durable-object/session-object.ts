/**
 * SessionObject: the Durable Object that stores the sessions of one user, or of one anonymous visitor.
 *
 * @module
 */
import { DurableObject } from "cloudflare:workers";
import { applyPatch, type Patch, tryPatch } from "../../session/patch.ts";
import type { UpdateResult } from "../../session/record.ts";
import { isDue, isOver, isTooLarge, isVersion } from "../../stored/changes.ts";
import { TakenRows } from "./answers.ts";
import { type MarkRow, type Moving, markPart, markRow, type Place } from "./marks.ts";
import {
  type ChangeResult,
  type CreateResult,
  isMark,
  isReadable,
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

/** Maximum size of a row, in characters. Durable Objects allow 2 MB. */
const MAX_ROW = 500_000;
/** Minimum time between sweeps if no page watches, in milliseconds. An alarm costs as much as two weeks of storage. */
const SWEEP_EVERY = 7 * 24 * 60 * 60 * 1000;
/** Minimum time between sweeps while pages watch for a session to expire, in milliseconds. */
const WATCH_EVERY = 10_000;

/**
 * Stores sessions as rows in the object's own SQLite database. Export it from
 * your Worker and bind it. The store `durableObject(env.SESSIONS)` calls it.
 *
 * Each call is one transaction, and calls of one object never overlap. Asking an object for an unknown session
 * writes nothing. When an object's last session ends, it deletes its storage and no longer costs anything.
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

  /** Returns a session or a mark, and touches a session if that is due. */
  load(id: string, now: number, touch: (Slide & { seenAfter: number; seenBefore: number }) | null): LoadedRow | null {
    const row = this.#table.living(id, now);
    if (row === undefined) return null;
    if (isMark(row)) return markPart(row);
    const record = recordPart(row);
    return touch !== null && isDue(record.seen_at, touch) ? this.#slide(id, record, touch) : record;
  }

  /** Stores a new session. */
  async create(op: string, added: NewRow): Promise<CreateResult> {
    // Read first: with no await in between, the row and its alarm are written together or not at all.
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

  /** Patches the data and touches the session. A record that cannot be parsed is not a session. */
  update(op: string, id: string, patch: Patch, updating: Updating, ifVersion: number | null): ChangeResult {
    const found = this.#table.living(id, updating.now);
    const known = found && versionOf(op, found);
    if (known !== undefined) return { ok: true, version: known };
    const there = changeable(found);
    if (!there.ok) return there;
    const { row } = there;
    const data = isReadable(row) ? tryPatch(row.data, patch) : null;
    if (data === null || isOver(row.seen_at, updating)) return { ok: false, why: "gone" };
    if (ifVersion !== null && ifVersion !== row.version) return { ok: false, why: "conflict" };
    const after = { ...rowAfterUse(row, updating), data, version: row.version + 1 };
    if (size(after) > MAX_ROW || isTooLarge(row.data, data, updating)) return { ok: false, why: "too-large" };
    this.#table.write(id, after, withOp(op, row));
    return { ok: true, version: after.version };
  }

  /** Gives a session a new id, and leaves a mark at the old one. */
  replace(op: string, from: string, added: NewRow, patch: Patch, move: Moving): ChangeResult {
    const now = added.row.seen_at;
    return this.#transaction(() => {
      const found = this.#table.living(from, now);
      const known = found && versionOf(op, found);
      if (known !== undefined) return { ok: true, version: known };
      const there = changeable(found);
      if (!there.ok) return there;
      const { row } = there;
      if (!isVersion(row, move)) return { ok: false, why: "conflict" };
      if (this.#table.living(added.id, now) !== undefined) return { ok: false, why: "taken" };
      const moved = { ...added.row, data: applyPatch(row.data, patch), version: row.version + 1 };
      if (size(moved) > MAX_ROW) return { ok: false, why: "too-large" };
      this.#table.mark(from, markRow(now, { id: added.id }, move), moved.version, withOp(op, row));
      this.#add({ ...added, row: moved }, op);
      this.#sockets.close([from], REPLACED);
      return { ok: true, version: moved.version };
    });
  }

  /** Leaves the mark of a session that was copied to another object, if the session is unchanged. */
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

  /** Touches a session. */
  touch(id: string, slide: Slide): boolean {
    const there = changeable(this.#table.living(id, slide.now));
    if (there.ok) this.#slide(id, there.row, slide);
    return there.ok;
  }

  /**
   * Ends a session, following marks. If they lead to another object, returns that and keeps the marks, unless `all`.
   */
  async remove(id: string, all: boolean): Promise<Place | null> {
    const { ids, out } = this.#table.chain(id);
    if (out !== null && !all) return out;
    for (const ended of ids) this.#table.drop(ended);
    await this.#ended(ids);
    return null;
  }

  /** Removes a record and returns it. A mark stays. */
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

  /** Ends the sessions of a subject except one, and returns the number it ended. */
  async removeAll(subject: string, except: string | null): Promise<number> {
    if (!this.#table.find()) return 0;
    const ids = this.#table.dropAll(subjectText(subject), except);
    await this.#ended(ids);
    return ids.length;
  }

  /** Opens a WebSocket on the session in the path. */
  async fetch(request: Request): Promise<Response> {
    const id = new URL(request.url).pathname.slice(1);
    const alarm = await this.ctx.storage.getAlarm();
    const row = this.#table.get(id);
    if (row === undefined) return closedWith(ENDED);
    if (isMark(row)) return closedWith(REPLACED);
    const response = this.#sockets.open(id);
    // Wakes the object when the session expires, to tell the page.
    const end = row.ends_at * 1000;
    if (response.status === 101 && (alarm === null || alarm > end)) this.ctx.storage.setAlarm(end);
    return response;
  }

  /** Pages send nothing but "ping", which is answered without waking the object. */
  webSocketMessage(socket: { close(code: number, reason: string): void }): void {
    refuse(socket);
  }

  /** The runtime does not answer a close on sockets that stay open while the object sleeps. */
  webSocketClose(socket: { close(code: number, reason: string): void }): void {
    socket.close(1000, "goodbye");
  }

  /** Removes expired rows, and sets the next alarm if any are left. */
  async alarm(): Promise<void> {
    if (!this.#table.find()) return;
    const now = Date.now();
    // Rounds down, so that nothing expires early.
    const ids = this.#table.sweep(Math.floor(now / 1000));
    const next = this.#table.nextEnd();
    // Sessions in use keep moving their expiry, so unless a page watches, the next sweep is much later.
    const soonest = now + (this.#sockets.any() ? WATCH_EVERY : SWEEP_EVERY);
    if (next !== null) this.ctx.storage.setAlarm(Math.max(next * 1000, soonest));
    this.#sockets.close(ids, ENDED);
    if (next === null) await this.#wipe();
  }

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

  /** Deletes the storage with the alarm, so that the object no longer exists. It can be used again. */
  async #wipe(): Promise<void> {
    this.#table.forget();
    await this.ctx.storage.deleteAll();
  }

  /** Rolls back if it throws. */
  #transaction<Result>(run: () => Result): Result {
    try {
      return this.ctx.storage.transactionSync(run);
    } catch (error) {
      this.#table.forget();
      throw error;
    }
  }
}
