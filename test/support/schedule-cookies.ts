/** Schedules of sessions that are kept in their cookies, and the weaker things that hold of them. */
import { createSessions, type Sessions } from "../../src/index.ts";
import { nodeCrypto } from "../../src/node-primitives.ts";
import { type Outcome, Player, readLine, USER, VISITOR } from "./schedule-player.ts";
import type { Program } from "./schedule-program.ts";
import { visible } from "./schedule-run.ts";
import type { Values, Visit } from "./schedule-visit.ts";
import { SECRET } from "./secrets.ts";

/** A session, all of which is in its cookie. */
interface Held {
  readonly subject: string | undefined;
  readonly view: Values;
}

/** Plays one schedule; the same for the same program and seed. */
export function playWithoutStore(program: Program, seed: number, oneByOne: boolean): Promise<Outcome> {
  return new CookiePlayer(seed).play(program, oneByOne);
}

class CookiePlayer extends Player {
  protected readonly sessions: Sessions;
  /** What the browser's cookies say, by name. */
  readonly #jar = new Map<string, Held>();
  /** What each answer's cookie says. */
  readonly #answers = new Map<Visit, Held>();
  readonly #users = new Set<Visit>();

  constructor(seed: number) {
    super(seed);
    this.sessions = createSessions(
      { secrets: SECRET, now: this.clock.now, lazy: this.random.chance(0.3), onEvent: (event) => this.hear(event) },
      nodeCrypto,
    );
  }

  get #current(): Held | undefined {
    return this.#jar.get(USER) ?? this.#jar.get(VISITOR);
  }

  protected sends(visit: Visit): void {
    const held = this.#current;
    if (held === undefined) return;
    visit.found = true;
    visit.shows(held.view, held.subject);
    if (held.subject !== undefined) this.#users.add(visit);
  }

  /** What was changed, a new user and an end are in the answer's cookies. */
  protected answered(visit: Visit, lines: readonly string[]): void {
    const { subject, view } = visit.want;
    this.#answers.set(visit, { subject, view: new Map(view) });
    const sets = lines.map(readLine).filter(({ clears }) => !clears);
    const changed = visit.changes().size > 0 || visit.want.renewal === "login";
    const name = subject === undefined ? VISITOR : USER;
    if (changed && sets[0]?.name !== name)
      this.problems.push(`request ${visit.number} changed its session, and no cookie says so`);
    if (sets.length > 1) this.problems.push(`request ${visit.number} sets two cookies`);
    const clears = lines.map(readLine).some((line) => line.clears && line.name === USER);
    if (clears && !visit.destroyed) this.problems.push(`request ${visit.number} logs out, and was not asked to`);
  }

  protected receives(visit: Visit, name: string, clears: boolean): void {
    if (name === USER && !this.#users.has(visit) && !visit.did.has("login")) {
      this.problems.push(`the answer to request ${visit.number}, of a visitor, touches the cookie of users`);
    }
    if (clears) this.#jar.delete(name);
    else this.#jar.set(name, this.#answers.get(visit) as Held);
  }

  /** The next request has the session of the cookie that arrived last. */
  protected async judge(): Promise<void> {
    const seen = await this.sessions.read({ headers: this.headers() });
    const held = this.#current;
    const found = JSON.stringify(seen && [seen.subject, Object.entries(seen.data).sort()]);
    const wanted = JSON.stringify(held === undefined ? null : [held.subject, visible(held.view)]);
    if (found !== wanted) this.problems.push(`the next request finds ${found}, and should find ${wanted}`);
  }
}
