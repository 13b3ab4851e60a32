/** Each change in the store has a reason in what its request asked for, and holds what it must and nothing else. */
import type { Live, Values } from "./schedule-history.ts";
import type { Change, Doing } from "./schedule-recorder.ts";
import type { Scene } from "./schedule-scene.ts";
import type { Identity, Segment } from "./schedule-segment.ts";
import { type Asks, outcomeOf } from "./schedule-table.ts";
import { isOfToken } from "./schedule-tokens.ts";
import type { Visit } from "./schedule-visit.ts";

const CHANGE: Asks = { asks: "change" };

/** What the data that is there must come from. */
interface Origin {
  readonly before: Values;
  readonly carries: Identity["carries"];
}

export class Explainer {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  explain(change: Change): void {
    const { visit } = change.doing;
    visit.changes.push(change);
    if (change.does === "create") this.#created(change);
    else if (change.does === "update") this.#updated(change);
    else if (change.does === "replace") this.#replaced(change);
    else if (change.does === "remove") this.#removed(change);
    else if (change.does === "take") this.#taken(change);
    else if (!visit.ask.acts.some((act) => act.do === "revoke" && act.user === change.subject)) this.#fault(change, "revokes unasked");
  }

  #created(change: Change & { does: "create" }): void {
    const { doing, id, after, at } = change;
    const { visit, segment } = doing;
    if (isOfToken(id)) return this.#scene.tokens.recorded(visit, id);
    const asked = this.#asksFor(doing, after.subject);
    // Of a session that no answer has named yet, it may begin another one in its place.
    const { place } = segment;
    const unnamed = place.is === "session" && visit.made.has(place.id) && !visit.moved.has(place.id);
    const fits = asked.filter(({ asked: one }) => unnamed || this.#scene.allows(visit, segment, one, "begins", at - 1));
    if (fits.length === 0) this.#fault(change, `begins a session of ${after.subject} without a reason`);
    const origins = fits.flatMap(({ asked: one, carries }) => this.#originsOf(segment, one, carries));
    const problems = origins.map((origin) => this.#explainData(doing, after.data, origin));
    if (fits.length > 0 && !problems.includes(undefined)) this.#fault(change, `begins a session that ${problems[0]}`);
    visit.made.add(id);
    if (this.#redeems(doing, at)) visit.redeems.add(id);
    this.#settles(change, id, at);
  }

  /** Whether a new session is to be that of a token, rather than one in its place. */
  #redeems({ visit, segment }: Doing, at: number): boolean {
    const { place } = segment;
    if (place.is === "loading") return visit.jar.token !== undefined;
    if (place.is === "token" && segment.identity?.asked.asks !== "login") return true;
    return place.is === "token" && this.#scene.tokens.situations(place.token, at - 1).some(({ is }) => ["nothing", "alive", "grace"].includes(is));
  }

  /** What a request may have asked for when it makes a session of this subject. */
  #asksFor({ visit, segment }: Doing, subject: string | undefined): Identity[] {
    const logins = segment.identities.filter(({ asked }) => asked.asks === "login" && asked.user === subject);
    const { place } = segment;
    const token = place.is === "token" ? place.token : place.is === "loading" ? visit.jar.token : undefined;
    const owner = token === undefined ? undefined : this.#scene.tokens.subjectOf(token);
    return subject === owner ? [...logins, { asked: CHANGE as never, carries: "all" }] : logins;
  }

  /** What a new session's data may come from, when no session of the store is moved. */
  #originsOf(segment: Segment, asked: Asks, carries: Identity["carries"]): Origin[] {
    const taken = segment.taken ?? (segment.place.is === "in-cookie" ? segment.seen : undefined);
    if (taken !== undefined) return [{ before: taken, carries: asked.asks === "login" ? carries : "all" }];
    const nothing: Origin = { before: new Map(), carries };
    // The session of a token may have ended meanwhile.
    return segment.said === undefined ? [nothing] : [{ before: segment.said, carries }, nothing];
  }

  #updated(change: Change & { does: "update" }): void {
    const { doing, id, before, after, at } = change;
    if (isOfToken(id)) return;
    if (!this.#reaches(doing, id, at)) return this.#fault(change, "writes to a session that is not its own any more");
    const problem = this.#explainData(doing, after.data, { before: before.data, carries: "all" });
    if (problem !== undefined) this.#fault(change, `writes data that ${problem}`);
  }

  #replaced(change: Change & { does: "replace" }): void {
    const { doing, id, to, before, after, at, move } = change;
    const { visit, segment } = doing;
    visit.made.add(to);
    visit.moved.add(to);
    this.#scene.movers.set(id, visit);
    const wanted = segment.identities.filter(({ asked }) =>
      asked.asks === "login" ? move.by === "login" && asked.user === after.subject : move.by === "regenerateId" && asked.graceSeconds === move.graceSeconds,
    );
    const fits = wanted.filter(({ asked }) => this.#moves(segment, asked, id, at));
    if (fits.length === 0) return this.#fault(change, `moves a session to ${after.subject} by ${move.by} without a reason`);
    if (move.by === "regenerateId" && before.subject !== after.subject) this.#fault(change, `changes the user by a new id`);
    const problems = fits.map(({ asked, carries }) =>
      this.#explainData(doing, after.data, { before: before.data, carries: asked.asks === "login" ? carries : "all" }),
    );
    if (!problems.includes(undefined)) this.#fault(change, `moves a session, and its data ${problems[0]}`);
    this.#settles(change, to, at);
  }

