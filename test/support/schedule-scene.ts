/** What everybody who judges a schedule knows of it. */
import { flashKey, type History, type Values } from "./schedule-history.ts";
import type { Change } from "./schedule-recorder.ts";
import type { Place, Segment, Standing } from "./schedule-segment.ts";
import { type Asks, type Outcome, outcomeOf, type Situation, situationsOf, situationsOver } from "./schedule-table.ts";
import type { Tokens } from "./schedule-tokens.ts";
import type { Span, Visit } from "./schedule-visit.ts";

/** How the application is set up. */
export interface Setup {
  /** For how many seconds a copy of a session is good. */
  readonly copy: number | undefined;
  /** Whose sessions are in their cookies. */
  readonly inCookie: "nobody" | "visitors" | "everybody";
  readonly accept: boolean;
  /** What one call did, the next one sees. */
  readonly immediate: boolean;
}

/** A session that is in its cookie. */
export interface Held {
  readonly data: Values;
  readonly subject: string | undefined;
  readonly madeAt: number;
  /** When its user logged in: at some time between these. */
  readonly loginAt: Span | undefined;
}

const CHANGE: Asks = { asks: "change" };

export class Scene {
  readonly problems: string[] = [];
  readonly setup: Setup;
  readonly history: History;
  readonly tokens: Tokens;
  /** What cookies say that hold their sessions, by their text. */
  readonly held: Map<string, Held> = new Map();
  /** Which request moved a session away from an id, and where to. */
  readonly moves: Map<string, { readonly by: Visit; readonly to: string }> = new Map();

  constructor(setup: Setup, history: History, tokens: Tokens) {
    this.setup = setup;
    this.history = history;
    this.tokens = tokens;
  }

  problem({ number }: Visit, what: string): void {
    this.problems.push(`request ${number} ${what}`);
  }

  /** What stands behind a place at a moment, for whoever asks this. */
  situations(place: Place, asked: Asks, moment: number): Situation[] {
    const { history, tokens } = this;
    if (place.is === "token") return tokens.situations(place.token, moment);
    if (place.is === "moved") {
      // It was told so, whatever comes after that.
      const told: Situation[] = asked.asks === "login" ? [] : [{ is: "renewed", id: undefined }];
      return [...situationsOf(history, place.id, moment), ...told];
    }
    if (place.is === "session" && this.#isOfAnother(place)) return tokens.situations(place.token as number, moment);
    if (place.is === "session")
      return [place.id, place.via].flatMap((id) => (id === undefined ? [] : situationsOf(history, id, moment)));
    if (place.is === "loading") return [{ is: "nothing" }];
    if (place.is === "in-cookie") return [{ is: "in-cookie" }];
    if (place.is === "anew" && place.or !== undefined) {
      const { or, ...rest } = place;
      return [...situationsOf(history, or, moment), ...this.situations(rest, asked, moment)];
    }
    const nothing: Situation[] = [{ is: this.setup.inCookie !== "nobody" && asked.asks !== "login" ? "in-cookie" : "nothing" }];
    if (place.is === "nothing" || asked.asks !== "login") return nothing;
    return [...nothing, ...situationsOf(history, place.id, moment).filter(({ is }) => is === "taken")];
  }

  /** Whether a session was made for a token that another request was faster to redeem. */
  #isOfAnother({ id, token }: Place & { is: "session" }): boolean {
    const session = token === undefined ? undefined : this.tokens.sessionOf(token);
    return session !== undefined && session !== id;
  }

  /** All that stood behind a segment's place while it may have mattered. */
  situationsDuring(segment: Standing, asked: Asks, until: number): Situation[] {
    const { place, since } = segment;
    const all = situationsOver(this.history, since, until, (moment) => this.situations(place, asked, moment));
    // A store that shows marks and ends late may hide where a session went.
    const wentOn = all.some(({ is }) => is === "grace" || is === "renewed" || is === "taken");
    if (!this.setup.immediate && wentOn) all.push({ is: "renewed", id: undefined }, { is: "ended" });
    return all;
  }

  /** Whether the table allows an outcome, by what stood there at some moment. */
  allows(visit: Visit, segment: Standing, asked: Asks, outcome: Outcome, until: number = this.history.moment): boolean {
    // Who saw no more than a copy may have come after the session moved, as far as the store's clock tells.
    const mayBeLate = this.setup.copy === undefined ? [] : [{ ...visit.asker, loadedAlive: false }];
    const askers = [visit.asker, ...mayBeLate];
    return this.situationsDuring(segment, asked, until).some((there) =>
      askers.some((asker) => outcomeOf(asked, there, asker) === outcome),
    );
  }

