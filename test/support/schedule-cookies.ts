/** The cookies that answers set and clear: only those of the request's own session, and only for a reason. */

import { USER_COOKIE, VISITOR_COOKIE } from "./cookie-names.ts";
import type { Line } from "./schedule-lines.ts";
import { sidOf } from "./schedule-lines.ts";
import type { Scene } from "./schedule-scene.ts";
import type { Segment } from "./schedule-segment.ts";
import type { Span, Visit } from "./schedule-visit.ts";

/** Whose answer set a browser's cookie, in order. */
export interface Setter {
  readonly visit: Visit;
  readonly clears: boolean;
  readonly sid: string | undefined;
}

export class Cookies {
  readonly #scene: Scene;
  readonly #setters = new Map<string, Setter[]>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  setters(browser: number, name: string): readonly Setter[] {
    return this.#setters.get(`${browser} ${name}`) ?? [];
  }

  answered(visit: Visit, status: number, lines: readonly Line[]): void {
    const logsIn = lines.some(({ name, clears }) => name === USER_COOKIE && !clears);
    for (const line of lines) if (line.name === USER_COOKIE || line.name === VISITOR_COOKIE) this.#judge(visit, line, logsIn);
    const set = lines.filter(({ name, clears }) => !clears && (name === USER_COOKIE || name === VISITOR_COOKIE));
    if (set.length > 1) this.#scene.problem(visit, "sets two cookies");
    this.#judgeHeld(visit, set[0], status === 409);
  }

  arrives(visit: Visit, { name, value, clears }: Line): void {
    const key = `${visit.ask.browser} ${name}`;
    const setter = { visit, clears, sid: clears ? undefined : sidOf(value) };
    this.#setters.set(key, [...(this.#setters.get(key) ?? []), setter]);
  }

  /** A user's cookie comes in place of a visitor's. */
  #judge(visit: Visit, { name, value, clears }: Line, logsIn: boolean): void {
    const { segment } = visit;
    if (clears) {
      const may = visit.destroyed || (name === VISITOR_COOKIE && logsIn);
      if (!may) this.#scene.problem(visit, `clears ${name} without a reason`);
      return;
    }
    const sid = sidOf(value);
    const isVisitors = segment.subject === undefined;
    if (sid === undefined) {
      if (isVisitors !== (name === VISITOR_COOKIE) || !this.#scene.isInCookie(segment))
        this.#scene.problem(visit, `sets ${name}, which carries its session`);
    } else if (!this.#mayHave(visit, segment, sid)) this.#scene.problem(visit, `sets ${name} for a session that is not its own`);
    else if (visit.phase === "answered" && !visit.thrownOut && isVisitors !== (name === VISITOR_COOKIE)) {
      this.#scene.problem(visit, `sets ${name} as ${segment.subject}`);
    }
  }

  /** It made the session, joined it, or came to it by a token of other software; or it followed one of these in grace. */
  #mayHave(visit: Visit, segment: Segment, sid: string): boolean {
    const { place, identities } = segment;
    const came = place.is === "session" && (place.accepted || identities.length > 0) ? place.id : undefined;
    const { token } = visit.jar;
    const isOfToken = token !== undefined && place.is === "token";
    // The token's session may have ended by now; where the request wrote was judged then.
    const written = visit.changes.flatMap((change) => (change.does === "update" ? [change.id] : []));
    const ofToken = isOfToken ? [this.#scene.tokens.sessionOf(token), ...written] : [];
    const joined = identities.flatMap(({ asked }) => this.#scene.joined(visit, segment, asked));
    const own = new Set([...visit.made, ...joined, ...ofToken, came]);
    return this.#scene.history.cameInGrace(sid).some((id) => own.has(id));
  }

  /** What is changed is in the cookie, where that is where the session is. */
  #judgeHeld(visit: Visit, set: Line | undefined, isGone: boolean): void {
    const { segment } = visit;
    if (!this.#scene.isInCookie(segment)) return;
    const { pending, identity, subject, loaded } = segment;
    const changed = [...pending].filter(([key, value]) => value !== undefined || loaded.has(key));
    const changes = changed.length > 0 || identity?.asked.asks === "login";
    if (changes && set === undefined && !isGone) this.#scene.problem(visit, `changed [${[...pending]}], and no cookie says so`);
    const { history } = this.#scene;
    // What a call did that nobody waited for is what the session shows in the end.
    if ((segment.unawaited || isGone) && visit.session !== undefined) visit.adopt(visit.session);
    const madeAt = history.timeAt(history.moment);
    const logsIn = segment.identities.some(({ asked }) => asked.asks === "login");
    const since: Span = [history.timeAt(visit.sentAt), madeAt];
    const loginAt = subject === undefined ? undefined : logsIn ? since : visit.loginAt;
    if (set !== undefined) this.#scene.held.set(set.value, { data: new Map(segment.view), subject, madeAt, loginAt });
  }
}
