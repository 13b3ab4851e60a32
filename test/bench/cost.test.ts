/** The bill that the documentation shows is the one that the benchmark prints. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("a month of a million daily users costs what docs/durable-objects.md says", async () => {
  const { stdout } = await promisify(execFile)("node", ["bench/cost.ts"]);
  const dollars = stdout
    .trim()
    .split("\n")
    .map((line) => Number(/ ([\d,]+) dollars$/.exec(line)?.[1]?.replaceAll(",", "")));
  expect(dollars).toHaveLength(3);
  const [kv, object, copied] = dollars as [number, number, number];
  expect(kv).toBe(1202);
  expect(object).toBeLessThan(kv / 3);
  expect(copied).toBeLessThanOrEqual(170);
  expect(readFileSync("docs/durable-objects.md", "utf8")).toContain(stdout.trim());
});
