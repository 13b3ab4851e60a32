/**
 * Tables and goals of the databases.
 *
 * @module
 */

import { type Estimate, estimate } from "../harness/statistics.ts";
import type { Verdict } from "../report/verdict.ts";
import { DEEDS, type Traffic } from "./database.ts";
import type { Round, StoredRow } from "./measure.ts";

/** What is compared with the best peer: of rates the most is best, of processor time the least. */
const MEASURES = {
  rate: { of: ({ rate }: Round) => rate, better: 1 },
  processor: { of: ({ application }: Round) => application, better: -1 },
} as const;
type Measure = (typeof MEASURES)[keyof typeof MEASURES];

/** Turns, requests a second and processor time of each contender; the latter also next to the best peer's. */
export function renderStores(database: string, turns: string, rows: readonly StoredRow[]): string {
  const table = (title: string, cell: (row: StoredRow) => string) => {
    const lines = [...new Set(rows.map(({ contender }) => contender))].map((name) => {
      const cells = DEEDS.map(({ name: deed }) => rows.find((row) => row.contender === name && row.deed === deed));
      return `| ${[name, ...cells.map((row) => (row === undefined ? "" : cell(row)))].join(" | ")} |`;
    });
    const head = `| ${["", ...DEEDS.map(({ name }) => name)].join(" | ")} |\n|${"---|".repeat(DEEDS.length + 1)}`;
    return `### ${database}: ${title}\n\n${head}\n${lines.join("\n")}`;
  };
  const next = (row: StoredRow, measure: Measure) => {
    const ratio = ratioToBestPeer(row, rows, measure);
    return ratio === undefined ? "" : ` (${ratio.median.toFixed(2)} ± ${ratio.spread.toFixed(2)})`;
  };
  const median = (row: StoredRow, of: (round: Round) => number) => Math.round(estimate(row.rounds.map(of)).median);
  const shared = rows.some(({ rounds }) => rounds.some((round) => round.database > 0));
  return [
    table(turns, ({ traffic }) => traffic.map(trafficCell).join(" or ")),
    table("requests a second", (row) => `${median(row, MEASURES.rate.of)}${next(row, MEASURES.rate)}`),
    table(`processor time for a request, µs${shared ? ": the application's, and that of the database" : ""}`, (row) => {
      const own = `${median(row, MEASURES.processor.of)}${next(row, MEASURES.processor)}`;
      return shared ? `${own}, ${median(row, (round) => round.database)}` : own;
    }),
  ].join("\n\n");
}

function trafficCell({ turns, words }: Traffic): string {
  return `${turns}: ${words.join(" ")}`;
}

/** How many times what the best peer has: the median of the rounds' ratios. Undefined where there is no peer. */
function ratioToBestPeer(row: StoredRow, rows: readonly StoredRow[], measure: Measure): Estimate | undefined {
  const best = bestPeer(row.deed, rows, measure);
  return best && estimate(row.rounds.map((round, index) => measure.of(round) / measure.of(best.rounds[index] as Round)));
}

function bestPeer(deed: string, rows: readonly StoredRow[], { of, better }: Measure): StoredRow | undefined {
  const median = (row: StoredRow) => better * estimate(row.rounds.map(of)).median;
  return rows.filter((row) => !row.ours && row.deed === deed).sort((left, right) => median(right) - median(left))[0];
}

const TURNS = { read: 1, write: 2, patch: 1 };
const COMPARED = ["read", "write", "touch", "new"];

/** The goals of ours in one database: each is about the worst of our rows. */
export function checkStores(database: string, rows: readonly StoredRow[]): Verdict[] {
  const ours = (deed: string) => rows.filter((row) => row.ours && row.deed === deed);
  const turns = Object.entries(TURNS).map(([deed, limit]) => {
    const most = Math.max(...ours(deed).flatMap(({ traffic }) => traffic.map((one) => one.turns)));
    return { what: `${database}, ${deed}, turns`, limit: `${limit} at most`, found: String(most), met: most <= limit };
  });
  const compared = (measure: Measure, what: string, limit: string) =>
    COMPARED.flatMap((deed) => {
      const ratios = ours(deed).flatMap((row) => {
        const ratio = ratioToBestPeer(row, rows, measure);
        return ratio === undefined ? [] : [{ name: row.contender.replace("ours: ", ""), ratio: ratio.median }];
      });
      const sorted = ratios.sort((left, right) => measure.better * (left.ratio - right.ratio));
      const [worst, best] = [sorted[0], sorted.at(-1)];
      if (worst === undefined || best === undefined) return [];
      const found = `${worst.ratio.toFixed(2)} (${worst.name}) to ${best.ratio.toFixed(2)} (${best.name})`;
      const met = measure.better * (worst.ratio - 1) >= 0;
      return [{ what: `${database}, ${deed}, ${what} next to ${bestPeer(deed, rows, measure)?.contender}`, limit, found, met }];
    });
  return [
    ...turns,
    ...compared(MEASURES.rate, "requests a second", "1.00 of it at least"),
    ...compared(MEASURES.processor, "the application's processor time", "1.00 of it at most"),
  ];
}
