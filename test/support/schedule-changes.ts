/** Each change in the store has a reason in what its request asked for, and holds what it must and nothing else. */
import type { Values } from "./schedule-history.ts";
import type { Change } from "./schedule-recorder.ts";
import type { Scene } from "./schedule-scene.ts";
import type { Identity, Segment } from "./schedule-segment.ts";
import { type Asks, outcomeOf } from "./schedule-table.ts";
import { isOfToken } from "./schedule-tokens.ts";
import type { Visit } from "./schedule-visit.ts";

const CHANGE: Asks = { asks: "change" };

/** What the data that is there must come from. `moved`: it is that of a session that goes on. */
interface Origin {
  readonly before: Values;
  readonly carries: Identity["carries"];
  readonly moved: boolean;
}

type Created = Change & { readonly does: "create" };
type Replaced = Change & { readonly does: "replace" };

export class Explainer {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  explain(change: Change): void {
    const { visit, segment } = change.doing;
    visit.changes.push(change);
    if (change.does === "create" && isOfToken(change.id)) {
      this.#redeemed(change);
      return;
    }
    if (change.does === "replace") this.#scene.moves.set(change.id, { by: visit, to: change.to });
    // A call that nobody waits for may carry out what was asked for later, but nothing earlier.
    const segments = visit.segments.slice(visit.segments.indexOf(segment));
    const problems = segments.map((one) => this.#problemOf(change, one));
    const fits = segments[problems.lastIndexOf(undefined)];
    if (fits === undefined) this.#scene.problem(visit, `${problems[0]} (at ${change.at})`);
    this.#goesOn(change, fits ?? segment);
  }

  /** The request was the first to redeem its token. */
  #redeemed({ doing, id, at }: Created): void {
    const { visit, segment } = doing;
    const { tokens, history } = this.#scene;
    tokens.recorded(visit, id);
    const sid = visit.jar.token === undefined ? undefined : tokens.sessionOf(visit.jar.token);
    if (sid === undefined || segment.place.is !== "token" || !visit.redeems.has(sid)) return;
    segment.place = { is: "session", id: sid, accepted: false, brought: history.liveAt(sid)?.accepted ?? false };
    segment.since = at;
    segment.gets(sid);
  }

