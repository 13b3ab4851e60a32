/**
 * Compares two builds in a Markdown table.
 *
 * @module
 */
import { SCENARIOS } from "../harness/contender.ts";
import { estimate } from "../harness/statistics.ts";
import type { LeftOut, Pair } from "./pairs.ts";

/** A ratio worth a look if its interval excludes 1. */
const SLOWER = 1.03;

/** One line per scenario and row, in scenario order, then the worst ratio and the median of all. */
export function renderComparison(pairs: readonly Pair[]): string {
  const head = ["scenario", "row", ...[1, 32].flatMap((busy) => [`before, ${busy} at a time`, "now", "now / before"])];
  const lines = SCENARIOS.flatMap(({ id }) => {
    const own = pairs.filter(({ scenario }) => scenario.id === id);
    const names = [...new Set(own.map(({ name }) => name))];
    return names.map((name) => [id, name, ...[1, 32].flatMap((busy) => cells(own.find((pair) => isOf(pair, name, busy))))]);
  });
  return [head, head.map(() => "---"), ...lines].map(asRow).concat("", summary(pairs)).join("\n");
}

function isOf(pair: Pair, name: string, concurrency: number): boolean {
  return pair.name === name && pair.concurrency === concurrency;
}

function cells(pair: Pair | undefined): string[] {
  if (pair === undefined) return ["", "", ""];
  const { median, spread } = ratio(pair);
  const text = `${median.toFixed(2)} ± ${spread.toFixed(2)}`;
  const [before, now] = [pair.before, pair.now].map((micros) => estimate(micros).median.toFixed(1)) as [string, string];
  return [before, now, median > SLOWER && median - spread > 1 ? `**${text}**` : text];
}

/** Per round, so that a slow minute of the machine affects both or neither. */
function ratio({ before, now }: Pair) {
  return estimate(now.map((micros, round) => micros / (before[round] as number)));
}

function summary(pairs: readonly Pair[]): string {
  const all = pairs.map((pair) => ({ ...pair, median: ratio(pair).median }));
  const [worst] = all.toSorted((left, right) => right.median - left.median);
  if (worst === undefined) return "Nothing was timed.";
  const middle = estimate(all.map(({ median }) => median)).median;
  const where = `${worst.scenario.id}, ${worst.name}, ${worst.concurrency} at a time`;
  return `Worst: ${worst.median.toFixed(2)} (${where}). Median of ${all.length}: ${middle.toFixed(2)}.`;
}

function asRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** One line per reason. */
export function renderLeftOut(leftOut: readonly LeftOut[], ref: string): string {
  const reasons = [...new Set(leftOut.map(({ why }) => why))];
  return reasons.map((why) => `Left out, for ${ref}: ${why}: ${namesOf(why).join("; ")}`).join("\n");

  function namesOf(why: string): string[] {
    return leftOut.filter((row) => row.why === why).map(({ name }) => name);
  }
}
