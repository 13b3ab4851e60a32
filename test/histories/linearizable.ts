/**
 * Whether a history can be explained: whether its calls can be put in one order, each at some moment between its beginning and its end, in which a model gives
 * the same answers. A call without an answer happened at some moment after its beginning, or never.
 *
 * The search is that of Wing and Gong, with Lowe's memory of what was tried: the calls done, and the state that they led to.
 * https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/paper.pdf
 */
import { type Call, TAKEN } from "./calls.ts";
import { type Part, partsOf, type State, step } from "./model.ts";

/** A call as it was observed. */
export interface Observed {
  /** Which client made it. */
  readonly by: string;
  readonly call: Call | Part;
  /** Null: it failed, or nobody was left to hear of it. */
  readonly answer: string | null;
  /** On one clock of the machine, in milliseconds. */
  readonly began: number;
  /** Infinity where there is no answer. */
  readonly ended: number;
  /** A call of this history that comes first, whenever it ended. */
  readonly after?: Observed["call"];
}

/** A history of a store whose `remove` is several transactions where marks lead to the session. */
export function withParts(history: readonly Observed[]): Observed[] {
  return history.flatMap((one) => {
    if (one.call.does !== "remove") return [one];
    const [end, ...marks] = partsOf(one.call).map((call) => ({ ...one, call }));
    return [end as Observed, ...marks.map((mark) => ({ ...mark, after: (end as Observed).call }))];
  });
}

/** How much is tried before a history counts as too hard to check. Those that are recorded take a few hundred steps. */
const MOST_STEPS = 200_000;

/** @throws when there is no telling within the most steps. */
export function isLinearizable(history: readonly Observed[]): boolean {
  const calls = [...history].sort((left, right) => left.began - right.began);
  const tried = new Set<string>();
  let steps = 0;
  return goOn({}, calls);

  /** Whether the calls that are left, in the order of their beginnings, can follow on a state. */
  function goOn(state: State, left: readonly Observed[]): boolean {
    if (left.every(({ answer }) => answer === null)) return true;
    const key = `${left.map((one) => calls.indexOf(one)).join()} ${JSON.stringify(Object.entries(state).sort())}`;
    if (tried.has(key)) return false;
    tried.add(key);
    if (++steps > MOST_STEPS) throw new Error("Cannot check this history: too many of its calls were made at the same time");
    return choices(state, left).some(([one, after]) =>
      goOn(
        after,
        left.filter((other) => other !== one),
      ),
    );
  }
}

/** Whether a call had no effect, whatever was there: then it may as well come as soon as it fits. */
export function changesNothing({ call, answer }: Observed): boolean {
  if (answer === null) return false;
  if (call.does === "load") return call.touch === undefined;
  return call.does === "remove"
    ? false
    : WITHOUT_EFFECT.some((text) => answer.startsWith(text)) || (call.does === "take" && answer === "null");
}

const WITHOUT_EFFECT = ["false", '{"ok":false', TAKEN];

/** The calls that may come next, and what each leads to. */
function choices(state: State, left: readonly Observed[]): [Observed, State][] {
  const found: [Observed, State][] = [];
  let firstEnd = Number.POSITIVE_INFINITY;
  for (const one of left) {
    // What began after another one had ended comes after it.
    if (one.began > firstEnd) break;
    firstEnd = Math.min(firstEnd, one.ended);
    if (one.after !== undefined && left.some(({ call }) => call === one.after)) continue;
    const { state: after, answer } = step(state, one.call);
    if (one.answer === null ? after === state : answer !== one.answer) continue;
    if (changesNothing(one)) return [[one, after]];
    found.push([one, after]);
  }
  // Those that are known to have happened are the better guess.
  return found.sort(([left], [right]) => left.ended - right.ended);
}
