/** What is wrong with a history, as short as it gets. */
import { changesNothing, isLinearizable, type Observed } from "./linearizable.ts";

/** The calls up to the first answer that nothing explains, without those that changed nothing and are not needed; as a table. Null when all is well. */
export function explain(history: readonly Observed[]): string | null {
  if (isLinearizable(history)) return null;
  const needed = withoutUnneeded(shortestBeginning(history));
  const begin = Math.min(...needed.map(({ began }) => began));
  const rows = needed
    .sort((left, right) => left.began - right.began)
    .map(({ by, call, answer, began, ended }) => {
      const span = `${(began - begin).toFixed(3)} to ${Number.isFinite(ended) ? (ended - begin).toFixed(3) : "?"} ms`;
      return `${span.padStart(28)}  ${by.padEnd(8)} ${shown(call)} -> ${answer ?? "no answer"}`;
    });
  return `No order of these calls explains their answers (${needed.length} of ${history.length} calls):\n${rows.join("\n")}`;
}

/** What was known when some call ended: those that had not ended then have no answer. */
function until(history: readonly Observed[], end: number): Observed[] {
  return history
    .filter(({ began }) => began <= end)
    .map((one) => (one.ended <= end ? one : { ...one, answer: null, ended: Number.POSITIVE_INFINITY }));
}

function shortestBeginning(history: readonly Observed[]): Observed[] {
  const ends = history.flatMap(({ ended }) => (Number.isFinite(ended) ? [ended] : [])).sort((left, right) => left - right);
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isLinearizable(until(history, ends[middle] as number))) low = middle + 1;
    else high = middle;
  }
  return until(history, ends[low] as number);
}

/** A history that cannot be explained without a call that changed nothing cannot be explained with it either. */
function withoutUnneeded(history: Observed[]): Observed[] {
  let needed = history;
  for (const one of history.filter(changesNothing)) {
    const fewer = needed.filter((other) => other !== one);
    if (!isLinearizable(fewer)) needed = fewer;
  }
  return needed;
}

function shown({ does, id, ...rest }: Observed["call"]): string {
  return `${does} ${id.split("-").at(-1)} ${JSON.stringify(rest)}`;
}
