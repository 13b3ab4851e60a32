/** What a request was told is true: by the end of a call of `save()` or `update()`, by its answer, and by an event. */
import type { Session } from "../../src/index.ts";
import { type Call, SEATS, type UpdateCall } from "./schedule-acting.ts";
import { flashKey } from "./schedule-history.ts";
import type { Scene } from "./schedule-scene.ts";
import type { Segment, Standing } from "./schedule-segment.ts";
import type { Asks } from "./schedule-table.ts";
import type { Visit } from "./schedule-visit.ts";

const UPDATE: Asks = { asks: "update" };
const CHANGE: Asks = { asks: "change" };

/** How often `update()` tries before it gives up. */
const TRIES = 20;

export class Answers {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** `save()` came to its end: what was pending is in the store. */
  saved(visit: Visit, session: Session, { pending }: Call): void {
    const { segment } = visit;
    if (this.#scene.isInCookie(segment)) return;
    const missing = this.#scene.missing(visit, pending);
    if (missing.length > 0) this.#problem(visit, `saved ${missing}, and the store does not have it`);
    this.#hasIdentity(visit, segment, session.id);
    this.#goesOn(visit, session);
  }

  /** `update()` came to its end: what it returned is what it wrote, once. */
  updated(visit: Visit, session: Session, call: UpdateCall): void {
    const { segment } = visit;
    const { key, item, result } = call;
    if (this.#scene.isInCookie(segment)) {
      if (result !== null) segment.set(key, JSON.stringify(result));
      return;
    }
    this.saved(visit, session, call);
    const made = this.#scene.added(visit, key, item).map(([, list]) => list);
    if (result === null) {
      if (made.length > 0) this.#problem(visit, "wrote by an update() that changed nothing");
      if (!this.#wasFull(segment, key))
        this.#problem(visit, "was told by update() that no seat was free, of a session where it was");
    } else if (made.length !== 1 || made[0] !== JSON.stringify(result)) {
      this.#problem(visit, `was told ${JSON.stringify(result)} by update(), which wrote [${made}]`);
    }
  }

  /** A call failed because the session is gone: it is, and nothing was written. */
  refused(visit: Visit, { pending, item }: Call & Partial<UpdateCall>): void {
    const { segment } = visit;
    const asked = segment.identity?.asked ?? UPDATE;
    const isGone = this.#isGone(visit, segment, asked) || this.#isGone(visit, segment, UPDATE);
    const joined = isGone && asked.asks !== "login" ? undefined : this.#joinedAndGone(visit, segment);
    if (joined !== undefined) this.#joins(visit, segment, joined);
    else if (!isGone) this.#problem(visit, "was told by a call that its session is gone, which it is not");
    // What is pending is saved before update() begins, and may be there when that finds the session gone.
    const written = item === undefined && !segment.unawaited ? this.#written(visit, pending) : [];
    if (written.length > 0) this.#problem(visit, `was told by save() that its session is gone, and wrote ${written}`);
    for (const [key, value] of pending)
      if (item !== undefined && this.#scene.isWritten(visit, key, value)) segment.pending.delete(key);
    if (visit.session !== undefined) this.#showsNothingOf(visit, visit.session, item);
    if (item !== undefined && this.#scene.added(visit, "list", item).concat(this.#scene.added(visit, "seats", item)).length > 0) {
      this.#problem(visit, "was told by update() that its session is gone, and wrote");
    }
  }

  /** A session that it joined by its login, and that moved on or ended before the call came to it. */
  #joinedAndGone(visit: Visit, { place, since }: Standing): string | undefined {
    const { identity } = visit.segment;
    if (identity === undefined) return undefined;
    const joined = this.#scene.joined(visit, { place, since }, identity.asked);
    return joined.find((id) => this.#isGone(visit, this.#scene.standingAt(id, since), UPDATE));
  }

  /** A login as somebody else ends, for an earlier call, what it was made for. */
  #callIsGone(visit: Visit, standing: Segment["calls"][number]): boolean {
    if (standing.subject !== undefined && standing.subject !== visit.segment.subject) return true;
    return this.#isGone(visit, standing, UPDATE) || this.#joinedAndGone(visit, standing) !== undefined;
  }

  /** A request that the application let fail, or that an error ended. */
  failed(visit: Visit, error: unknown): void {
    const conflict = (error as { code?: unknown })?.code === "ERR_CONFLICT";
    if (conflict && visit.mostRuns < TRIES) this.#problem(visit, `met others ${visit.mostRuns} times only, and gave up`);
    this.#judgeLeft(visit);
    const { history } = this.#scene;
    // No answer can bring the new id.
    const lives = [...visit.moved].filter((id) => history.liveAt(id) !== undefined);
    if (lives.length > 0) this.#problem(visit, "failed, and a session lives under the id that it made");
    if (visit.segments.length > 0 && !visit.segment.unawaited && !conflict) {
      const written = this.#written(visit, visit.segment.pending);
      if (written.length > 0) this.#problem(visit, `failed, and wrote ${written}`);
    }
  }

  /** A request was answered. `sid`: the session that its answer names in the cookie of users or visitors. */
  answered(visit: Visit, status: number, sid: string | undefined): void {
    const { segment, ask } = visit;
    this.#judgeLeft(visit);
    if (visit.thrownOut) {
      if (status !== 409) this.#problem(visit, `failed with GoneError, and is answered ${status}`);
    } else if (status === 409) this.#answeredGone(visit, segment);
    else if (status !== ask.status) this.#problem(visit, `is answered ${status}, not ${ask.status}`);
    else this.#answeredWell(visit, segment, sid);
    const { given } = segment;
    const lives = given !== undefined && this.#scene.history.liveAt(given) !== undefined;
    if (lives && sid !== given) this.#problem(visit, "got a session, and its answer does not bring the cookie");
    this.#judgeToken(visit, segment);
  }

  /** The answer says that the session is gone: it is, and nothing of what was pending is in the store. */
  #answeredGone(visit: Visit, segment: Segment): void {
    const asked = segment.asks;
    // Where a call failed that nobody waited for, its error is the request's.
    const unawaited = visit.segments.some(
      (one) => one.unawaited && (one !== segment || [...one.calls, one].some((call) => this.#callIsGone(visit, call))),
    );
    // Whether a flash value was there that it has put another one over and taken, it cannot be seen to know.
    const mayTake = visit.rebased && [...segment.removed].some((key) => key.startsWith(flashKey("")));
    const changed = asked ?? (mayTake ? CHANGE : undefined);
    const isGone = unawaited || (changed !== undefined && this.#isGone(visit, segment, changed));
    if (visit.ask.status >= 400 && !unawaited) this.#problem(visit, `is answered GoneError in place of ${visit.ask.status}`);
    if (!isGone) this.#problem(visit, "is answered that its session is gone, which it is not");
    const written = visit.segments.some((one) => one.unawaited) ? [] : this.#written(visit, segment.pending);
    if (written.length > 0) this.#problem(visit, `is answered that its session is gone, and wrote ${written}`);
  }

  #answeredWell(visit: Visit, segment: Segment, sid: string | undefined): void {
    if (this.#scene.isInCookie(segment)) return;
    const missing = this.#scene.missing(visit, segment.pending);
    const owed = segment.owed.filter(
      (item) => !this.#scene.added(visit, "list", item).some(([id]) => !this.#scene.isVoid(visit, id)),
    );
    const asked = segment.identity?.asked;
    const dropped = asked !== undefined && sid === undefined && this.#scene.allows(visit, segment, asked, "lost");
    // What it asked for may have been done, and gone, before a call failed.
    const over = dropped || (sid === undefined && (visit.refused || this.#joinedBefore(visit, segment)));
    if (missing.length > 0 || dropped) this.#judgeLoss(visit, segment, missing);
    else if (visit.losses > 0 && !visit.refused && owed.length === 0) this.#judgeLoss(visit, segment, []);
    if (owed.length > 0 && !visit.asker.refuses)
      this.#problem(visit, `was answered, and its update() of ${owed} is not in the store`);
    if (asked !== undefined && !over) this.#hasIdentity(visit, segment, sid);
  }

  /** Whether a call that nobody waited for may have joined a session that has moved or ended since. */
  #joinedBefore(visit: Visit, segment: Segment): boolean {
    if (segment.identity === undefined || !segment.unawaited) return false;
    const { history } = this.#scene;
    return this.#scene.joined(visit, segment, segment.identity.asked).some((id) => history.liveAt(id) === undefined);
  }

  /** What was dropped was dropped by the table, and the event said so, once. */
  #judgeLoss(visit: Visit, segment: Segment, missing: readonly string[]): void {
    const what = missing.length > 0 ? missing.join() : "nothing, or its new id,";
    const isJoined = visit.refused || segment.unawaited;
    const asked = [
      segment.asks ?? CHANGE,
      ...segment.identities.map((identity) => identity.asked),
      ...(isJoined ? [CHANGE] : []),
    ];
    const mayLose = asked.some((one) => this.#scene.allows(visit, segment, one, "lost"));
    const hasChanges = missing.length > 0 || segment.pending.size > 0 || segment.identities.length > 0 || visit.rebased;
    if (!mayLose) this.#problem(visit, `was answered, and ${what} is not in the store`);
    else if (!hasChanges) this.#problem(visit, "is told about a loss, and lost nothing");
    else if (missing.length > 0 && visit.losses === 0) this.#problem(visit, `lost ${what} without an event`);
    if (visit.losses > 1) this.#problem(visit, `was told ${visit.losses} times that it lost something`);
  }

  /** The login or the new id that was asked for is there: made by this request, or by one that it may join. */
  #hasIdentity(visit: Visit, segment: Segment, id: string | undefined): void {
    const { identity, place } = segment;
    if (identity === undefined) return;
    const { asked } = identity;
    // A session that nothing is written to needs no new id.
    if (asked.asks === "regenerate" && (place.is === "nothing" || place.is === "anew")) return;
    // What a call joined by the login, that nobody waited for, has got a new id by the same request.
    if (segment.unawaited && id !== undefined && visit.moved.has(id)) return;
    if (id === undefined) this.#problem(visit, `asked for ${asked.asks}, and its answer brings no cookie`);
    else if (this.#scene.joined(visit, segment, asked).includes(id)) this.#joins(visit, segment, id);
    else this.#problem(visit, `gets a session by ${asked.asks} that it neither made nor may join`);
  }

  /** What was changed before the call may be saved, and what is there known; what the call was to add is not shown. */
  #showsNothingOf(visit: Visit, session: Session, item: string | undefined): void {
    const { list = [], seats = [] } = session.data as { list?: string[]; seats?: string[] };
    if (item !== undefined && [...list, ...seats].includes(item)) this.#problem(visit, "shows what update() did not write");
    visit.adopt(session);
  }

  #joins(visit: Visit, segment: Segment, id: string): void {
    visit.loadedAlive = true;
    Object.assign(segment, this.#scene.standingAt(id, segment.since));
    segment.gets(id);
  }

  /** From now on the request has what is in the store. */
  #goesOn(visit: Visit, session: Session): void {
    visit.segment.done();
    visit.adopt(session);
  }

  #wasFull(segment: Segment, key: string): boolean {
    const { history } = this.#scene;
    const there = this.#scene.situationsDuring(segment, UPDATE, history.moment);
    const ids = new Set(there.flatMap((one) => (one.is === "alive" || one.is === "grace" ? [one.id] : [])));
    return [...ids].some((id) => {
      for (let moment = segment.since; moment <= history.moment; moment++) {
        if (JSON.parse(history.liveAt(id, moment)?.data.get(key) ?? "[]").length >= SEATS) return true;
      }
      return false;
    });
  }

  #isGone(visit: Visit, segment: Standing, asked: Asks): boolean {
    return this.#scene.allows(visit, segment, asked, "gone");
  }

  #written(visit: Visit, pending: ReadonlyMap<string, string | undefined>): string[] {
    const own = [...pending].filter(([key, value]) => value !== undefined && this.#scene.isWritten(visit, key, value));
    return own.map(([key, value]) => `${key}=${value}`);
  }

  /** A session that a request ended is over, wherever it went. */
  #judgeLeft(visit: Visit): void {
    const { history } = this.#scene;
    for (const { place } of visit.segments.slice(0, -1)) {
      const id = place.is === "session" || place.is === "moved" ? place.id : undefined;
      if (id !== undefined && history.endOf(id) !== undefined) this.#problem(visit, "logged out, and its session lives");
    }
    const living = [...visit.made].filter((id) => history.liveAt(id) !== undefined);
    if (living.length > 1) this.#problem(visit, `leaves ${living.length} sessions that it made`);
  }

  /** A token that a request came with opens nothing any more once that is logged out, or has another id. */
  #judgeToken(visit: Visit, segment: Segment): void {
    const { token } = visit.jar;
    const [first] = visit.segments;
    const came = first?.origin.is === "token" || (first?.origin.is === "session" && first.origin.accepted);
    if (token === undefined || !came) return;
    if (visit.destroyed || (visit.moved.size > 0 && first === segment)) this.#scene.tokens.end(token);
  }

  #problem(visit: Visit, what: string): void {
    this.#scene.problem(visit, what);
  }
}