  #problemOf(change: Change, segment: Segment): string | undefined {
    const { visit } = change.doing;
    if (change.does === "create") return this.#created(change, segment);
    if (change.does === "update") return isOfToken(change.id) ? undefined : this.#updated(change, segment);
    if (change.does === "replace") return this.#replaced(change, segment);
    if (change.does === "remove") return this.#removed(change, visit);
    if (change.does === "take") return this.#taken(change, segment);
    const asks = visit.ask.acts.some((act) => act.do === "revoke" && act.user === change.subject);
    return asks ? undefined : `revokes ${change.subject} unasked`;
  }

  #created({ doing, after, at }: Created, segment: Segment): string | undefined {
    const { visit } = doing;
    const { place } = segment;
    // In the place of a session that no answer has named yet, it may begin another one.
    const unnamed = place.is === "session" && visit.made.has(place.id) && !visit.moved.has(place.id);
    const asked = this.#asksFor(visit, segment, after.subject);
    const fits = asked.filter(({ asked: one }) => unnamed || this.#scene.allows(visit, segment, one, "begins", at - 1));
    if (fits.length === 0) return `begins a session of ${after.subject} without a reason`;
    const origins = fits.flatMap(({ asked: one, carries }) => this.#originsOf(segment, one, carries));
    return this.#firstProblem(visit, segment, after.data, origins, "begins a session that");
  }

  /** What a request may have asked for when it makes a session of this subject. */
  #asksFor(visit: Visit, { place, identities }: Segment, subject: string | undefined): Identity[] {
    const logins = identities.filter(({ asked }) => asked.asks === "login" && asked.user === subject);
    const token = place.is === "token" ? place.token : place.is === "loading" ? visit.jar.token : undefined;
    const owner = token === undefined ? undefined : this.#scene.tokens.subjectOf(token);
    return subject === owner ? [...logins, { asked: CHANGE as never, carries: "all" }] : logins;
  }

  /** What a new session's data may come from, when no session of the store is moved. */
  #originsOf({ taken, place, loaded, said }: Segment, asked: Asks, carries: Identity["carries"]): Origin[] {
    const before = taken ?? (place.is === "in-cookie" ? loaded : undefined);
    if (before !== undefined) return [{ before, carries: asked.asks === "login" ? carries : "all", moved: true }];
    const nothing: Origin = { before: new Map(), carries, moved: false };
    // The session of a token may have ended meanwhile.
    return said === undefined ? [nothing] : [{ before: said, carries, moved: true }, nothing];
  }

  #updated({ doing, id, before, after, at }: Change & { does: "update" }, segment: Segment): string | undefined {
    if (!this.#reaches(doing.visit, segment, id, at)) return "writes to a session that is not its own any more";
    const origin: Origin = { before: before.data, carries: "all", moved: true };
    return this.#firstProblem(doing.visit, segment, after.data, [origin], "writes data that");
  }

  #replaced({ doing, id, before, after, at, move }: Replaced, segment: Segment): string | undefined {
    const wanted = segment.identities.filter(({ asked }) =>
      asked.asks === "login"
        ? move.by === "login" && asked.user === after.subject
        : move.by === "regenerateId" && asked.graceSeconds === move.graceSeconds,
    );
    // A call that nobody waits for may have joined it.
    const hasJoined =
      segment.unawaited && segment.identities.some(({ asked }) => this.#joins(doing.visit, segment, asked, id, at));
    const fits = wanted.filter(({ asked }) => hasJoined || this.#moves(segment, asked, id, at));
    if (fits.length === 0) return `moves a session to ${after.subject} by ${move.by} without a reason`;
    if (move.by === "regenerateId" && before.subject !== after.subject) return "changes the user by a new id";
    const origins = fits.map(({ asked, carries }): Origin => {
      return { before: before.data, carries: asked.asks === "login" ? carries : "all", moved: true };
    });
    return this.#firstProblem(doing.visit, segment, after.data, origins, "moves a session, and its data");
  }

  #moves(segment: Segment, asked: Asks, id: string, at: number): boolean {
    const asker = { safe: false, refuses: false, loadedAlive: true };
    return this.#scene
      .situationsDuring(segment, asked, at - 1)
      .some((there) => "id" in there && there.id === id && outcomeOf(asked, there, asker) === "moves");
  }

  /** Whether a write to this id is one to the request's own session: it lives there, still stands for it, or is joined. */
  #reaches(visit: Visit, segment: Segment, id: string, at: number): boolean {
    const { place, identities } = segment;
    const living = this.#scene.situationsDuring(segment, CHANGE, at - 1).filter(({ is }) => is === "alive" || is === "grace");
    if (living.some((there) => "id" in there && there.id === id)) return true;
    if (place.is === "token" && this.#scene.tokens.sessionOf(place.token) === id) return true;
    return identities.some(({ asked }) => this.#joins(visit, segment, asked, id, at));
  }

  #joins(visit: Visit, segment: Segment, asked: Asks, id: string, at: number): boolean {
    return this.#scene.joined(visit, segment, asked, at - 1).includes(id);
  }

  #removed({ ids }: Change & { does: "remove" }, visit: Visit): string | undefined {
    const asks = visit.destroyed || visit.phase === "failed" || visit.ask.acts.some((act) => act.do === "fail");
    const own = ids.every((id) => isOfToken(id) || (visit.made.has(id) && !visit.moved.has(id)));
    return asks || own ? undefined : "ends a session and did not ask for it";
  }

  #taken({ id, at }: Change & { does: "take" }, segment: Segment): string | undefined {
    const login = segment.identities.find(({ asked }) => asked.asks === "login");
    const may = login !== undefined && this.#moves(segment, login.asked, id, at);
    return may ? undefined : "takes a session and did not ask for it";
  }

  /** What the change means for what the request does next. */
  #goesOn(change: Change, segment: Segment): void {
    const { visit } = change.doing;
    if (change.does === "take") segment.taken = change.before.data;
    else if (change.does === "remove") for (const id of change.ids) this.#discards(visit, segment, id);
    else if (change.does === "create" || change.does === "replace") this.#settles(change, segment);
  }

  /** It goes on in the session that it made; or not yet, where another request may have been faster to redeem its token. */
  #settles(change: Created | Replaced, segment: Segment): void {
    const { visit } = change.doing;
    const id = change.does === "replace" ? change.to : change.id;
    visit.made.add(id);
    if (change.does === "replace") visit.moved.add(id);
    const isAttempt = change.does === "create" && this.#redeems(visit, segment, change.at);
    if (isAttempt) visit.redeems.add(id);
    if (isAttempt && segment.identity?.asked.asks !== "login") return;
    const { origin } = segment;
    const token = origin.is === "token" && isAttempt ? { token: origin.token } : {};
    segment.place = { is: "session", id, accepted: false, brought: change.after.accepted, ...token };
    segment.since = change.at;
    visit.loadedAlive = true;
    segment.gets(id, change.does === "create" || isAskedFor(segment, change));
  }

  /** Whether a new session is to be that of a token, rather than one in its place. */
  #redeems(visit: Visit, { place, identity }: Segment, at: number): boolean {
    if (place.is === "loading") return visit.jar.token !== undefined;
    if (place.is !== "token") return false;
    if (identity?.asked.asks !== "login") return true;
    return this.#scene.tokens.situations(place.token, at - 1).some(({ is }) => ["nothing", "alive", "grace"].includes(is));
  }

  #discards(visit: Visit, segment: Segment, id: string): void {
    if (!visit.made.has(id) || visit.moved.has(id)) return;
    visit.discarded.add(id);
    const { place, origin } = segment;
    if (place.is !== "session" || place.id !== id || origin.is !== "token") return;
    segment.place = origin;
    segment.since = visit.sentAt;
    segment.undo();
  }

  /** Undefined where the data comes from one of these; else what is wrong with it by the first. */
  #firstProblem(visit: Visit, segment: Segment, after: Values, origins: readonly Origin[], what: string): string | undefined {
    const problems = origins.map((origin) => explainData(visit, segment, after, origin));
    return problems.includes(undefined) ? undefined : `${what} ${problems[0]}`;
  }
}

