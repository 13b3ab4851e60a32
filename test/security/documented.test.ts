/** docs/security.md has a row for every requirement, and every row names the files of its tests, or says why there are none. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const COUNTS = { A: 16, B: 15, C: 6, D: 13, E: 6, F: 6 };
const NUMBERS = Object.entries(COUNTS).flatMap(([section, count]) =>
  Array.from({ length: count }, (_, n) => `${section}${n + 1}`),
);
/** How many tests begin with a requirement's number, where that is not one: so none of them is lost unseen. */
const SEVERAL: Record<string, number> = {
  ...{ A4: 2, A6: 2, A7: 2, A12: 2, A13: 2, A15: 9 },
  ...{ B2: 2, B14: 4, C4: 2, D4: 4, D9: 3, D10: 3, D11: 2, D12: 5, E1: 2, F3: 2, F4: 0 },
};

const page = readFileSync("docs/security.md", "utf8");
const rows = [...page.matchAll(/^\| ([A-F]\d+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, number, , proof]) => ({
  number: number as string,
  files: [...(proof as string).matchAll(/`([^`]+)`/g)].map(([, name]) => fileOf(name as string)),
  reason: /^Does not apply: \S/.test(proof as string),
}));

/** The titles in each file of tests that the page names, or could name. */
const titles = new Map(
  [...readdirSync("test/security").map((file) => `test/security/${file}`), ...rows.flatMap(({ files }) => files)]
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => {
      const found = readFileSync(file, "utf8").matchAll(/\b(?:it|describe)(?:\.each\(.+\))?\("([^"]+)"/g);
      return [file, [...found].map(([, title]) => title as string)];
    }),
);

function fileOf(name: string): string {
  return name.includes("/") ? name : `test/security/${name}.test.ts`;
}

describe("docs/security.md", () => {
  it("has each requirement once", () => {
    expect(rows.map(({ number }) => number)).toEqual(NUMBERS);
  });

  it.each(rows)("$number names the files of its tests, all of them, or says why there are none", ({ number, files, reason }) => {
    const proofs = [...titles].map(([file, all]) => ({ file, own: all.filter((title) => title.startsWith(`${number} `)) }));
    expect([...files].sort()).toEqual(
      proofs
        .filter(({ own }) => own.length > 0)
        .map(({ file }) => file)
        .sort(),
    );
    expect(proofs.flatMap(({ own }) => own)).toHaveLength(SEVERAL[number] ?? 1);
    expect(files.length > 0).toBe(!reason);
  });

  it("has a row for every test that begins with a number", () => {
    const numbers = [...titles.values()].flat().flatMap((title) => /^[A-F]\d+(?= )/.exec(title) ?? []);
    expect(numbers.filter((number) => !NUMBERS.includes(number))).toEqual([]);
  });
});
