/** docs/security.md has a row for every requirement, and every row names a test that exists, or says why there is none. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const COUNTS = { A: 16, B: 15, C: 6, D: 13, E: 6, F: 6 };
const NUMBERS = Object.entries(COUNTS).flatMap(([section, count]) =>
  Array.from({ length: count }, (_, n) => `${section}${n + 1}`),
);

const page = readFileSync("docs/security.md", "utf8");
const rows = [...page.matchAll(/^\| ([A-F]\d+) \| ([^|]+) \| ([^|]+) \| ([1-8 ,]*)\|$/gm)].map(([, number, what, proof]) => ({
  number: number as string,
  what: what as string,
  tests: [...(proof as string).matchAll(/“([^”]+)”/g)].map(([, title]) => title as string),
  reason: /(^|\. )(Not met|Does not apply): \S/.test(proof as string),
}));

const files = readdirSync("test/security").filter((file) => file.endsWith(".test.ts"));
const titles = files.flatMap((file) => {
  const text = readFileSync(`test/security/${file}`, "utf8");
  return [...text.matchAll(/\b(?:it|describe)\("([^"]+)"/g)].map(([, title]) => title as string);
});

describe("docs/security.md", () => {
  it("has each requirement once", () => {
    expect(rows.map(({ number }) => number)).toEqual(NUMBERS);
  });

  it.each(rows)(
    "$number names tests that exist and begin with its number, or says why there is none",
    ({ number, tests, reason }) => {
      expect(tests.length > 0 || reason).toBe(true);
      for (const title of tests) {
        expect(titles).toContain(title);
        expect(title.startsWith(`${number} `)).toBe(true);
      }
    },
  );

  it("names every test that proves a requirement", () => {
    const named = rows.flatMap(({ tests }) => tests);
    expect(titles.filter((title) => /^[A-F]\d+ /.test(title) && !named.includes(title))).toEqual([]);
  });
});
