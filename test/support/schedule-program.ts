/** Programs of requests, made at random: what each of them does with its session, and when time passes. */
import type { Random } from "./schedule.ts";

/** How a request calls `update()` or `save()`: `gated`, others come while its callback runs; `caught`, it goes on when it fails. */
type How = "awaited" | "unawaited" | "caught" | "gated";

/** One thing that a request does. */
export type Act =
  | { readonly do: "set" | "delete" | "flash" | "take"; readonly key: string }
  /** `push`: adds to a list. `seat`: takes one of two seats, if one is free. */
  | { readonly do: "push" | "seat"; readonly how: How }
  | { readonly do: "save"; readonly how: Exclude<How, "gated"> }
  | { readonly do: "login"; readonly user: string; readonly keep?: readonly string[] }
  | { readonly do: "regenerate"; readonly graceSeconds: number }
  | { readonly do: "revoke"; readonly user: string }
  | { readonly do: "logout" | "pause" | "fail" };

export interface Ask {
  readonly acts: readonly Act[];
  readonly method: string;
  /** The status that the handler answers with. */
  readonly status: number;
  readonly browser: number;
  /** It is sent twice at once, and the browser drops the first answer. */
  readonly twice: boolean;
  /** Its answer never arrives. */
  readonly drops: boolean;
  /** It is sent with cookies that its browser had some time before. */
  readonly stale: boolean;
  /** Before it, other software gave the browser the token of this number. */
  readonly token?: number;
}

export interface Phase {
  readonly asks: readonly Ask[];
  /** All at the same time; otherwise each answer arrives before the next request is sent. */
  readonly parallel: boolean;
  /** A few seconds pass now and then while the requests run. */
  readonly ticks: boolean;
  /** How much time passes after it. Seconds. */
  readonly passes: number;
}

export interface Program {
  readonly phases: readonly Phase[];
  readonly browsers: number;
  /** Accepted cookies stay in the browser whatever an answer says, as those of another path or domain do. */
  readonly sticky: boolean;
}

/** What a program may hold. */
export interface Kinds {
  /** Requests that fail after what they did. */
  readonly failures: boolean;
  /** Tokens of other software: of one old session, of a visitor and of two users. */
  readonly accept: boolean;
  /** Old ids that still count for a while. */
  readonly grace: boolean;
  /** `update()` that others interrupt, sessions that an administrator ends, and all else that only a store can answer for. */
  readonly store: boolean;
  /** Never two requests at the same time, and no answer is lost. */
  readonly oneByOne: boolean;
  /** Most requests at the same time. */
  readonly most: number;
}

export const IDLE_SECONDS = 3600;
const GRACE_SECONDS = 10;

const SHARED = ["one", "two", "three"];
/** Within grace, after it, after the mark, after the idle end. No sum of them is one of these limits. */
const PASSES = [0, 0, 4, 11, 67, IDLE_SECONDS + 100];

/** A program; the same for the same chance. */
export function anyProgram(random: Random, kinds: Kinds): Program {
  const browsers = kinds.accept ? 2 : 1;
  const changing = random.pick([0.15, 0.35, 0.6]);
  const many = (count: number, first: number) =>
    Array.from({ length: count }, (_none, index) => anyAsk(random, kinds, { own: `own${first + index}`, changing, browsers }));
  const opening = anyOpening(random, kinds, browsers);
  const main = many(random.between(2, kinds.most), 0);
  const rivals = random.chance(0.12) ? rivalsOf(random, kinds) : [];
  const last = random.chance(0.4) ? many(random.between(1, 3), kinds.most) : [];
  const phase = (asks: Ask[], parallel: boolean): Phase => ({
    asks,
    parallel: parallel && !kinds.oneByOne,
    ticks: random.chance(0.3),
    passes: random.pick(PASSES),
  });
  const phases = [
    { ...phase(opening, false), passes: random.pick([0, 0, 0, 4]) },
    phase([...main, ...rivals], true),
    phase(last, random.chance(0.5)),
  ];
  return { phases: phases.filter(({ asks }) => asks.length > 0), browsers, sticky: random.chance(0.5) };
}

const PLAIN: Omit<Ask, "acts"> = { method: "POST", status: 200, browser: 0, twice: false, drops: false, stale: false };

