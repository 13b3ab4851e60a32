/** Plays a program in an order that chance decides: what is sent when, what goes on, which answer arrives, when time passes. */
import type { Session, SessionEvent, Sessions } from "../../src/index.ts";
import { Browser } from "./browser.ts";
import type { Clock } from "./clock.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "./cookie-names.ts";
import { Random, Scheduler, takeOver } from "./schedule.ts";
import { Acting, Mishap, saysGone, type Watcher } from "./schedule-acting.ts";
import { readLine, sidOf } from "./schedule-lines.ts";
import type { Ask, Phase, Program } from "./schedule-program.ts";
import type { Doing } from "./schedule-recorder.ts";
import { running } from "./schedule-store.ts";
import { TOKEN_COOKIE } from "./schedule-tokens.ts";
import { type Jar, Visit } from "./schedule-visit.ts";

/** What one schedule came to. */
export interface Outcome {
  readonly problems: readonly string[];
  readonly story: readonly string[];
  /** How many steps the schedule took. */
  readonly steps: number;
}

/** A browser, the cookies that it had earlier, and the token of other software that it has. */
interface Client {
  readonly browser: Browser;
  readonly earlier: Jar[];
  token: number | undefined;
}

interface Answer {
  readonly visit: Visit;
  readonly response: Response;
}

const PATIENCE = 5_000;
const TICKS = [4, 7];
/** All together they are shorter than a mark is kept. */
const MOST_TICKS = 6;
const LOOK: Ask = { acts: [], method: "GET", status: 200, browser: 0, twice: false, drops: false, stale: false };
/** Longer than an old id can count, and than its mark is kept. */
const LATER = 127;

/** Whoever plays; what must hold is up to the kinds of it. */
export abstract class Player implements Outcome {
  readonly problems: string[] = [];
  readonly story: string[] = [];
  steps = 0;
  protected readonly random: Random;
  protected readonly scheduler: Scheduler = new Scheduler();
  protected readonly clock: Clock;
  protected readonly visits: Visit[] = [];
  protected readonly clients: Client[] = [];
  protected abstract readonly sessions: Sessions;
  protected abstract readonly watcher: Watcher;
  readonly #answers: Answer[] = [];

  constructor(seed: number, clock: Clock) {
    this.random = new Random(seed);
    this.clock = clock;
  }

  /** Everything is about to begin. */
  protected abstract prepare(): Promise<void>;
  /** The text of a token of other software. */
  protected abstract tokenText(token: number): string;
  /** Time has passed. */
  protected abstract passed(): void;
  protected abstract sends(visit: Visit): void;
  protected abstract answered(visit: Visit, response: Response): void;
  protected abstract failed(visit: Visit, error: unknown): void;
  /** An answer reaches its browser. */
  protected abstract arrives(visit: Visit, response: Response): void;
  /** Everything has arrived: what must hold now. */
  protected abstract judge(): Promise<void>;
  protected abstract name(id: string): string;

  async play(program: Program): Promise<Outcome> {
    const undo = takeOver(this.scheduler);
    try {
      await this.prepare();
      for (let index = 0; index < program.browsers; index++) this.#addClient(program.sticky);
      for (const phase of program.phases) await this.#phase(phase);
      await this.#look();
      this.#pass(LATER);
      await this.#look();
      this.scheduler.open();
      await this.judge();
    } finally {
      undo();
    }
    return this;
  }

