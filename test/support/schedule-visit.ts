/** One request of a program on its way: what it was sent with, what it wants, what it was told and what it did. */
import type { Session } from "../../src/index.ts";
import { flashKey } from "./schedule-history.ts";
import type { Ask } from "./schedule-program.ts";
import type { Change } from "./schedule-recorder.ts";
import { type Place, Segment } from "./schedule-segment.ts";
import type { Asker } from "./schedule-table.ts";

/** The cookies that a request was sent with. */
export interface Jar {
  readonly header: string;
  /** The session that the user's cookie names; or its text, where it holds the session. */
  readonly user: string | undefined;
  readonly visitor: string | undefined;
  /** The number of the token of other software. */
  readonly token: number | undefined;
}

/** Two instants. */
export type Span = readonly [from: number, to: number];

const SAFE = ["GET", "HEAD", "OPTIONS"];

export class Visit {
  readonly number: number;
  readonly ask: Ask;
  readonly jar: Jar;
  readonly sentAt: number;
  /** When it was sent and when its answer arrived, in steps of the schedule. */
  readonly span = { from: 0, to: Number.POSITIVE_INFINITY };
  phase: "loading" | "acting" | "answered" | "failed" = "loading";
  session: Session | undefined;
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
  /** When the user of the session that it loaded logged in, if that was here. */
  loginAt: Span | undefined;
  /** Whether the session shows what the store had after a call, so that flash values cannot be known. */
  rebased = false;
  /** What it did to the store. */
  readonly changes: Change[] = [];
  /** The ids that it made, and among them: for a token, by a login or for a new id, and taken back because another was faster. */
  readonly made: Set<string> = new Set();
  readonly redeems: Set<string> = new Set();
  readonly moved: Set<string> = new Set();
  readonly discarded: Set<string> = new Set();
  readonly #values = new Map<string, Segment>();

  constructor(number: number, ask: Ask, jar: Jar, sentAt: number) {
    this.number = number;
    this.ask = ask;
    this.jar = jar;
    this.sentAt = sentAt;
  }

  /** What it wants of the session that it has now. */
  get segment(): Segment {
    return this.segments.at(-1) as Segment;
  }

  get destroyed(): boolean {
    return this.segments.length > 1;
  }

  get asker(): Asker {
    const { method, status } = this.ask;
    return { safe: SAFE.includes(method), refuses: status >= 400, loadedAlive: this.loadedAlive };
  }

  /** It has its session. What others did while it loaded counts, too. */
  has(place: Place, subject?: string, data?: ReadonlyMap<string, string>): void {
    this.segments.splice(0, 1, new Segment(place, this.sentAt, subject, data));
  }

  /** It ended its session, and has none. */
  leaves(moment: number): void {
    this.segments.push(new Segment({ is: "nothing" }, moment));
    this.rebased = false;
  }

  /** A value that nobody else writes. */
  newValue(): string {
    const value = `${this.number}.${this.#values.size}`;
    this.#values.set(JSON.stringify(value), this.segment);
    return value;
  }

  /** Whether a value is one that this request writes to this session of its. */
  wrote(segment: Segment, json: string): boolean {
    return this.#values.get(json) === segment;
  }

  /** Takes over what the session shows, where that is up to the store or the library. */
  adopt({ data, subject }: Session): void {
    const { segment } = this;
    const flashes = [...segment.view].filter(([key]) => key.startsWith(flashKey("")));
    const shown = Object.entries(data).map(([key, value]): [string, string] => [key, JSON.stringify(value)]);
    const { pending, seen: before } = segment;
    segment.shows(new Map([...shown, ...flashes]), subject);
    // What it changes itself it does not know from the store.
    const known = [...segment.seen].filter(([key]) => !pending.has(key));
    segment.seen = new Map([...[...before].filter(([key]) => pending.has(key)), ...known]);
    this.rebased = true;
  }
}
