/** The table of two builds: ratios are those of pairs, scenarios stand in their order, and the worst is named. */
import { describe, expect, it } from "vitest";
import type { Pair } from "../../bench/against/pairs.ts";
import { renderComparison, renderLeftOut } from "../../bench/against/table.ts";
import { SCENARIOS, type Scenario } from "../../bench/harness/contender.ts";

const scenario = (id: string) => SCENARIOS.find((one) => one.id === id) as Scenario;

function pair(id: string, name: string, before: number[], now: number[], concurrency: 1 | 32 = 1): Pair {
  return { scenario: scenario(id), name, concurrency, before, now };
}

const lines = (pairs: readonly Pair[]) => renderComparison(pairs).split("\n");

describe("renderComparison()", () => {
  it("takes the ratio of each round before the median", () => {
    // Medians alone would say 4 / 8: the machine was slow in the second round, and that round's pair says 3.
    const [, , row] = lines([pair("S1", "ours", [8, 10, 1], [4, 30, 2])]);
    expect(row).toMatch(/^\| S1 \| ours \| 8\.0 \| 4\.0 \| 2\.00 ± /);
  });

  it("has both concurrencies of a row in one line, and scenarios in their order", () => {
    const rows = lines([
      pair("S6", "b", [10, 10], [10, 10]),
      pair("S1", "b", [10, 10], [9, 9]),
      pair("S1", "b", [4, 4], [5, 5], 32),
      pair("S1", "a", [10, 10], [8, 8]),
    ]).slice(2, 5);
    expect(rows).toEqual([
      "| S1 | b | 10.0 | 9.0 | 0.90 ± 0.00 | 4.0 | 5.0 | **1.25 ± 0.00** |",
      "| S1 | a | 10.0 | 8.0 | 0.80 ± 0.00 |  |  |  |",
      "| S6 | b | 10.0 | 10.0 | 1.00 ± 0.00 |  |  |  |",
    ]);
  });

  it("marks what is slower by more than chance", () => {
    const ratio = (now: number[]) => lines([pair("S1", "a", [100, 100, 100], now)])[2]?.split(" | ")[4];
    expect(ratio([105, 104, 106])).toBe("**1.05 ± 0.01**");
    expect(ratio([105, 90, 120])).toBe("1.05 ± 0.15");
    expect(ratio([103, 103, 103])).toBe("1.03 ± 0.00");
  });

  it("ends with the worst ratio, and the median of all", () => {
    const pairs = [pair("S1", "a", [10], [9]), pair("S4a", "b", [10], [12], 32), pair("S3", "c", [10], [10])];
    expect(lines(pairs).at(-1)).toBe("Worst: 1.20 (S4a, b, 32 at a time). Median of 3: 1.00.");
    expect(lines([]).at(-1)).toBe("Nothing was timed.");
  });
});

it("renderLeftOut() says each reason once", () => {
  const why = 'it has no entry "./koa"';
  const leftOut = [
    { name: "a", why },
    { name: "b", why: "a new session sets a cookie" },
    { name: "c", why },
  ];
  expect(renderLeftOut(leftOut, "v1").split("\n")).toEqual([
    'Left out, for v1: it has no entry "./koa": a; c',
    "Left out, for v1: a new session sets a cookie: b",
  ]);
});
