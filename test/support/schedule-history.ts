/** What a store went through in one schedule: at each moment, what was there under each id. */
import type { Key, SessionRecord } from "../../src/session/record.ts";

const FLASH = "~flash:";

/** Data as JSON texts, by key. */
export type Values = ReadonlyMap<string, string>;

/** A record that is there. */
export interface Live {
  readonly is: "live";
  readonly data: Values;
  readonly subject: string | undefined;
  readonly startedAt: number;
  readonly expiresAt: number;
  /** Whether a token of other software brought it, and no login came after that. */
  readonly accepted: boolean;
}

/** What is left of a session that got another id. */
export interface Mark {
  readonly is: "mark";
  readonly to: string;
  readonly by: "login" | "regenerateId";
  readonly movedAt: number;
  readonly graceUntil: number | undefined;
}

export type Entry = Live | Mark;

/** Moments are numbered; each change in the store and of the clock makes one. */
export class History {
  /** Where the store has what it has. */
  readonly keys: Map<string, Key> = new Map();
  readonly #now: () => number;
  readonly #times: number[];
  readonly #entries = new Map<string, { since: number; entry: Entry | undefined }[]>();

  constructor(now: () => number) {
    this.#now = now;
    this.#times = [now()];
  }

  /** The last moment. */
  get moment(): number {
    return this.#times.length - 1;
  }

  get ids(): string[] {
    return [...this.#entries.keys()];
  }

  /** Begins a moment, and answers which. */
  begin(): number {
    this.#times.push(this.#now());
    return this.moment;
  }

  /** What is there from this moment on. */
  put(id: string, entry: Entry | undefined): void {
    const past = this.#entries.get(id);
    if (past === undefined) this.#entries.set(id, [{ since: this.moment, entry }]);
    else past.push({ since: this.moment, entry });
  }

  timeAt(moment: number): number {
    return this.#times[moment] ?? 0;
  }

  /** The first moment of the last so many seconds. */
  since(seconds: number): number {
    const earliest = this.#now() - seconds;
    return this.#times.findIndex((time) => time >= earliest);
  }

  isKnown(id: string): boolean {
    return this.#entries.has(id);
  }

  at(id: string, moment: number = this.moment): Entry | undefined {
    return this.#entries.get(id)?.findLast(({ since }) => since <= moment)?.entry;
  }

  liveAt(id: string, moment: number = this.moment): Live | undefined {
    const entry = this.at(id, moment);
    return entry?.is === "live" ? entry : undefined;
  }

  /** An id, and those that its session had before. */
  cameFrom(id: string): string[] {
    const before = this.ids.find((other) => {
      const entry = this.at(other);
      return entry?.is === "mark" && entry.to === id;
    });
    return before === undefined ? [id] : [id, ...this.cameFrom(before)];
  }

  /** An id, and those that stood for its session in grace. */
  cameInGrace(id: string): string[] {
    const before = this.ids.find((other) => {
      const entry = this.at(other);
      return entry?.is === "mark" && entry.to === id && entry.graceUntil !== undefined;
    });
    return before === undefined ? [id] : [id, ...this.cameInGrace(before)];
  }

  /** Where a mark leads in the end: the id and what is there, or nothing. */
  endOf(id: string, moment: number = this.moment): { id: string; live: Live } | undefined {
    const entry = this.at(id, moment);
    if (entry === undefined) return undefined;
    return entry.is === "live" ? { id, live: entry } : this.endOf(entry.to, moment);
  }
}

/** The values in the JSON text of a record's data, without what the library keeps for itself. */
export function valuesOf(data: string): Map<string, string> {
  const own = Object.entries(JSON.parse(data)).filter(([key]) => !key.startsWith("~") || key.startsWith(FLASH));
  return new Map(own.map(([key, value]) => [key, JSON.stringify(value)]));
}

export function liveFrom(record: SessionRecord, data: Values, accepted: boolean): Live {
  const { subject, startedAt, expiresAt } = record;
  return { is: "live", data, subject, startedAt, expiresAt, accepted };
}

/** The key under which a flash value stands in the data. */
export function flashKey(key: string): string {
  return FLASH + key;
}

/** What `session.data` shows, as a text that can be compared. */
export function visible(data: Values): string {
  const shown = [...data].filter(([key]) => !key.startsWith(FLASH)).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${shown.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join()}}`;
}