function anyOpening(random: Random, { accept }: Kinds, browsers: number): Ask[] {
  const set: Act = { do: "set", key: "one" };
  const login: Act = { do: "login", user: "alice" };
  const flash: Act = { do: "flash", key: "notice" };
  const openings: Act[][][] = [
    [],
    [[set]],
    [[set, flash]],
    [[login]],
    [[login, set, flash]],
    [[set], [login], [{ do: "push", how: "awaited" }]],
  ];
  const asks = random.pick(openings).map((acts): Ask => ({ ...PLAIN, acts }));
  if (!accept) return asks;
  // The same token may be with both: somebody planted it, or copied it.
  const tokens = Array.from(
    { length: browsers },
    (_none, browser): Ask => ({ ...PLAIN, browser, acts: random.pick([[], [set]]), token: anyToken(random) }),
  );
  const alone = random.chance(0.7) ? [] : asks;
  return [...alone, ...tokens.filter(() => random.chance(0.5))];
}

function anyToken(random: Random): number {
  return random.between(0, TOKENS.length - 1);
}

/** The tokens that other software made: of one session before and after logins, and of another one. */
export const TOKENS: readonly { readonly sid: string; readonly user?: string }[] = [
  { sid: "the-session-of-old" },
  { sid: "the-session-of-old", user: "alice" },
  { sid: "the-session-of-old", user: "bob" },
  { sid: "another-session", user: "alice" },
];

/** Logins of one visitor at the same time. */
function rivalsOf(random: Random, kinds: Kinds): Ask[] {
  const users = random.pick([["alice"], ["alice", "bob"]]);
  const count = kinds.oneByOne ? 2 : random.between(2, 4);
  return Array.from({ length: count }, () => ({ ...PLAIN, acts: [{ do: "login", user: random.pick(users) }] }));
}

function anyAsk(
  random: Random,
  kinds: Kinds,
  { own, changing, browsers }: { own: string; changing: number; browsers: number },
): Ask {
  const fair = !kinds.oneByOne;
  return {
    acts: anyActs(random, kinds, own, changing),
    method: random.pick(["GET", "GET", "GET", "POST", "POST", "POST", "POST", "HEAD", "OPTIONS", "DELETE"]),
    status: random.chance(0.1) ? 404 : 200,
    browser: random.between(0, browsers - 1),
    twice: fair && random.chance(0.1),
    drops: fair && random.chance(0.06),
    stale: fair && random.chance(0.1),
    ...(kinds.accept && random.chance(0.25) && { token: anyToken(random) }),
  };
}

function anyActs(random: Random, kinds: Kinds, own: string, changing: number): Act[] {
  const acts: Act[] = [];
  const count = random.pick([0, 1, 1, 1, 2, 2, 3]);
  for (let index = 0; index < count; index++) {
    if (random.chance(0.3)) acts.push({ do: "pause" });
    acts.push(random.chance(changing) ? anyIdentity(random, kinds) : anyChange(random, kinds, own));
    if (random.chance(0.15)) acts.push({ do: "save", how: random.pick(["awaited", "awaited", "unawaited", "caught"]) });
  }
  if (random.chance(0.2)) acts.push({ do: "pause" });
  if (kinds.failures && random.chance(0.08)) acts.push({ do: "fail" });
  return acts;
}

function anyIdentity(random: Random, kinds: Kinds): Act {
  const what = random.pick([
    "login",
    "login",
    "login",
    "logout",
    "regenerate",
    "regenerate",
    kinds.store ? "revoke" : "logout",
  ] as const);
  const user = random.pick(["alice", "alice", "bob"]);
  if (what === "logout") return { do: what };
  if (what === "revoke") return random.chance(0.3) ? { do: what, user } : { do: "logout" };
  if (what === "regenerate") return { do: what, graceSeconds: kinds.grace ? random.pick([0, GRACE_SECONDS]) : 0 };
  return random.chance(0.25) ? { do: what, user, keep: random.pick([[], ["one"], SHARED]) } : { do: what, user };
}

function anyChange(random: Random, { store }: Kinds, own: string): Act {
  const what = random.pick(["set", "set", "set", "own", "own", "push", "push", "seat", "delete", "flash", "take"] as const);
  const hows: readonly How[] = store ? ["awaited", "awaited", "gated", "unawaited", "caught"] : ["awaited"];
  if (what === "push" || what === "seat") return { do: what, how: random.pick(hows) };
  if (what === "own") return { do: "set", key: own };
  if (what === "flash" || what === "take") return { do: what, key: "notice" };
  return { do: what, key: random.pick(SHARED) };
}
