/** Programs of requests, made at random: what each of them does with its session. */
import type { Random } from "./schedule.ts";

/** One thing that a request does. */
export type Act =
  | { readonly do: "set" | "delete" | "flash" | "take"; readonly key: string }
  | { readonly do: "login"; readonly user: string; readonly keep?: readonly string[] }
  | { readonly do: "add" | "logout" | "regenerate" | "save" | "save-unawaited" | "pause" | "fail" };

/** Requests of one browser: those of `before` one after the other, then the others at the same time. */
export interface Program {
  readonly before: readonly (readonly Act[])[];
  readonly requests: readonly (readonly Act[])[];
}

/** What a program may hold. */
export interface Kinds {
  /** Logins that name the keys to keep. */
  readonly keep: boolean;
  /** Requests that ask for a new id after they wrote to the store. */
  readonly renewsLate: boolean;
  /** Requests that fail after what they did. */
  readonly failures: boolean;
  /** Most requests at the same time. */
  readonly most: number;
}

const SHARED = ["one", "two", "three"];
const OPENINGS: readonly (readonly Act[])[][] = [
  [],
  [[{ do: "set", key: "one" }]],
  [[{ do: "login", user: "alice" }]],
  [
    [
      { do: "login", user: "alice" },
      { do: "set", key: "one" },
      { do: "flash", key: "notice" },
    ],
  ],
  [[{ do: "set", key: "one" }], [{ do: "login", user: "alice" }], [{ do: "add" }]],
];

/** A program; the same for the same chance. */
export function anyProgram(random: Random, kinds: Kinds): Program {
  const changesIdentity = random.pick([0.15, 0.35, 0.6]);
  const requests = Array.from({ length: random.between(2, kinds.most) }, (_none, index) =>
    anyRequest(random, kinds, `own${index}`, changesIdentity),
  );
  return { before: random.pick(OPENINGS), requests };
}

function anyRequest(random: Random, kinds: Kinds, own: string, changesIdentity: number): Act[] {
  const acts: Act[] = [];
  const count = random.pick([0, 1, 1, 1, 2, 2, 3]);
  for (let index = 0; index < count; index++) {
    if (random.chance(0.3)) acts.push({ do: "pause" });
    acts.push(random.chance(changesIdentity) ? anyIdentity(random, kinds) : anyChange(random, own));
    if (random.chance(0.1)) acts.push({ do: "save" });
    else if (random.chance(0.05)) acts.push({ do: "save-unawaited" }, { do: "pause" });
  }
  if (random.chance(0.2)) acts.push({ do: "pause" });
  if (!kinds.renewsLate) dropLateRenewals(acts);
  if (kinds.failures && random.chance(0.08)) acts.push({ do: "fail" });
  return acts;
}

/** Leaves out each login and new id that comes after a write to the store. */
function dropLateRenewals(acts: Act[]): void {
  const first = acts.findIndex((act) => ["add", "save", "save-unawaited"].includes(act.do));
  if (first < 0) return;
  const rest = acts.splice(first).filter((act) => act.do !== "login" && act.do !== "regenerate");
  acts.push(...rest);
}

function anyIdentity(random: Random, { keep }: Kinds): Act {
  const what = random.pick(["login", "login", "login", "logout", "regenerate", "regenerate"] as const);
  if (what !== "login") return { do: what };
  const user = random.pick(["alice", "bob"]);
  return keep && random.chance(0.3) ? { do: "login", user, keep: random.pick([[], ["one"], SHARED]) } : { do: "login", user };
}

function anyChange(random: Random, own: string): Act {
  const what = random.pick(["set", "set", "set", "own", "own", "add", "add", "delete", "flash", "take"] as const);
  if (what === "add") return { do: "add" };
  if (what === "own") return { do: "set", key: own };
  if (what === "flash" || what === "take") return { do: what, key: "notice" };
  return { do: what, key: random.pick(SHARED) };
}

/** A program as a person reads it. */
export function describeProgram({ before, requests }: Program): string {
  const text = (acts: readonly Act[]) => acts.map(describeAct).join(", ") || "nothing";
  const lines = before.map((acts) => `  first: ${text(acts)}`);
  return [...lines, ...requests.map((acts, index) => `  ${before.length + index}: ${text(acts)}`)].join("\n");
}

function describeAct(act: Act): string {
  if (act.do === "login") return `login ${act.user}${act.keep === undefined ? "" : ` keeping [${act.keep}]`}`;
  return "key" in act ? `${act.do} ${act.key}` : act.do;
}