/** Whether it is the login or the new id that was asked for last. */
function isAskedFor({ identity }: Segment, { move, after }: Replaced): boolean {
  if (identity === undefined) return false;
  const { asked } = identity;
  if (asked.asks === "login") return move.by === "login" && asked.user === after.subject;
  // A new id that is asked for while a login is on its way may come by the login.
  return move.by === "login" || move.graceSeconds <= asked.graceSeconds;
}

/** Undefined, or what is wrong with data: a value from nowhere, or one that is missing. */
function explainData(visit: Visit, segment: Segment, after: Values, { before, carries, moved }: Origin): string | undefined {
  const comes = (key: string) => carries === "all" || carries.includes(key);
  for (const [key, value] of after) {
    if (visit.wrote(segment, value)) continue;
    const from = comes(key) ? before.get(key) : undefined;
    if (from === value || addsTo(visit, segment, from, value)) continue;
    const isSeen = segment.seen.get(key) === value;
    // What it changed by update() counts as changed by it, with all that is in the list.
    if (segment.wrote && value.startsWith("[") && isSeen) continue;
    // A login that names keys keeps the values that its request has seen.
    if (moved && carries !== "all" && carries.includes(key) && isSeen) continue;
    return `has ${key}=${value}, of which ${from} was there`;
  }
  for (const [key, value] of before) {
    const isKept = carries === "all" || (comes(key) && segment.seen.get(key) === value);
    if (isKept && !after.has(key) && !segment.removed.has(key)) return `loses ${key}=${value}`;
  }
  return undefined;
}

/** Whether a list is another one with what this request adds. */
function addsTo(visit: Visit, segment: Segment, before: string | undefined, after: string): boolean {
  const [from, to] = [before ?? "[]", after].map((json) => JSON.parse(json));
  if (!Array.isArray(from) || !Array.isArray(to) || to.length <= from.length) return false;
  const isOwn = (item: unknown) => visit.wrote(segment, JSON.stringify(item));
  return from.every((item, index) => item === to[index]) && to.slice(from.length).every(isOwn);
}