  /** A token that cannot be removed stays with its browser. */
  #addClient(sticky: boolean): void {
    const browser = new Browser(() => Response.error(), this.clock);
    const client: Client = { browser, earlier: [], token: undefined };
    this.clients.push(client);
    const { receive } = browser;
    browser.receive = (response) => {
      receive.call(browser, response);
      const clears = response.headers
        .getSetCookie()
        .some((line) => readLine(line).name === TOKEN_COOKIE && readLine(line).clears);
      if (clears && !sticky) client.token = undefined;
    };
  }

  /** What everybody sees when all is over. */
  async #look(): Promise<void> {
    for (const browser of this.clients.keys()) await this.#alone({ ...LOOK, browser });
  }

  async #phase({ asks, parallel, ticks, passes }: Phase): Promise<void> {
    if (parallel) await this.#together(asks, ticks);
    else for (const ask of asks) await this.#alone(ask);
    if (passes > 0) this.#pass(passes);
  }

  #pass(seconds: number): void {
    this.clock.pass(seconds);
    this.passed();
    this.story.push(`${seconds} s pass`);
  }

  async #alone(ask: Ask): Promise<void> {
    await this.#send(ask);
    while (this.scheduler.waiting > 0) await this.#step();
    while (this.#answers.length > 0) this.#receive(0);
  }

  async #together(asks: readonly Ask[], ticks: boolean): Promise<void> {
    const weights = { send: this.random.pick([0.5, 1, 5]), answer: this.random.pick([0.2, 1, 3]) };
    let next = 0;
    let ticksLeft = ticks ? MOST_TICKS : 0;
    while (next < asks.length || this.scheduler.waiting > 0 || this.#answers.length > 0) {
      if (this.steps > PATIENCE) throw new Error("the schedule does not end");
      if (ticksLeft > 0 && this.random.chance(0.1)) {
        ticksLeft--;
        this.#pass(this.random.pick(TICKS));
      }
      const send = next < asks.length ? weights.send : 0;
      const answer = this.#answers.length * weights.answer;
      const chosen = this.random.next() * (send + answer + this.scheduler.waiting);
      if (chosen < send) await this.#send(asks[next++] as Ask);
      else if (chosen < send + answer) this.#receive(Math.floor((chosen - send) / weights.answer));
      else await this.#step();
    }
  }

  async #step(): Promise<void> {
    this.steps++;
    await this.scheduler.step(this.random.between(0, this.scheduler.waiting - 1));
  }

  async #send(ask: Ask): Promise<void> {
    const client = this.clients[ask.browser] as Client;
    if (ask.token !== undefined) client.token = ask.token;
    const jar = this.#jarOf(client);
    const sent = ask.stale && client.earlier.length > 0 ? this.random.pick(client.earlier) : jar;
    client.earlier.push(jar);
    if (ask.twice) await this.#sendWith({ ...ask, drops: true }, sent);
    await this.#sendWith(ask, sent);
  }

  #jarOf({ browser, token }: Client): Jar {
    const cookies = [browser.cookieHeader(), ...(token === undefined ? [] : [`${TOKEN_COOKIE}=${this.tokenText(token)}`])];
    const values = new Map(
      cookies[0]
        ?.split("; ")
        .map((pair): [string, string] => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
    const visitor = values.get(VISITOR_COOKIE);
    const header = cookies.filter((text) => text !== "").join("; ");
    return { header, user: sidOf(values.get(USER_COOKIE)) ?? values.get(USER_COOKIE), visitor: sidOf(visitor) ?? visitor, token };
  }

  async #sendWith(ask: Ask, jar: Jar): Promise<void> {
    const visit = new Visit(this.visits.length, ask, jar, this.watcher.moment);
    this.visits.push(visit);
    visit.span.from = ++this.steps;
    this.story.push(`${visit.number} is sent`);
    this.sends(visit);
    const headers = new Headers(jar.header === "" ? {} : { Cookie: jar.header });
    const doing: Doing = Object.defineProperty({ visit } as unknown as Doing, "segment", { get: () => visit.segment });
    running.run({ doing }, () => void this.#serve(visit, { headers, method: ask.method } as Request));
    await this.scheduler.quiet();
  }

  async #serve(visit: Visit, request: Request): Promise<void> {
    const answer = this.sessions.handler(async (_request: Request, session: Session) => {
      try {
        this.problems.push(...(await new Acting(visit, session, this.scheduler, this.watcher).run()));
      } catch (error) {
        if (!(error instanceof Mishap || saysGone(error))) this.story.push(`${visit.number}: ${error}`);
        throw error;
      }
      return new Response(visit.ask.method === "HEAD" ? null : "done", { status: visit.ask.status });
    });
    try {
      const response = await answer(request);
      visit.phase = "answered";
      this.story.push(`${visit.number} is answered ${response.status}`);
      this.answered(visit, response);
      if (!visit.ask.drops) this.#answers.push({ visit, response });
    } catch (error) {
      visit.phase = "failed";
      this.story.push(`${visit.number} fails: ${error}`);
      this.failed(visit, error);
    }
  }

  #receive(index: number): void {
    const [answer] = this.#answers.splice(index, 1);
    if (answer === undefined) return;
    const { visit, response } = answer;
    visit.span.to = ++this.steps;
    this.story.push(`${visit.number} arrives`);
    this.arrives(visit, response);
    (this.clients[visit.ask.browser] as Client).browser.receive(response);
  }

  protected hear(event: SessionEvent): void {
    const { visit } = running.getStore()?.doing ?? {};
    const about = "id" in event ? ` ${this.name(event.id)}` : "";
    this.story.push(`${visit?.number}: ${event.type}${"reason" in event ? ` at ${event.reason}` : ""}${about}`);
    if ((event.type as string) === "lost" && visit !== undefined) visit.losses++;
  }
}