  #moves(segment: Segment, asked: Asks, id: string, at: number): boolean {
    const asker = { safe: false, refuses: false, loadedAlive: true };
    return this.#scene
      .situationsDuring(segment, asked, at - 1)
      .some((there) => "id" in there && there.id === id && outcomeOf(asked, there, asker) === "moves");
  }

  /** Whether a write to this id is one to the request's own session: it lives there, still stands for it, or is joined. */
  #reaches({ visit, segment }: Doing, id: string, at: number): boolean {
    const { place } = segment;
    const asked = segment.identities.map((identity) => identity.asked);
    const living = this.#scene.situationsDuring(segment, CHANGE, at - 1).filter(({ is }) => is === "alive" || is === "grace");
    if (living.some((there) => "id" in there && there.id === id)) return true;
    if (place.is === "token" && this.#scene.tokens.sessionOf(place.token) === id) return true;
    return asked.some((one) => this.#scene.joined(visit, segment, one, at - 1).includes(id));
  }

  #removed(change: Change & { does: "remove" }): void {
    const { visit } = change.doing;
    const ids = change.ids.filter((id) => !isOfToken(id));
    for (const id of ids) if (visit.made.has(id) && !visit.moved.has(id)) this.#discarded(change, id);
    const asks = visit.destroyed || visit.phase === "failed" || visit.ask.acts.some((act) => act.do === "fail");
    const own = ids.every((id) => visit.discarded.has(id));
    if (!asks && !own) this.#fault(change, "ends a session and did not ask for it");
  }

  #discarded({ doing }: Change, id: string): void {
    const { visit, segment } = doing;
    visit.discarded.add(id);
    if (segment.place.is === "session" && segment.place.id === id && segment.origin.is === "token") {
      segment.place = segment.origin;
      segment.since = visit.sentAt;
      segment.undo();
    }
  }

  #taken(change: Change & { does: "take" }): void {
    const { doing, before, id, at } = change;
    const login = doing.segment.identities.find(({ asked }) => asked.asks === "login");
    if (login === undefined || !this.#moves(doing.segment, login.asked, id, at)) return this.#fault(change, "takes a session and did not ask for it");
    doing.segment.taken = before.data;
  }

  /** The request goes on in the session that it made. */
  #settles({ doing, after: { accepted: brought } }: Change & { after: Live }, id: string, at: number): void {
    const { segment, visit } = doing;
    if (segment.place.is === "token" || segment.place.is === "loading") {
      // It may turn out that another request was faster to redeem the token.
      if (!visit.moved.has(id) && segment.identity?.asked.asks !== "login") return;
    }
    const { origin } = segment;
    const token = origin.is === "token" && visit.redeems.has(id) ? { token: origin.token } : {};
    segment.place = { is: "session", id, accepted: false, brought, ...token };
    segment.since = at;
    segment.gets(id);
  }

  /** Undefined, or what is wrong with data: a value from nowhere, or one that is missing. */
  #explainData({ visit, segment }: Doing, after: Values, { before, carries }: Origin): string | undefined {
    const comes = (key: string) => carries === "all" || carries.includes(key);
    for (const [key, value] of after) {
      if (visit.wrote(value)) continue;
      const from = comes(key) ? before.get(key) : undefined;
      if (from === value || addsTo(visit, from, value)) continue;
      // What it changed by update() counts as changed by it, with all that is in the list.
      if (segment.wrote && value.startsWith("[") && segment.seen.get(key) === value) continue;
      // A login that names keys keeps the values that its request has seen.
      if (carries !== "all" && carries.includes(key) && before.has(key) && segment.seen.get(key) === value) continue;
      return `has ${key}=${value}, of which ${from} was there`;
    }
    for (const [key, value] of before) {
      const isKept = carries === "all" || (comes(key) && segment.seen.get(key) === value);
      if (isKept && !after.has(key) && !segment.removed.has(key)) return `loses ${key}=${value}`;
    }
    return undefined;
  }

  #fault({ doing, at }: Change, what: string): void {
    this.#scene.problem(doing.visit, `${what} (at ${at})`);
  }
}

/** Whether a list is another one with what this request adds. */
function addsTo(visit: Visit, before: string | undefined, after: string): boolean {
  const [from, to] = [before ?? "[]", after].map((json) => JSON.parse(json));
  if (!Array.isArray(from) || !Array.isArray(to) || to.length <= from.length) return false;
  const isOwn = (item: unknown) => visit.wrote(JSON.stringify(item));
  return from.every((item, index) => item === to[index]) && to.slice(from.length).every(isOwn);
}
