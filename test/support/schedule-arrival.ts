/** What a request finds is what the store had, at some moment while it loaded, for one of its cookies. */
import type { Session } from "../../src/index.ts";
import { type Live, type Values, visible } from "./schedule-history.ts";
import { IDLE_SECONDS } from "./schedule-program.ts";
import type { Scene } from "./schedule-scene.ts";
import type { Place } from "./schedule-segment.ts";
import { type Situation, situationsOf, situationsOver } from "./schedule-table.ts";
import { isOfToken } from "./schedule-tokens.ts";
import type { Span, Visit } from "./schedule-visit.ts";

/** What a handler sees. */
interface Seen {
  readonly id: string;
  readonly subject: string | undefined;
  readonly data: string;
  readonly gone: unknown;
}

interface Found {
  readonly place: Place;
  readonly subject?: string | undefined;
  readonly data?: Values;
  readonly loginAt?: Span | undefined;
}

export class Arrivals {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Says what the request has found, and begins to count what it wants of it. */
  found(visit: Visit, session: Session): void {
    const { id, subject, data } = session;
    const shown = visible(new Map(Object.entries(data).map(([key, value]) => [key, JSON.stringify(value)])));
    const seen = { id, subject, data: shown, gone: (session as { gone?: unknown }).gone };
    const { place, subject: user, data: values, loginAt }: Found = this.#explain(visit, seen) ?? { place: { is: "nothing" } };
    visit.loginAt = loginAt;
    visit.loadedAlive = place.is !== "moved" && place.is !== "anew";
    visit.has(place, user, values);
    if (place.is === "token") visit.segment.said = values;
    this.#checkAge(visit, session);
  }

