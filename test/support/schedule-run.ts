/** Schedules over a store, and what they must leave in the browsers and in the store. */

import { copy as keepCopy } from "../../src/features/copy.ts";
import { createSessions, type Session, type SessionCrypto, type Sessions, type StoredSessions } from "../../src/index.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import { defineStore } from "../../src/stored/define.ts";
import { Clock } from "./clock.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "./cookie-names.ts";
import type { Call, UpdateCall, Watcher } from "./schedule-acting.ts";
import { Answers } from "./schedule-answers.ts";
import { Arrivals } from "./schedule-arrival.ts";
import { Explainer } from "./schedule-changes.ts";
import { Cookies } from "./schedule-cookies.ts";
import { judgeEnd } from "./schedule-end.ts";
import { History } from "./schedule-history.ts";
import { readLine, sidOf } from "./schedule-lines.ts";
import { type Outcome, Player } from "./schedule-player.ts";
import { IDLE_SECONDS, type Program } from "./schedule-program.ts";
import { Recorder } from "./schedule-recorder.ts";
import { Scene } from "./schedule-scene.ts";
import type { Segment } from "./schedule-segment.ts";
import { running, ScheduledStore, type Weather } from "./schedule-store.ts";
import { Tokens } from "./schedule-tokens.ts";
import type { Visit } from "./schedule-visit.ts";
import { describeChange } from "./schedule-words.ts";
import { SECRET } from "./secrets.ts";

/** How a schedule is played. */
export interface Play {
  /** Makes a store that holds nothing; the name is another one for each schedule. Without it, sessions are in their cookies. */
  readonly makeStore?: (name: string) => SessionStore;
  /** When schedules begin. Servers whose own clock is later would drop what ends. */
  readonly begins: number;
  readonly weather: Weather;
  readonly copy?: boolean;
  readonly visitorsInCookie?: boolean;
  readonly accept?: boolean;
  /** The option `crypto`. */
  readonly crypto?: SessionCrypto;
}

const COPY_SECONDS = 60;

/** Plays one schedule; the same for the same program and seed. */
export function playSchedule(program: Program, seed: number, play: Play): Promise<Outcome> {
  return new StorePlayer(program, seed, play).play(program);
}

class StorePlayer extends Player implements Watcher {
  protected readonly sessions: Sessions;
  readonly #seed: number;
  readonly #program: Program;
  readonly #scene: Scene;
  readonly #recorder: Recorder;
  readonly #store: ScheduledStore | undefined;
  readonly #arrivals: Arrivals;
  readonly #answers: Answers;
  readonly #cookies: Cookies;

  constructor(program: Program, seed: number, play: Play) {
    super(seed, new Clock(play.begins));
    this.#seed = seed;
    this.#program = program;
    const history = new History(this.clock.now);
    const { copy = false, visitorsInCookie = false, accept = false, weather } = play;
    const inCookie = play.makeStore === undefined ? "everybody" : visitorsInCookie ? "visitors" : "nobody";
    const setup = { copy: copy ? COPY_SECONDS : undefined, inCookie, accept, immediate: weather.late === 0 } as const;
    this.#scene = new Scene(setup, history, new Tokens(history));
    const explainer = new Explainer(this.#scene);
    this.#recorder = new Recorder(history, this.#scene.tokens, (change) => {
      this.story.push(`  ${change.doing.visit.number} in the store: ${describeChange(change, (id) => this.name(id))}`);
      explainer.explain(change);
    });
    const inner = play.makeStore?.(`${seed}`);
    this.#store = inner && new ScheduledStore(inner, this.scheduler, this.#recorder, this.random, weather);
    this.#arrivals = new Arrivals(this.#scene);
    this.#answers = new Answers(this.#scene);
    this.#cookies = new Cookies(this.#scene);
    const options = {
      secrets: SECRET,
      now: this.clock.now,
      ...(this.#store !== undefined && { store: defineStore(this.#store) }),
      idleTimeout: IDLE_SECONDS,
      lazy: this.random.chance(0.3),
      touchEvery: this.random.pick([0, 1, 600]),
      onEvent: (event: Parameters<StorePlayer["hear"]>[0]) => this.hear(event),
      ...(play.crypto !== undefined && { crypto: play.crypto }),
      ...(copy && { copy: keepCopy({ maxAge: COPY_SECONDS }) }),
      ...(visitorsInCookie && { anonymous: "cookie" as const }),
      ...(accept && { accept: [Tokens.codec()] }),
    };
    this.sessions = createSessions(options);
  }