  /** The ids that another request made and that this one joins. */
  joined(visit: Visit, segment: Standing, asked: Asks, until: number = this.history.moment): string[] {
    const found = this.situationsDuring(segment, asked, until).filter(
      (there) => outcomeOf(asked, there, visit.asker) === "joins",
    );
    const ids = found.flatMap((there) => ("id" in there && there.id !== undefined ? [there.id] : []));
    const { place } = segment;
    return this.setup.immediate || !("id" in place) ? ids : [...ids, place.id, ...this.#wentTo(place.id)];
  }

  /** All that a session was under later, whether it lives or not. */
  #wentTo(id: string): string[] {
    const { to } = this.moves.get(id) ?? {};
    return to === undefined ? [] : [to, ...this.#wentTo(to)];
  }

  /** A request that joined a session after this moment: from when on it lived. */
  standingAt(id: string, since: number): Standing {
    let moment = since;
    while (moment < this.history.moment && this.history.liveAt(id, moment) === undefined) moment++;
    const brought = this.history.liveAt(id, moment)?.accepted ?? false;
    return { place: { is: "session", id, accepted: false, brought }, since: moment };
  }

  /** Whether the cookie is where a segment's changes go. */
  isInCookie({ subject, place }: Segment): boolean {
    const { inCookie } = this.setup;
    const isVisitors = subject === undefined && (place.is === "nothing" || place.is === "in-cookie");
    return inCookie === "everybody" || (inCookie === "visitors" && isVisitors);
  }

  /** Whether a request's change of a key got into the store. */
  isWritten(visit: Visit, key: string, value: string | undefined): boolean {
    return visit.changes.some((change) => {
      if (!("after" in change) || this.isVoid(visit, "to" in change ? change.to : change.id)) return false;
      // A list may have got longer since.
      const there = change.after.data.get(key);
      if (value?.startsWith("[")) return there?.startsWith(value.slice(0, -1)) ?? false;
      if (value !== undefined) return there === value;
      return change.does === "update" ? change.patch.unset.includes(key) : !change.after.data.has(key);
    });
  }

  /** Whether a session is one that a request made of a token which another one was faster to redeem. */
  isVoid({ discarded, redeems, jar }: Visit, id: string): boolean {
    return discarded.has(id) || (redeems.has(id) && this.tokens.sessionOf(jar.token as number) !== id);
  }

  /** What a request has pending and did not get into the store, in words. */
  missing(visit: Visit, pending: ReadonlyMap<string, string | undefined>): string[] {
    const missing = [...pending].filter(([key, value]) => !this.isWritten(visit, key, value));
    return missing
      .filter(([key, value]) => value !== undefined || !this.#isGone(visit, key))
      .map(([key, value]) => `${key}=${value}`);
  }

  /** Where a request added an item to a list: the ids, and the list after it. */
  added({ changes }: Visit, key: string, item: string): [id: string, list: string][] {
    return changes.flatMap((change) => {
      if (!("after" in change)) return [];
      const [from, to] = ["before" in change ? change.before : undefined, change.after].map(
        (live) => live?.data.get(key) ?? "[]",
      );
      const isNew = !JSON.parse(from ?? "").includes(item) && JSON.parse(to ?? "").includes(item);
      return isNew ? [["to" in change ? change.to : change.id, to as string] as [string, string]] : [];
    });
  }

  #has(visit: Visit, change: Change, key: string): boolean {
    return "after" in change && !this.isVoid(visit, "to" in change ? change.to : change.id) && change.after.data.has(key);
  }

  /** Whether what is to go was never in the store, or has gone from a living session by another request. */
  #isGone(visit: Visit, key: string): boolean {
    const { changes, segment, rebased } = visit;
    if (rebased && key.startsWith(flashKey(""))) return true;
    const wasThere = segment.seen.has(key) || changes.some((change) => this.#has(visit, change, key));
    if (!wasThere || segment.place.is === "nothing" || segment.place.is === "anew") return true;
    for (let moment = segment.since; moment <= this.history.moment; moment++) {
      for (const there of this.situations(segment.place, CHANGE, moment)) {
        const live = there.is === "alive" || there.is === "grace" ? this.history.liveAt(there.id, moment) : undefined;
        const value = live?.data.get(key);
        if (live !== undefined && (value === undefined || value !== segment.seen.get(key))) return true;
      }
    }
    return false;
  }
}