  #explain(visit: Visit, seen: Seen): Found | undefined {
    const { history } = this.#scene;
    if (history.isKnown(seen.id) && !isOfToken(seen.id)) return this.#session(visit, seen);
    if (seen.gone !== undefined) return this.#moved(visit, seen);
    const token = this.#token(visit, seen);
    if (token !== undefined) return token;
    return this.#held(visit, seen) ?? this.#nothing(visit, seen);
  }

  /** A session that is in its cookie, and has not ended. */
  #held({ jar }: Visit, seen: Seen): Found | undefined {
    for (const text of [jar.user, jar.visitor]) {
      const held = text === undefined || this.#heldIsOver(text) ? undefined : this.#scene.held.get(text);
      if (held === undefined) continue;
      if (held.subject !== seen.subject || visible(held.data) !== seen.data) return undefined;
      return { place: { is: "in-cookie" }, ...held };
    }
    return undefined;
  }

  /** A session of the store, to which a cookie of the request leads. */
  #session(visit: Visit, seen: Seen): Found | undefined {
    const { history, setup } = this.#scene;
    const { id } = seen;
    const copied = setup.copy === undefined ? visit.sentAt : Math.min(visit.sentAt, history.since(setup.copy));
    const from = setup.immediate ? copied : 0;
    const found = [this.#during(from, visit.jar.user), this.#during(from, visit.jar.visitor), this.#duringToken(visit)];
    const way = found.findIndex((all) => all.some((there) => leadsTo(there, id)));
    if (way < 0) return this.#wrong(visit, seen, "to which no cookie of it leads");
    // A living session of a user comes before a visitor's, and both come before a token of other software.
    const first = found.slice(0, way).find((all) => all.length > 0 && all.every(({ is }) => is === "alive" || is === "grace"));
    if (first !== undefined) return this.#wrong(visit, seen, "in place of one that comes first");
    if (seen.gone !== undefined) return this.#wrong(visit, seen, "that is not its own any more");
    const ids = setup.copy === undefined ? [id] : history.cameFrom(id).reverse();
    const all = ids.flatMap((one) => this.#statesOf(one, setup.immediate ? from : 0));
    const states = all.filter((live) => visible(live.data) === seen.data && live.subject === seen.subject);
    const last = states.at(-1);
    if (last === undefined) return this.#wrong(visit, seen, "with data that it had at no moment");
    const texts = states.map(({ data }) => JSON.stringify([...data].sort()));
    visit.rebased = new Set(texts).size > 1;
    const came = [visit.jar.user, visit.jar.visitor][way];
    const via = came !== undefined && came !== id ? { via: came } : {};
    return { place: { is: "session", id, ...via, accepted: way === 2, brought: last.accepted }, ...last, loginAt: loginOf(last) };
  }

  #statesOf(id: string, from: number): Live[] {
    const { history } = this.#scene;
    const states: Live[] = [];
    for (let moment = from; moment <= history.moment; moment++) {
      const live = history.liveAt(id, moment);
      if (live !== undefined) states.push(live);
    }
    return states;
  }

  /** A session that has another id. That of a user, unless it ended, comes before a visitor's, who begins anew. */
  #moved(visit: Visit, seen: Seen): Found | undefined {
    const { user, visitor } = visit.jar;
    const users = this.#during(visit.sentAt, user);
    const [isUsers, isVisitors] = [this.#hasMoved(users, user), this.#hasMoved(this.#during(visit.sentAt, visitor), visitor)];
    if (seen.gone !== "moved" || !(isUsers || isVisitors)) return this.#wrong(visit, seen, "that has not moved");
    if (seen.data !== "{}" || seen.subject !== undefined) return this.#wrong(visit, seen, "that has moved");
    if (!isVisitors || (isUsers && !users.some(({ is }) => is === "ended")))
      return { place: { is: "moved", id: user as string } };
    return { place: { is: "anew", id: visitor as string, ...(isUsers && { or: user as string }) } };
  }

  /** It may have been found where its old id still stood for it, and have ended before it was loaded there. */
  #hasMoved(there: readonly Situation[], sid: string | undefined): boolean {
    if (there.some(({ is }) => is === "renewed" || is === "taken")) return true;
    return there.some(({ is }) => is === "grace") && this.#scene.history.endOf(sid as string) === undefined;
  }

  #token(visit: Visit, seen: Seen): Found | undefined {
    const { token } = visit.jar;
    if (token === undefined || !this.#duringToken(visit).some(({ is }) => is === "nothing")) return undefined;
    const { tokens } = this.#scene;
    const data = tokens.dataOf(token);
    const subject = tokens.subjectOf(token);
    if (visible(data) !== seen.data || subject !== seen.subject) return undefined;
    return { place: { is: "token", token }, subject, data };
  }

  /** No session, and no cookie that led to one all the time. */
  #nothing(visit: Visit, seen: Seen): Found | undefined {
    const { user, visitor, token } = visit.jar;
    if (seen.data !== "{}" || seen.subject !== undefined) return this.#wrong(visit, seen, "of nobody");
    const users = this.#heldIsOver(user) ? [] : this.#during(visit.sentAt, user);
    // It may have ended between two steps to where it went.
    const mayEnd = users.some(({ is }) => is !== "alive") && this.#scene.history.endOf(user as string) === undefined;
    if (user !== undefined && !this.#heldIsOver(user) && !mayEnd && !users.some(({ is }) => is === "ended"))
      return this.#wrong(visit, seen, "in place of its user's");
    const visitors = this.#during(visit.sentAt, visitor);
    const isGone = (there: Situation) => there.is === "ended" || there.is === "renewed" || there.is === "taken";
    if (visitor !== undefined && !this.#heldIsOver(visitor) && !visitors.some(isGone))
      return this.#wrong(visit, seen, "in place of its visitor's");
    // A token that was redeemed leads to its session under the first id only.
    const isOver = (there: Situation) => isGone(there) || there.is === "grace";
    if (token !== undefined && !this.#duringToken(visit).some(isOver)) return this.#wrong(visit, seen, "in place of its token's");
    const moved = visitors.some(({ is }) => is === "renewed" || is === "taken");
    return { place: moved ? { is: "anew", id: visitor as string } : { is: "nothing" } };
  }

  #heldIsOver(text: string | undefined): boolean {
    const held = text === undefined ? undefined : this.#scene.held.get(text);
    return held !== undefined && this.#scene.history.timeAt(this.#scene.history.moment) >= held.madeAt + IDLE_SECONDS;
  }

  #during(from: number, sid: string | undefined): Situation[] {
    const { history } = this.#scene;
    if (sid === undefined) return [];
    return situationsOver(history, from, history.moment, (moment) => situationsOf(history, sid, moment));
  }

  #duringToken({ jar, sentAt }: Visit): Situation[] {
    const { history, tokens } = this.#scene;
    const { token } = jar;
    if (token === undefined) return [];
    if (tokens.isDone(token, sentAt))
      return tokens.situations(token, history.moment).map((there) => (there.is === "nothing" ? { is: "ended" } : there));
    return Array.from({ length: history.moment - sentAt + 1 }, (_none, index) => tokens.situations(token, sentAt + index)).flat();
  }

  /** Infinity for nobody, for the user of a token who did not log in here, and while only a copy is known. */
  #checkAge(visit: Visit, session: Session): void {
    const { loginAge } = session as { loginAge?: unknown };
    const { history, setup } = this.#scene;
    const { loginAt } = visit;
    const isKnown = loginAt !== undefined && typeof loginAge === "number" && Number.isFinite(loginAge);
    const now = history.timeAt(history.moment);
    const fits = isKnown && loginAge >= history.timeAt(visit.sentAt) - loginAt[1] && loginAge <= now - loginAt[0];
    const mayBeInfinite = loginAt === undefined || setup.copy !== undefined;
    if (fits || (mayBeInfinite && loginAge === Number.POSITIVE_INFINITY)) return;
    this.#scene.problem(visit, `is told that its login is ${loginAge} seconds old, and that was at ${loginAt}`);
  }

  #wrong(visit: Visit, { data, subject }: Seen, why: string): undefined {
    this.#scene.problem(visit, `finds ${data} of ${subject}, a session ${why}`);
    return undefined;
  }
}

/** A login renews when a session began; a token of other software does not count as one. */
function loginOf({ subject, accepted, startedAt }: Live): Span | undefined {
  return subject === undefined || accepted ? undefined : [startedAt, startedAt];
}

function leadsTo(there: Situation, id: string): boolean {
  return (there.is === "alive" || there.is === "grace") && there.id === id;
}
