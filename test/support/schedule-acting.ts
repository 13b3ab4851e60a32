/** What a request does with its session, act by act, and that the session shows it. */
import type { Session } from "../../src/index.ts";
import type { Scheduler } from "./schedule.ts";
import { flashKey, visible } from "./schedule-history.ts";
import type { Act } from "./schedule-program.ts";
import type { Segment } from "./schedule-segment.ts";
import type { Visit } from "./schedule-visit.ts";

/** Who watches what a request is told. */
export interface Watcher {
  /** The moment that it is. */
  readonly moment: number;
  /** The request has its session. */
  found(visit: Visit, session: Session): void;
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

/** A call of `save()` that came to its end. */
export interface Call {
  /** What was to be saved. */
  readonly pending: ReadonlyMap<string, string | undefined>;
}

/** The same of `update()`. */
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

export class Acting {
  readonly #visit: Visit;
  readonly #session: Session;
  readonly #scheduler: Scheduler;
  readonly #watcher: Watcher;

  constructor(visit: Visit, session: Session, scheduler: Scheduler, watcher: Watcher) {
    this.#visit = visit;
    this.#session = session;
    this.#scheduler = scheduler;
    this.#watcher = watcher;
  }

  /** Does what the program says; answers with what was not as it should be. */
  async run(): Promise<string[]> {
    const visit = this.#visit;
    await this.#session.ready();
    visit.phase = "acting";
    visit.session = this.#session;
    this.#watcher.found(visit, this.#session);
    const problems: string[] = [];
    for (const act of visit.ask.acts) {
      await this.#act(act);
      const problem = this.#compare();
      if (problem !== undefined) problems.push(`request ${visit.number} ${problem} after ${act.do}`);
    }
    return problems;
  }

  #compare(): string | undefined {
    const { segment } = this.#visit;
    const { data, subject } = this.#session;
    if (segment.unawaited) return this.#compareOwn(segment);
    const seen = visible(new Map(Object.entries(data).map(([key, value]) => [key, JSON.stringify(value)])));
    const wanted = visible(segment.view);
    if (seen !== wanted) return `sees ${seen} and should see ${wanted}`;
    return subject === segment.subject ? undefined : `is ${subject} and should be ${segment.subject}`;
  }

  /** While a call is on its way that nobody waits for, what others wrote may appear at any time, and nothing may disappear. */
  #compareOwn(segment: Segment): string | undefined {
    const { data } = this.#session;
    for (const [key, value] of segment.pending) {
      // A list may have got longer.
      if (value === undefined || key === "list" || key === "seats" || key.startsWith(flashKey(""))) continue;
      // What it has written may be overwritten.
      const isWritten = this.#visit.changes.some((change) => "after" in change && change.after.data.get(key) === value);
      if (!isWritten && JSON.stringify(data[key]) !== value) return `sees ${key} without its own ${value}`;
    }
    this.#visit.adopt(this.#session);
    return undefined;
  }

  async #act(act: Act): Promise<void> {
    const { segment } = this.#visit;
    if (act.do === "pause") await this.#scheduler.turn();
    else if (act.do === "set") {
      const value = this.#visit.newValue();
      this.#session.data[act.key] = value;
      segment.set(act.key, JSON.stringify(value));
    } else if (act.do === "delete") {
      delete this.#session.data[act.key];
      segment.remove(act.key);
    } else if (act.do === "flash") {
      const value = this.#visit.newValue();
      this.#session.flash(act.key, value);
      segment.set(flashKey(act.key), JSON.stringify(value));
    } else if (act.do === "take") this.#take(flashKey(act.key), act.key);
    else if (act.do === "push" || act.do === "seat") await this.#update(act);
    else if (act.do === "save") await this.#save(act);
    else if (act.do === "fail") throw new Mishap("the program says so");
    else if (act.do === "revoke") await this.#watcher.doing(this.#visit, () => this.#watcher.revoke(act.user));
    else this.#changeIdentity(act);
  }

  #changeIdentity(act: Act): void {
    const { segment } = this.#visit;
    if (act.do === "login") {
      this.#session.login(act.user, act.keep === undefined ? {} : { keep: act.keep });
      segment.login(act.user, act.keep);
    } else if (act.do === "regenerate") {
      const graceSeconds = this.#watcher.allowsGrace(segment) ? act.graceSeconds : 0;
      this.#session.regenerateId(graceSeconds > 0 ? { graceSeconds } : {});
      segment.regenerate(graceSeconds);
    } else if (act.do === "logout") {
      this.#session.logout();
      this.#visit.leaves(this.#watcher.moment);
    }
  }

  /** Where nobody can see the answer, the value stays. */
  #take(inData: string, key: string): void {
    const { segment, rebased, number, ask } = this.#visit;
    const taken: string | undefined = JSON.stringify(this.#session.takeFlash(key));
    const there = segment.view.get(inData);
    if (!rebased && taken !== there) throw new Error(`request ${number} took ${taken} and should have taken ${there}`);
    if (taken === undefined || ask.method === "HEAD") return;
    segment.finds(inData, taken);
    segment.remove(inData);
  }

  async #update({ do: what, how }: Act & { do: "push" | "seat" }): Promise<void> {
    const item = this.#visit.newValue();
    const key = what === "push" ? "list" : "seats";
    const call = { ...this.#call(), key, item } as const;
    let runs = 0;
    const change = async (data: Record<string, unknown>) => {
      this.#visit.mostRuns = Math.max(this.#visit.mostRuns, ++runs);
      if (how === "gated") await this.#scheduler.turn();
      const list = (data[key] ?? []) as string[];
      if (what === "seat" && list.length >= SEATS) return null;
      data[key] = [...list, item];
      return data[key] as string[];
    };
    const updating = () => this.#watcher.doing(this.#visit, () => this.#session.update(change));
    if (how === "unawaited") {
      const { segment } = this.#visit;
      segment.leaves();
      if (what === "push") segment.owed.push(item);
      void updating();
      return;
    }
    await this.#settle(call, how === "caught", async () => {
      const result = await updating();
      this.#watcher.updated(this.#visit, this.#session, { ...call, result });
    });
  }

  async #save({ how }: Act & { do: "save" }): Promise<void> {
    const saving = () => this.#watcher.doing(this.#visit, () => this.#session.save());
    if (how === "unawaited") {
      this.#visit.segment.leaves();
      void saving();
      return;
    }
    const call = this.#call();
    await this.#settle(call, how === "caught", async () => {
      await saving();
      this.#watcher.saved(this.#visit, this.#session, call);
    });
  }

  #call(): Call {
    return { pending: new Map(this.#visit.segment.pending) };
  }

  async #settle(call: Call, catches: boolean, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!saysGone(error)) throw error;
      this.#visit.refused = true;
      this.#visit.thrownOut = !catches;
      this.#watcher.refused(this.#visit, call);
      if (!catches) throw error;
    }
  }
}
