/** Schedules over a store, and what they must leave in the browser and in the store. */
import { createSessions, type Sessions } from "../../src/index.ts";
import { nodeCrypto } from "../../src/node-primitives.ts";
import { type Lineage, Model, type Promises } from "./schedule-model.ts";
import { type Outcome, Player, readLine, USER, VISITOR } from "./schedule-player.ts";
import type { Program } from "./schedule-program.ts";
import { running, ScheduledStore, type Weather } from "./schedule-store.ts";
import { type Values, Visit } from "./schedule-visit.ts";
import { SECRET } from "./secrets.ts";

/** How a schedule is played, and what is promised of it. */
export interface Play extends Omit<Promises, "immediate"> {
  readonly weather: Weather;
  /** Each answer arrives before the next request is sent. */
  readonly oneByOne: boolean;
}

/** Longer than an old id can be followed, and than its mark is kept. */
const LATER = 120;

/** Plays one schedule; the same for the same program and seed. */
export function playSchedule(program: Program, seed: number, play: Play): Promise<Outcome> {
  return new StorePlayer(seed, play).play(program, play.oneByOne);
}

class StorePlayer extends Player {
  protected readonly sessions: Sessions;
  readonly #play: Play;
  readonly #model: Model;
  readonly #store: ScheduledStore;
  /** Whose answers set or cleared each cookie, in order. */
  readonly #setBy = new Map<string, { visit: Visit; lineage: Lineage | undefined }[]>();

  constructor(seed: number, play: Play) {
    super(seed);
    this.#play = play;
    this.#model = new Model({ ...play, immediate: play.weather.late === 0 });
    this.#store = new ScheduledStore(this.scheduler, this.#model, this.random, play.weather);
    this.sessions = createSessions(
      {
        secrets: SECRET,
        now: this.clock.now,
        store: this.#store,
        lazy: this.random.chance(0.3),
        touchEvery: this.random.pick(play.touches ? [0, 1, 20_000] : [20_000]),
        onEvent: (event) => this.hear(event),
      },
      nodeCrypto,
    );
  }

  protected sends(): void {}

  protected answered(visit: Visit, lines: readonly string[]): void {
    this.#model.answered(visit);
    const logsIn = lines.map(readLine).some(({ name, clears }) => name === USER && !clears);
    if (visit.logsIn && !logsIn) this.#problem(visit, "sets no cookie for the user that it logged in");
  }

  protected override name(id: string): string {
    const index = this.#model.ids.indexOf(id);
    return index < 0 ? "a new id" : `id ${index}`;
  }

  protected receives(visit: Visit, name: string, clears: boolean): void {
    const { subject } = visit.want;
    const isVisitors = name === VISITOR;
    const mayClear = visit.destroyed || (isVisitors && subject !== undefined && visit.changesIdentity);
    const maySet = visit.changesIdentity || (isVisitors && !visit.found);
    if (clears ? !mayClear : !maySet) this.#problem(visit, `${clears ? "clears" : "sets"} ${name} without a reason`);
    if (!clears && isVisitors !== (subject === undefined)) this.#problem(visit, `sets ${name} as ${subject}`);
    const lineage = clears ? undefined : this.#model.lineageOf(visit.held);
    this.#setBy.set(name, [...(this.#setBy.get(name) ?? []), { visit, lineage }]);
  }

  protected async judge(): Promise<void> {
    this.#store.calm();
    await this.#judgeNext((lineage) => lineage.alive !== undefined);
    await this.#judgeStore();
    this.clock.pass(LATER);
    // No browser ever got the id that a failed request made.
    await this.#judgeNext(({ alive, by }) => alive !== undefined && by.phase !== "failed");
    this.problems.push(...this.#model.problems);
  }

  /** The next request has the session whose cookie arrived last. */
  async #judgeNext(isThere: (lineage: Lineage) => boolean): Promise<void> {
    const [user, visitor] = [USER, VISITOR].map((name) => this.#setBy.get(name)?.at(-1)?.lineage);
    for (const lineage of [user, visitor]) if (lineage !== undefined) this.#judgeEnd(lineage);
    const living = [user, visitor].find((lineage) => lineage !== undefined && isThere(lineage));
    const headers = this.headers();
    const seen = await running.run(new Visit(-1, []), () => this.sessions.read({ headers }));
    const found = JSON.stringify(seen && [seen.subject, Object.entries(seen.data).sort()]);
    const wanted = JSON.stringify(living === undefined ? null : [living.subject, visible(living.data)]);
    if (found !== wanted) this.problems.push(`the next request finds ${found}, and should find ${wanted}`);
  }

  /** Nobody is logged out but by a logout, or by a request that failed after it had changed who he is. */
  #judgeEnd({ ended, subject }: Lineage): void {
    if (ended === undefined) return;
    const { by, how } = ended;
    // A login takes a visitor's session over, also when its cookie arrives later.
    const isFair =
      by.phase === "failed" ? by.changesIdentity : by.did.has("logout") || (subject === undefined && how === "login");
    if (!isFair) this.problems.push(`the browser's session was ended by a ${how} in request ${by.number}`);
  }

  async #judgeStore(): Promise<void> {
    const { inner } = this.#store;
    const now = this.clock.now();
    for (const id of this.#model.ids) {
      const found = await inner.load({ id }, { now });
      const lives = found !== null && "data" in found;
      if (lives !== this.#model.isAlive(id)) this.problems.push(`${this.name(id)} ${lives ? "lives" : "is gone"}`);
    }
    const living = this.#model.lineages.filter(({ alive }) => alive !== undefined);
    for (const user of ["alice", "bob"]) {
      const listed = (await inner.list?.(user))?.map(({ id }) => id).sort();
      const wanted = living.flatMap(({ subject, alive }) => (subject === user ? [alive] : [])).sort();
      if (JSON.stringify(listed) !== JSON.stringify(wanted)) this.problems.push(`the list of ${user} is wrong`);
    }
    for (const lineage of living) this.#judgeOrphan(lineage);
    if (this.#play.oneByOne && living.length > 1) this.problems.push(`${living.length} sessions live`);
  }

  /** A session whose cookie the browser does not have: only because another request at the same time changed who he is. */
  #judgeOrphan(lineage: Lineage): void {
    const name = lineage.subject === undefined ? VISITOR : USER;
    const setters = this.#setBy.get(name) ?? [];
    if (setters.at(-1)?.lineage === lineage) return;
    const { by } = lineage;
    const rivals = setters.filter(({ visit }) => visit !== by && visit.span.from < by.span.to && by.span.from < visit.span.to);
    // A visitor's session is no secret: a login or logout only takes its cookie away.
    const isFair = by.phase === "failed" || rivals.length > 0 || (name === VISITOR && setters.at(-1)?.visit !== by);
    if (!isFair) this.problems.push(`a session that request ${by.number} made lives, and the browser has no cookie for it`);
  }

  #problem(visit: Visit, what: string): void {
    this.problems.push(`the answer to request ${visit.number} ${what}`);
  }
}

/** The data that `session.data` shows, in order. */
export function visible(data: Values): [key: string, value: unknown][] {
  const shown = [...data].filter(([key]) => !key.startsWith("~")).sort();
  return shown.map(([key, json]) => [key, JSON.parse(json)]);
}
