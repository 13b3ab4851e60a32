/** One request of a program on its way: it does what the program says, and knows what it was told. */
import type { Session } from "../../src/index.ts";
import type { Scheduler } from "./schedule.ts";
import { flashKey, visible } from "./schedule-history.ts";
import type { Act, Ask } from "./schedule-program.ts";
import type { Change } from "./schedule-recorder.ts";
import type { Span } from "./schedule-scene.ts";
import { type Place, Segment } from "./schedule-segment.ts";
import type { Asker } from "./schedule-table.ts";

/** The cookies that a request was sent with. */
export interface Jar {
  readonly header: string;
  readonly user: string | undefined;
  readonly visitor: string | undefined;
  /** The number of the token of other software. */
  readonly token: number | undefined;
}

/** Who watches what a request is told. */
export interface Watcher {
  /** The request has its session. */
  found(visit: Visit, session: Session): void;
  /** The moment that it is. */
  readonly moment: number;
  /** Runs a call of `save()` or `update()`, so that what it does to the store is known to be its. */
  doing<Result>(visit: Visit, call: () => Result): Result;
  saved(visit: Visit, session: Session, call: Call): void;
  updated(visit: Visit, session: Session, call: UpdateCall): void;
  /** It was told that its session is gone. */
  refused(visit: Visit, call: Call): void;
  revoke(user: string): Promise<unknown>;
  /** Whether a session's old id can count for a while: not where the session is in its cookie. */
  allowsGrace(segment: Segment): boolean;
}

/** A call of `save()` or `update()` that came to its end. */
export interface Call {
  readonly since: number;
  readonly pending: ReadonlyMap<string, string | undefined>;
}

export interface UpdateCall extends Call {
  readonly key: "list" | "seats";
  /** What it adds to the list. */
  readonly item: string;
  /** The list as `update()` returned it; null where there was no seat. */
  readonly result: readonly string[] | null;
}

/** What a request throws because the program says so. */
export class Mishap extends Error {}

export const SEATS = 2;

/** Whether an error says that the session is gone. */
export function saysGone(error: unknown): boolean {
  return (error as { code?: unknown })?.code === "ERR_SESSION_GONE";
}

export class Visit {
  readonly number: number;
  readonly ask: Ask;
  readonly jar: Jar;
  readonly sentAt: number;
  /** When it was sent and when its answer arrived, in steps of the schedule. */
  readonly span = { from: 0, to: Number.POSITIVE_INFINITY };
  phase: "loading" | "acting" | "answered" | "failed" = "loading";
  readonly segments: Segment[] = [new Segment({ is: "loading" }, 0)];
  /** How often it was told, by an event, that a change was dropped. */
  losses = 0;
  /** Whether a call failed because the session is gone, and whether the handler failed with that. */
  refused = false;
  thrownOut = false;
  /** How often one call of `update()` ran its callback. */
  mostRuns = 0;
  /** Whether the session that it loaded lived. */
  loadedAlive = false;
  /** The ids that it made, and among them: for a token, by a login or for a new id, and taken back because another was faster. */
  readonly made: Set<string> = new Set();
  readonly redeems: Set<string> = new Set();
  readonly moved: Set<string> = new Set();
  readonly discarded: Set<string> = new Set();
  /** When the user of the session that it loaded logged in, if that was here. */
  loginAt: Span | undefined;
  /** What it did to the store. */
  readonly changes: Change[] = [];
  /** Whether the session shows what the store had after a call, so that flash values cannot be known. */
  rebased = false;
  session: Session | undefined;
  readonly #watcher: Watcher;
  readonly #written = new Map<string, Segment>();
  #values = 0;

  constructor(number: number, ask: Ask, jar: Jar, watcher: Watcher) {
    this.number = number;
    this.ask = ask;
    this.jar = jar;
    this.#watcher = watcher;
    this.sentAt = watcher.moment;
  }

  get segment(): Segment {
    return this.segments.at(-1) as Segment;
  }

  get destroyed(): boolean {
    return this.segments.length > 1;
  }

  get asker(): Asker {
    const { method, status } = this.ask;
    return { safe: ["GET", "HEAD", "OPTIONS"].includes(method), refuses: status >= 400, loadedAlive: this.loadedAlive };
  }

  /** Whether it ever asked for another user, another id or an end. */
  get changesIdentity(): boolean {
    return this.ask.acts.some(({ do: what }) => what === "login" || what === "logout" || what === "regenerate");
  }

  /** Whether a value is one that this request writes to this session of its. */
  wrote(segment: Segment, json: string): boolean {
    return this.#written.get(json) === segment;
  }

  /** It has its session, or, after it ended that one, none. What others did while it loaded counts, too. */
  begins(place: Place, subject?: string, data?: ReadonlyMap<string, string>): void {
    const isFirst = this.segment.place.is === "loading";
    if (isFirst) this.segments.pop();
    this.segments.push(new Segment(place, isFirst ? this.sentAt : this.#watcher.moment, subject, data));
  }

  async run(session: Session, scheduler: Scheduler): Promise<string[]> {
    await session.ready();
    this.phase = "acting";
    this.session = session;
    this.#watcher.found(this, session);
    const problems: string[] = [];
    for (const act of this.ask.acts) {
      await this.#act(act, session, scheduler);
      const problem = this.#compare(session);
      if (problem !== undefined) problems.push(`request ${this.number} ${problem} after ${act.do}`);
    }
    return problems;
  }

  #compare(session: Session): string | undefined {
    const { data, subject } = session;
    if (this.segment.unawaited) return this.#compareOwn(session);
    const seen = visible(new Map(Object.entries(data).map(([key, value]) => [key, JSON.stringify(value)])));
    const wanted = visible(this.segment.view);
    if (seen !== wanted) return `sees ${seen} and should see ${wanted}`;
    return subject === this.segment.subject ? undefined : `is ${subject} and should be ${this.segment.subject}`;
  }

  /** While a call is on its way that nobody waits for, what others wrote may appear at any time, and nothing may disappear. */
  #compareOwn(session: Session): string | undefined {
    for (const [key, value] of this.segment.pending) {
      // A list may have got longer.
      if (key === "list" || key === "seats") continue;
      if (key in session.data && JSON.stringify(session.data[key]) === value) continue;
      if (value !== undefined && !key.startsWith(flashKey(""))) return `sees ${key} without its own ${value}`;
    }
    this.adopt(session);
    return undefined;
  }