  protected get watcher(): Watcher {
    return this;
  }

  get moment(): number {
    return this.#scene.history.moment;
  }

  protected async prepare(): Promise<void> {
    if (this.#scene.setup.accept) await this.#scene.tokens.make(`${this.#seed}`, this.clock.now());
  }

  protected tokenText(token: number): string {
    return this.#scene.tokens.texts[token] ?? "";
  }

  protected passed(): void {
    this.#scene.history.begin();
  }

  protected name(id: string): string {
    const index = this.#scene.history.ids.indexOf(id);
    return index < 0 ? "a new id" : `id ${index}`;
  }

  protected sends({ number, jar }: Visit): void {
    const named = [jar.user, jar.visitor].flatMap((sid) => (sid === undefined ? [] : [this.name(sid)]));
    this.story.push(`  ${number} has [${[...named, ...(jar.token === undefined ? [] : [`token ${jar.token}`])]}]`);
  }

  doing<Result>(visit: Visit, call: () => Result): Result {
    return running.run({ doing: { visit, segment: visit.segment } }, call);
  }

  revoke(user: string): Promise<unknown> {
    return (this.sessions as StoredSessions).revokeAll(user);
  }

  allowsGrace({ place }: Segment): boolean {
    return this.#scene.setup.inCookie === "nobody" || !(place.is === "in-cookie" || place.is === "nothing");
  }

  found(visit: Visit, session: Session): void {
    this.#arrivals.found(visit, session);
  }

  saved(visit: Visit, session: Session, call: Call): void {
    this.#answers.saved(visit, session, call);
  }

  updated(visit: Visit, session: Session, call: UpdateCall): void {
    this.#answers.updated(visit, session, call);
  }

  refused(visit: Visit, call: Call): void {
    this.#answers.refused(visit, call);
  }

  protected answered(visit: Visit, response: Response): void {
    const lines = response.headers.getSetCookie().map(readLine);
    const wanted = visit.segment.subject === undefined ? VISITOR_COOKIE : USER_COOKIE;
    const set = lines.find(({ name, clears }) => name === wanted && !clears)?.value;
    this.#answers.answered(visit, response.status, sidOf(set) ?? set);
    this.#cookies.answered(visit, response.status, lines);
  }

  protected failed(visit: Visit, error: unknown): void {
    const expected = visit.ask.acts.some((act) => act.do === "fail") || (error as { code?: unknown }).code === "ERR_CONFLICT";
    if (!expected) this.problems.push(`request ${visit.number} throws ${(error as Error)?.stack ?? error}`);
    this.#answers.failed(visit, error);
  }

  protected arrives(visit: Visit, response: Response): void {
    for (const line of response.headers.getSetCookie().map(readLine)) {
      this.story.push(
        `  and ${line.clears ? "clears" : "sets"} ${line.name} ${line.clears ? "" : this.name(sidOf(line.value) ?? "")}`,
      );
      this.#cookies.arrives(visit, line);
    }
  }

  protected async judge(): Promise<void> {
    this.#store?.calm();
    const { problems, history, tokens } = this.#scene;
    await judgeEnd(this.#scene, this.#store?.inner, this.#cookies, this.#program);
    const named = [...problems, ...tokens.problems, ...this.#recorder.problems, ...this.problems.splice(0)].map((problem) =>
      history.ids.reduce((text, id, index) => text.replaceAll(id, `id ${index}`), problem),
    );
    this.problems.push(...named);
  }
}
