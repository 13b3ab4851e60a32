/**
 * Tables in Markdown.
 *
 * @module
 */

import { SCENARIOS } from "../harness/contender.ts";
import type { Measured } from "../harness/measure.ts";
import type { Concurrency } from "../harness/timing.ts";
import type { Verdict } from "./verdict.ts";

/** One table per scenario, cheapest first. */
export function renderTables(measured: readonly Measured[]): string {
  return SCENARIOS.map(({ id, title }) => {
    const rows = measured.filter(({ scenario, concurrency }) => scenario.id === id && concurrency === 1);
    if (rows.length === 0) return "";
    const lines = [...rows]
      .sort((left, right) => left.overhead.median - right.overhead.median)
      .map((row) => {
        const busy = measured.find((other) => isSame(row, other, 32)) as Measured;
        return `| ${row.contender.name} | ${cell(row)} | ${row.total.median.toFixed(1)} | ${cell(busy)} |`;
      });
    const head = "| | overhead, one at a time | with the framework | overhead, 32 at a time |\n|---|---|---|---|";
    return `### ${id}: ${title}\n\n${head}\n${lines.join("\n")}`;
  })
    .filter((table) => table !== "")
    .join("\n\n");
}

function isSame(row: Measured, other: Measured, concurrency: Concurrency): boolean {
  return other.contender === row.contender && other.scenario === row.scenario && other.concurrency === concurrency;
}

function cell({ overhead }: Measured): string {
  return `${overhead.median.toFixed(1)} ± ${overhead.spread.toFixed(1)}`;
}

/** Goals and results. */
export function renderBudgets(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(({ what, limit, found, met }) => `| ${what} | ${limit} | ${found} | ${met ? "yes" : "**no**"} |`);
  return `### Budgets\n\n| what | budget | found | met |\n|---|---|---|---|\n${lines.join("\n")}`;
}
