/** How long the documents are: a page that grows has to give a fact back to another place. */
import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("README and docs/ have at most 30,000 words, code and tables included, without the reference that is made from the types", () => {
  const pages = ["README.md", ...globSync("docs/**/*.md")].filter((page) => page !== "docs/reference.md");
  const words = pages.map((page) => readFileSync(page, "utf8").trim().split(/\s+/).length);
  expect(pages.length).toBeGreaterThan(30);
  expect(words.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(30_000);
});
