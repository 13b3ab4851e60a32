/** Plays a program of one browser in an order that chance decides: what is sent when, what goes on, which answer arrives. */
import type { Session, SessionEvent, Sessions } from "../../src/index.ts";
import { Browser } from "./browser.ts";
import { Clock } from "./clock.ts";
import { quiet, Random, Scheduler } from "./schedule.ts";
import type { Program } from "./schedule-program.ts";
import { running } from "./schedule-store.ts";
import { Mishap, Visit } from "./schedule-visit.ts";

/** What one schedule came to. */
export interface Outcome {
  readonly problems: readonly string[];
  readonly story: readonly string[];
  /** How many steps the schedule took. */
  readonly steps: number;
}

export const USER = "__Host-session";
export const VISITOR = "__Host-session-visitor";

type Acts = Program["requests"][number];

const PATIENCE = 5_000;

/** Whoever plays; what must hold is up to the kinds of it. */
export abstract class Player implements Outcome {
  readonly problems: string[] = [];
  readonly story: string[] = [];
  steps = 0;
  protected readonly random: Random;
  protected readonly scheduler: Scheduler = new Scheduler();
  protected readonly clock: Clock = new Clock();
  protected readonly visits: Visit[] = [];
  protected abstract readonly sessions: Sessions;
  readonly #browser = new Browser(() => Response.error(), this.clock);
  readonly #answers: { visit: Visit; response: Response }[] = [];

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** A request is about to be sent. */
  protected abstract sends(visit: Visit): void;
  /** A request was answered with success. */
  protected abstract answered(visit: Visit, lines: readonly string[]): void;
  /** An answer's cookie reaches the browser; an empty value clears it. */
  protected abstract receives(visit: Visit, name: string, clears: boolean): void;
  /** Everything has arrived: what must hold now. */
  protected abstract judge(): Promise<void>;

  /** Plays the program; `oneByOne`: each answer arrives before the next request is sent. */
  async play({ before, requests }: Program, oneByOne: boolean): Promise<Outcome> {
    const { setTimeout } = globalThis;
    // Whoever waits a moment before he tries again waits for his turn.
    globalThis.setTimeout = ((go: () => void) => void this.scheduler.turn().then(go)) as unknown as typeof setTimeout;
    try {
      for (const acts of before) await this.#alone(acts);
      if (oneByOne) for (const acts of requests) await this.#alone(acts);
      else await this.#together(requests);
    } finally {
      globalThis.setTimeout = setTimeout;
    }
    this.scheduler.open();
    await this.judge();
    this.problems.push(...this.visits.flatMap(({ problems }) => problems));
    return this;
  }

  /** The headers of the browser's next request. */
  protected headers(): Headers {
    return new Headers({ Cookie: this.#browser.cookieHeader() });
  }

  protected name(id: string): string {
    return id.slice(0, 4);
  }

  protected hear(event: SessionEvent): void {
    const visit = running.getStore();
    const about = "id" in event ? ` ${this.name(event.id)}` : "";
    this.story.push(`${visit?.number}: ${event.type}${"reason" in event ? ` at ${event.reason}` : ""}${about}`);
    if ((event.type === "moved" || event.type === "unknown") && event.reason === "commit" && visit) visit.toldOfLoss = true;
  }

  async #alone(acts: Acts): Promise<void> {
    await this.#send(acts);
    while (this.scheduler.waiting > 0) await this.#step();
    while (this.#answers.length > 0) this.#receive(0);
  }

  async #together(requests: readonly Acts[]): Promise<void> {
    const weights = { send: this.random.pick([0.5, 1, 5]), answer: this.random.pick([0.2, 1, 3]) };
    let next = 0;
    while (next < requests.length || this.scheduler.waiting > 0 || this.#answers.length > 0) {
      if (this.steps > PATIENCE) throw new Error("the schedule does not end");
      const send = next < requests.length ? weights.send : 0;
      const answer = this.#answers.length * weights.answer;
      const chosen = this.random.next() * (send + answer + this.scheduler.waiting);
      if (chosen < send) await this.#send(requests[next++] ?? []);
      else if (chosen < send + answer) this.#receive(Math.floor((chosen - send) / weights.answer));
      else await this.#step();
    }
  }

  async #step(): Promise<void> {
    this.steps++;
    await this.scheduler.step(this.random.between(0, this.scheduler.waiting - 1));
  }

  async #send(acts: Acts): Promise<void> {
    const visit = new Visit(this.visits.length, acts);
    this.visits.push(visit);
    visit.span.from = ++this.steps;
    this.story.push(`${visit.number} is sent`);
    this.sends(visit);
    const headers = this.headers();
    running.run(visit, () => void this.#serve(visit, { headers } as Request));
    await quiet();
  }

  async #serve(visit: Visit, request: Request): Promise<void> {
    const answer = this.sessions.handler(async (_request: Request, session: Session) => {
      await visit.run(session, this.scheduler);
      return new Response("done");
    });
    try {
      const response = await answer(request);
      visit.phase = "answered";
      this.answered(visit, response.headers.getSetCookie());
      this.#answers.push({ visit, response });
      this.story.push(`${visit.number} is answered`);
    } catch (error) {
      visit.phase = "failed";
      this.story.push(`${visit.number} fails`);
      if (!(error instanceof Mishap)) this.problems.push(`request ${visit.number} throws ${error}`);
    }
  }

  #receive(index: number): void {
    const [answer] = this.#answers.splice(index, 1);
    if (answer === undefined) return;
    const { visit, response } = answer;
    visit.span.to = ++this.steps;
    this.story.push(`${visit.number} arrives`);
    for (const line of response.headers.getSetCookie()) {
      const { name, clears } = readLine(line);
      this.story.push(`  and ${clears ? "clears" : "sets"} ${name}`);
      this.receives(visit, name, clears);
    }
    this.#browser.receive(response);
  }
}

/** What a Set-Cookie line does. */
export function readLine(line: string): { name: string; clears: boolean } {
  return { name: line.slice(0, line.indexOf("=")), clears: line.includes("Max-Age=0;") };
}
