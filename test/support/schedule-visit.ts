/** One request of a program: what it does with its session, and what it must see of it. */
import type { Session } from "../../src/index.ts";
import type { Scheduler } from "./schedule.ts";
import type { Act } from "./schedule-program.ts";

/** Values as JSON text, by key. */
export type Values = Map<string, string>;

/** What a request shows and wants at one moment. */
export interface Want {
  view: Values;
  subject: string | undefined;
  renewal: "login" | "regenerate" | undefined;
  /** Keys that a login named, where it dropped the rest of what the session held. */
  cleared: readonly string[] | undefined;
  /** How many logins, new ids and ends there were. */
  turns: number;
}

/** What a request throws because the program says so. */
export class Mishap extends Error {}

const FLASH = "~flash:";

/** One request on its way. */
export class Visit {
  readonly number: number;
  readonly acts: readonly Act[];
  readonly did: ReadonlySet<Act["do"]>;
  readonly problems: string[] = [];
  /** When it was sent and when its answer arrived, in steps of the schedule. */
  readonly span = { from: 0, to: Number.POSITIVE_INFINITY };
  phase: "loading" | "acting" | "answered" | "failed" = "loading";
  /** The id that it has: that of its Cookie header, or one that it made. */
  held: string | undefined;
  /** Whether what it loaded was the mark of a session that moved. */
  lost = false;
  /** Whether there was anything under its cookies. */
  found = false;
  /** Whether it destroyed a session that it had. */
  destroyed = false;
  /** The ids that it had when it ended its session. */
  readonly left: string[] = [];
  want: Want = nothing(0);
  /** What an unawaited save() took with it. */
  planned: Want | undefined;
  /** The data that the session's record had when this request last read or wrote it. */
  base: Values = new Map();
  /** How many of its additions the store made, and whether one was dropped. */
  counted = 0;
  uncounted = false;
  /** Whether it was told that what it wrote was dropped. */
  toldOfLoss = false;
  #saving: Promise<void> | undefined;
  #endedSincePlan = false;
  #values = 0;

  constructor(number: number, acts: readonly Act[]) {
    this.number = number;
    this.acts = acts;
    this.did = new Set(acts.map((act) => act.do));
  }

  /** Whether it changes who is logged in, or under which id. */
  get changesIdentity(): boolean {
    return this.did.has("login") || this.did.has("logout") || this.did.has("regenerate");
  }

  /** What it shows is what is there now. */
  shows(view: Values, subject: string | undefined): void {
    this.base = new Map(view);
    this.want = { ...this.want, view: new Map(view), subject };
  }

  /** Whether it logs in, and nothing after that ends the session. */
  get logsIn(): boolean {
    return this.acts.findLastIndex((act) => act.do === "login") > this.acts.findLastIndex((act) => act.do === "logout");
  }

  /** What a write of this moment carries. */
  get carried(): Want {
    return this.planned ?? this.want;
  }

  /** What it wants to change of what it last read or wrote. Undefined: the key is to go. */
  changes({ view } = this.carried): Map<string, string | undefined> {
    const changed = new Map<string, string | undefined>();
    for (const [key, value] of view) if (this.base.get(key) !== value) changed.set(key, value);
    for (const key of this.base.keys()) if (!view.has(key)) changed.set(key, undefined);
    return changed;
  }

  /** What it wanted is done. */
  wrote(): void {
    const { planned, want } = this;
    this.base = planned !== undefined && this.#endedSincePlan ? new Map() : new Map(this.carried.view);
    this.planned = undefined;
    // A login that came after the plan is still to be carried out.
    if (planned === undefined || planned.cleared === want.cleared) want.cleared = undefined;
    if (planned === undefined || planned.turns === want.turns) want.renewal = undefined;
  }

  async run(session: Session, scheduler: Scheduler): Promise<void> {
    await session.ready();
    this.phase = "acting";
    this.#expectView(session);
    for (const act of this.acts) await this.#act(act, session, scheduler);
    this.#expectView(session);
  }

