/**
 * The tables of the databases, and what was to be reached.
 *
 * @module
 */

import { type Estimate, estimate } from "../harness/statistics.ts";
import type { Verdict } from "../report/verdict.ts";
import { DEEDS, type Traffic } from "./database.ts";
import type { StoredRow } from "./measure.ts";

/** How many turns and requests a second each contender has; the latter also next to the best peer's. */
export function renderStores(database: string, turns: string, rows: readonly StoredRow[]): string {
  const table = (title: string, cell: (row: StoredRow) => string) => {
    const lines = [...new Set(rows.map(({ contender }) => contender))].map((name) => {
      const cells = DEEDS.map(({ name: deed }) => rows.find((row) => row.contender === name && row.deed === deed));
      return `| ${[name, ...cells.map((row) => (row === undefined ? "" : cell(row)))].join(" | ")} |`;
    });
    const head = `| ${["", ...DEEDS.map(({ name }) => name)].join(" | ")} |\n|${"---|".repeat(DEEDS.length + 1)}`;
    return `### ${database}: ${title}\n\n${head}\n${lines.join("\n")}`;
  };
  return `${table(turns, ({ traffic }) => traffic.map(trafficCell).join(" or "))}\n\n${table("requests a second", rate)}`;

  function rate(row: StoredRow): string {
    const ratio = ratioToBestPeer(row, rows);
    const next = ratio === undefined ? "" : ` (${ratio.median.toFixed(2)} ± ${ratio.spread.toFixed(2)})`;
    return `${Math.round(estimate(row.rates).median)}${next}`;
  }
}

function trafficCell({ turns, words }: Traffic): string {
  return `${turns}: ${words.join(" ")}`;
}

/** How many times the requests a second of the peer that has most: the median of the rounds' ratios. Undefined where there is no peer. */
function ratioToBestPeer(row: StoredRow, rows: readonly StoredRow[]): Estimate | undefined {
  const best = bestPeer(row.deed, rows);
  return best && estimate(row.rates.map((rate, round) => rate / (best.rates[round] as number)));
}

function bestPeer(deed: string, rows: readonly StoredRow[]): StoredRow | undefined {
  const peers = rows.filter((row) => !row.ours && row.deed === deed);
  return peers.sort((left, right) => estimate(right.rates).median - estimate(left.rates).median)[0];
}

const TURNS = { read: 1, write: 2, patch: 1 };
const RATES = ["read", "write", "touch", "new"];

/** The goals of ours in one database: each is about the worst of our rows. */
export function checkStores(database: string, rows: readonly StoredRow[]): Verdict[] {
  const ours = (deed: string) => rows.filter((row) => row.ours && row.deed === deed);
  const turns = Object.entries(TURNS).map(([deed, limit]) => {
    const most = Math.max(...ours(deed).flatMap(({ traffic }) => traffic.map((one) => one.turns)));
    return { what: `${database}, ${deed}, turns`, limit: `${limit} at most`, found: String(most), met: most <= limit };
  });
  const rates = RATES.flatMap((deed) => {
    const ratios = ours(deed).flatMap((row) => {
      const ratio = ratioToBestPeer(row, rows);
      return ratio === undefined ? [] : [{ name: row.contender.replace("ours: ", ""), ratio: ratio.median }];
    });
    const sorted = ratios.sort((left, right) => left.ratio - right.ratio);
    const [worst, best] = [sorted[0], sorted.at(-1)];
    if (worst === undefined || best === undefined) return [];
    const found = `${worst.ratio.toFixed(2)} (${worst.name}) to ${best.ratio.toFixed(2)} (${best.name})`;
    const what = `${database}, ${deed}, requests a second next to ${bestPeer(deed, rows)?.contender}`;
    return [{ what, limit: "1.00 of it at least", found, met: worst.ratio >= 1 }];
  });
  return [...turns, ...rates];
}
