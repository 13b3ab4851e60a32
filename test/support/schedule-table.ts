/** What a request may meet whose session others changed meanwhile, and what it must come to: the table of the design, as a function. */
import { MOVED_MARK_SECONDS } from "../../src/session/record.ts";
import type { History } from "./schedule-history.ts";

/** What stands behind an id, or behind a request without one, at a moment. */
export type Situation =
  /** It lives under this id. */
  | { readonly is: "alive"; readonly id: string }
  /** It lives under another id, and this one still stands for it. */
  | { readonly is: "grace"; readonly id: string }
  /** `regenerateId()` took it away; `id` is where it lives now, unless a login came after that. */
  | { readonly is: "renewed"; readonly id: string | undefined }
  /** A login took it away: to whom, and where that lives now. */
  | { readonly is: "taken"; readonly id: string | undefined; readonly subject: string | undefined }
  | { readonly is: "ended" }
  /** There is none yet. */
  | { readonly is: "nothing" }
  /** It is in the visitor's cookie, and nobody can take it away. */
  | { readonly is: "in-cookie" };

/** What a request asks for. */
export type Asks =
  | { readonly asks: "change" | "update" }
  | { readonly asks: "regenerate"; readonly graceSeconds: number }
  | { readonly asks: "login"; readonly user: string };

/** What it comes to. `moves` and `begins`: it makes an id; `joins`: it gets the id that another request made. */
export type Outcome = "written" | "lost" | "gone" | "moves" | "joins" | "begins";

/** What counts of the request itself. */
export interface Asker {
  /** Its method is GET, HEAD or OPTIONS. */
  readonly safe: boolean;
  /** Its answer has a status of 400 or more, and keeps it. */
  readonly refuses: boolean;
  /** It loaded the session while that lived. */
  readonly loadedAlive: boolean;
}

/** What stands behind an id. Several where the store may drop an old mark, and need not. */
export function situationsOf(history: History, id: string, moment: number, now: number = history.timeAt(moment)): Situation[] {
  const entry = history.at(id, moment);
  if (entry === undefined) return [{ is: "ended" }];
  if (entry.is === "live") return [entry.expiresAt <= now ? { is: "ended" } : { is: "alive", id }];
  const found = { ...entry, id };
  if (now >= entry.movedAt + MOVED_MARK_SECONDS) return [{ is: "ended" }, ...behindMark(history, found, moment)];
  if (entry.graceUntil === undefined || entry.graceUntil <= now) return behindMark(history, found, moment);
  const there = situationsOf(history, entry.to, moment, now);
  // What it stands for may have moved on, and have ended there.
  if (history.endOf(entry.to, moment) === undefined) return [...there, { is: "ended" }];
  return there.map((one) => (one.is === "alive" ? { is: "grace", id: one.id } : one));
}

/** All that stood there at some moment. Whoever found where an id leads goes on from there, by the clock of when they began. */
export function situationsOver(history: History, from: number, to: number, at: (moment: number) => Situation[]): Situation[] {
  const all: Situation[] = [];
  const found = new Set<string>();
  for (let moment = from; moment <= to; moment++) {
    const there = at(moment);
    const clocks = [history.timeAt(from), history.timeAt(moment)];
    const further = [...found].flatMap((id) => clocks.flatMap((now) => situationsOf(history, id, moment, now)));
    for (const one of [...there, ...further]) if (one.is === "grace") found.add(one.id);
    // Whoever has read a mark may find its grace over, and what it led to ended.
    const isLater = found.size > 0 && history.timeAt(moment) > history.timeAt(from);
    if (isLater && there.some(({ is }) => is === "ended")) all.push({ is: "renewed", id: undefined });
    all.push(...there, ...further.map((one) => (one.is === "alive" ? { ...one, is: "grace" as const } : one)));
  }
  return all;
}

/** What a session met that another request gave a new id, and where that leads. */
export function behindMark(history: History, { to, by }: { to: string; by: string }, moment: number): Situation[] {
  const end = history.endOf(to, moment);
  const lives = end !== undefined && end.live.expiresAt > history.timeAt(moment) ? end : undefined;
  const taken: Situation = { is: "taken", id: lives?.id, subject: lives?.live.subject };
  if (by === "login") return [taken];
  if (!passesLogin(history, to, moment)) return [{ is: "renewed", id: lives?.id }];
  // Both took it away, and whoever logs in as the same user may join.
  return [{ is: "renewed", id: undefined }, taken];
}

function passesLogin(history: History, id: string, moment: number): boolean {
  const entry = history.at(id, moment);
  return entry?.is === "mark" && (entry.by === "login" || passesLogin(history, entry.to, moment));
}

/** The table. */
export function outcomeOf(asked: Asks, situation: Situation, asker: Asker): Outcome {
  if (situation.is === "in-cookie") return asked.asks === "login" ? "begins" : "written";
  if (situation.is === "nothing") return "begins";
  if (asked.asks === "login") return outcomeOfLogin(asked.user, situation);
  if (asked.asks === "regenerate") return outcomeOfRegenerate(asked.graceSeconds, situation, asker);
  if (situation.is === "alive" || situation.is === "grace") return "written";
  if (asked.asks === "update") return "gone";
  return situation.is === "ended" || asker.safe || asker.refuses ? "lost" : "gone";
}

function outcomeOfLogin(user: string, situation: Situation): Outcome {
  if (situation.is === "alive" || situation.is === "grace") return "moves";
  const isTheirs = situation.is === "taken" && situation.id !== undefined && situation.subject === user;
  return isTheirs ? "joins" : "begins";
}

function outcomeOfRegenerate(graceSeconds: number, situation: Situation, { loadedAlive, refuses }: Asker): Outcome {
  if (situation.is === "alive") return "moves";
  if (situation.is === "grace") return graceSeconds > 0 ? "joins" : "moves";
  if (situation.is === "renewed" && loadedAlive && situation.id !== undefined) return "joins";
  return refuses ? "lost" : "gone";
}