  #expectView(session: Session): void {
    const seen = JSON.stringify(Object.entries(session.data).sort());
    const own = [...this.want.view].filter(([key]) => !key.startsWith(FLASH)).sort();
    const wanted = JSON.stringify(own.map(([key, json]) => [key, JSON.parse(json)]));
    if (seen !== wanted) this.problems.push(`request ${this.number} sees ${seen} and should see ${wanted}`);
    if (session.subject !== this.want.subject) {
      this.problems.push(`request ${this.number} is ${session.subject} and should be ${this.want.subject}`);
    }
  }

  async #act(act: Act, session: Session, scheduler: Scheduler): Promise<void> {
    const { view } = this.want;
    if (act.do === "pause") await scheduler.turn();
    else if (act.do === "set") {
      const value = this.#newValue();
      session.data[act.key] = value;
      this.#set(act.key, value);
    } else if (act.do === "delete") {
      delete session.data[act.key];
      view.delete(act.key);
    } else if (act.do === "flash") {
      const value = this.#newValue();
      session.flash(act.key, value);
      this.#set(FLASH + act.key, value);
    } else if (act.do === "take") this.#take(act.key, session);
    else if (act.do === "add") await this.#add(session);
    else if (act.do === "login") this.#login(act, session);
    else if (act.do === "logout") this.#logout(session);
    else if (act.do === "regenerate") {
      session.regenerateId();
      this.want.renewal ??= "regenerate";
      this.want.turns++;
    } else if (act.do === "save") await session.save();
    else if (act.do === "save-unawaited") this.#save(session);
    else if (act.do === "fail") throw new Mishap("the program says so");
  }

  /** A value that nobody else writes. */
  #newValue(): string {
    return `${this.number}.${this.#values++}`;
  }

  #set(key: string, value: unknown): void {
    this.want.view.set(key, JSON.stringify(value));
  }

  #take(key: string, session: Session): void {
    const [taken, there] = [session.takeFlash(key), this.want.view.get(FLASH + key)];
    if (taken !== (there === undefined ? undefined : JSON.parse(there))) {
      this.problems.push(`request ${this.number} took ${taken} and should have taken ${there}`);
    }
    this.want.view.delete(FLASH + key);
  }

  async #add(session: Session): Promise<void> {
    const { counted } = this;
    let made: number | undefined;
    await session.update((data) => {
      made = Number(data.count ?? 0) + 1;
      data.count = made;
      // Whoever has the session to himself writes it with the rest; otherwise the store's answer says what is there then.
      this.#set("count", made);
    });
    if (this.counted !== counted || this.base.get("count") === String(made)) return;
    // The session ended or moved meanwhile, and what this request still shows of it does not matter.
    this.uncounted = true;
    if (session.data.count === undefined) this.want.view.delete("count");
    else this.#set("count", session.data.count);
  }

  #login({ user, keep }: Act & { do: "login" }, session: Session): void {
    session.login(user, keep === undefined ? {} : { keep });
    const { want } = this;
    const anonymous = want.subject === undefined;
    if (keep !== undefined || !(anonymous || want.subject === user)) {
      const kept = anonymous || want.subject === user ? (keep ?? []) : [];
      for (const key of want.view.keys()) if (!kept.includes(key)) want.view.delete(key);
      want.cleared = want.cleared === undefined ? kept : want.cleared.filter((key) => kept.includes(key));
    }
    want.subject = user;
    want.renewal = "login";
    want.turns++;
  }

  #logout(session: Session): void {
    session.logout();
    this.destroyed = true;
    if (this.held !== undefined) this.left.push(this.held);
    this.lost = false;
    this.uncounted = false;
    this.held = undefined;
    this.base = new Map();
    this.want = nothing(this.want.turns + 1);
    this.#endedSincePlan = true;
  }

  #save(session: Session): void {
    // One that has to wait for another would plan later.
    if (this.#saving !== undefined) return;
    this.planned = { ...this.want, view: new Map(this.want.view) };
    this.#endedSincePlan = false;
    this.#saving = session.save();
    const done = () => {
      this.planned = undefined;
      this.#saving = undefined;
    };
    this.#saving.then(done, done);
  }
}

function nothing(turns: number): Want {
  return { view: new Map(), subject: undefined, renewal: undefined, cleared: undefined, turns };
}