  async #act(act: Act, session: Session, scheduler: Scheduler): Promise<void> {
    const { segment } = this;
    if (act.do === "pause") await scheduler.turn();
    else if (act.do === "set") {
      const value = this.#newValue();
      session.data[act.key] = value;
      segment.set(act.key, JSON.stringify(value));
    } else if (act.do === "delete") {
      delete session.data[act.key];
      segment.remove(act.key);
    } else if (act.do === "flash") {
      const value = this.#newValue();
      session.flash(act.key, value);
      segment.set(flashKey(act.key), JSON.stringify(value));
    } else if (act.do === "take") this.#take(act.key, session);
    else if (act.do === "push" || act.do === "seat") await this.#update(act, session, scheduler);
    else if (act.do === "save") await this.#save(act, session);
    else if (act.do === "fail") throw new Mishap("the program says so");
    else if (act.do === "revoke") await this.#watcher.doing(this, () => this.#watcher.revoke(act.user));
    else this.#changeIdentity(act, session);
  }

  #changeIdentity(act: Act, session: Session): void {
    const { segment } = this;
    if (act.do === "login") {
      session.login(act.user, act.keep === undefined ? {} : { keep: act.keep });
      segment.login(act.user, act.keep);
      // Whether what a request adds to a session of other software itself survives its login is left open.
      if (segment.place.is === "token") this.#dropWhatIsGone(session);
    } else if (act.do === "regenerate") {
      const graceSeconds = this.#watcher.allowsGrace(segment) ? act.graceSeconds : 0;
      session.regenerateId(...((graceSeconds > 0 ? [{ graceSeconds }] : []) as []));
      segment.regenerate(graceSeconds);
    } else if (act.do === "logout") {
      session.logout();
      this.begins({ is: "nothing" });
      this.rebased = false;
    }
  }

  /** Takes over what the session shows, where that is up to the store or the library. */
  adopt({ data, subject }: Session): void {
    const { segment } = this;
    const flashes = [...segment.view].filter(([key]) => key.startsWith(flashKey("")));
    const shown = Object.entries(data).map(([key, value]): [string, string] => [key, JSON.stringify(value)]);
    segment.shows(new Map([...shown, ...flashes]), subject);
    // What it writes itself it does not know from the store.
    segment.seen = new Map([...segment.seen].filter(([key]) => !segment.pending.has(key)));
    this.rebased = true;
  }

  #dropWhatIsGone(session: Session): void {
    const { pending } = this.segment;
    for (const key of [...pending.keys()]) if (!(key in session.data) && !key.startsWith(flashKey(""))) pending.delete(key);
    this.adopt(session);
  }

  /** A value that nobody else writes. */
  #newValue(): string {
    const value = `${this.number}.${this.#values++}`;
    this.#written.set(JSON.stringify(value), this.segment);
    return value;
  }

  /** Where nobody can see the answer, the value stays. */
  #take(key: string, session: Session): void {
    const { segment } = this;
    const taken: string | undefined = JSON.stringify(session.takeFlash(key));
    const there = segment.view.get(flashKey(key));
    if (!this.rebased && taken !== there) throw new Error(`request ${this.number} took ${taken} and should have taken ${there}`);
    if (taken === undefined || this.ask.method === "HEAD") return;
    segment.view.set(flashKey(key), taken);
    segment.remove(flashKey(key));
  }

  async #update({ do: what, how }: Act & { do: "push" | "seat" }, session: Session, scheduler: Scheduler): Promise<void> {
    const item = this.#newValue();
    const key = what === "push" ? "list" : "seats";
    const call = { ...this.#call(), key, item } as const;
    let runs = 0;
    const change = async (data: Record<string, unknown>) => {
      this.mostRuns = Math.max(this.mostRuns, ++runs);
      if (how === "gated") await scheduler.turn();
      const list = (data[key] ?? []) as string[];
      if (what === "seat" && list.length >= SEATS) return null;
      data[key] = [...list, item];
      return data[key] as string[];
    };
    const { segment } = this;
    const updating = () => this.#watcher.doing(this, () => session.update(change));
    if (how === "unawaited") {
      segment.leaves();
      if (what === "push") segment.owed.push(item);
      void updating();
      return;
    }
    await this.#settle(call, how === "caught", async () => {
      const result = await updating();
      this.#watcher.updated(this, session, { ...call, result });
    });
  }

  async #save({ how }: Act & { do: "save" }, session: Session): Promise<void> {
    const saving = () => this.#watcher.doing(this, () => session.save());
    if (how === "unawaited") {
      this.segment.leaves();
      void saving();
      return;
    }
    const call = this.#call();
    await this.#settle(call, how === "caught", async () => {
      await saving();
      this.#watcher.saved(this, session, call);
    });
  }

  #call(): Call {
    return { since: this.#watcher.moment, pending: new Map(this.segment.pending) };
  }

  async #settle(call: Call, catches: boolean, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!saysGone(error)) throw error;
      this.refused = true;
      this.thrownOut = !catches;
      this.#watcher.refused(this, call);
      if (!catches) throw error;
    }
  }
}
