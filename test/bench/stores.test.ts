/** The tables of sessions in databases: ratios are those of rounds, to the peer that is best at the same thing, and goals are about our worst row. */
import { describe, expect, it } from "vitest";
import type { StoredRow } from "../../bench/stores/measure.ts";
import { checkStores, renderStores } from "../../bench/stores/table.ts";

/** A row whose requests take the application's processor a second by the rate, and the database's as long again. */
function row(contender: string, deed: string, rates: number[], ...words: string[]): StoredRow {
  const rounds = rates.map((rate) => ({ rate, application: 1e6 / rate, database: 1e6 / rate }));
  return { contender, ours: contender.startsWith("ours"), deed, rounds, traffic: [{ turns: words.length, words }] };
}

const rows = [
  row("ours: a", "read", [100, 80, 300], "EVALSHA"),
  row("ours: b", "read", [50, 50, 50], "EVALSHA"),
  row("ours: a", "write", [90, 90, 90], "EVALSHA", "EVALSHA", "GET"),
  row("peer", "read", [100, 40, 300], "GET"),
  row("slow peer", "read", [10, 10, 10], "GET", "EXPIRE"),
];

describe("renderStores()", () => {
  it("has a row for each application, and nothing where it was not measured", () => {
    const text = renderStores("Redis", "round trips", rows);
    expect(text).toContain("### Redis: round trips\n");
    expect(text).toContain("| ours: a | 1: EVALSHA | 3: EVALSHA EVALSHA GET |  |");
    expect(text).toContain("| slow peer | 2: GET EXPIRE |  |");
  });

  it("takes the ratio to the best peer in each round", () => {
    const text = renderStores("Redis", "round trips", rows);
    expect(text).toMatch(/\| ours: a \| 100 \(1\.00 ± [\d.]+\) \| 90 \|/);
    expect(text).toMatch(/\| peer \| 100 \(1\.00 ± 0\.00\) \|/);
    expect(text).toMatch(/\| ours: b \| 20000 \(2\.00 ± [\d.]+\), 20000 \|/);
  });
});

describe("checkStores()", () => {
  const verdict = (what: string) => checkStores("Redis", rows).find((one) => one.what.startsWith(what));

  it("counts turns", () => {
    expect(verdict("Redis, read, turns")).toMatchObject({ found: "1", met: true });
    expect(verdict("Redis, write, turns")).toMatchObject({ found: "3", met: false });
  });

  it("compares the worst of ours with the best peer, where there is one", () => {
    expect(verdict("Redis, read, requests")).toMatchObject({ found: "0.50 (b) to 1.00 (a)", met: false });
    expect(verdict("Redis, read, the application")).toMatchObject({ found: "2.00 (b) to 1.00 (a)", met: false });
    expect(verdict("Redis, write, requests")).toBeUndefined();
  });
});
