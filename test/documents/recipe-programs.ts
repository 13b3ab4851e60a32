/** docs/recipes.md, and the programs that it shows, by file name. */
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";

export const page: string = readFileSync("docs/recipes.md", "utf8");
// check-pages runs the test that the page shows.
export const programs: ReadonlyMap<string | undefined, string> = new Map(
  [...page.matchAll(/^```ts (\S+(?<!\.test)\.ts)\n([\s\S]+?)^```$/gm)].map(([, name, code]) => [name, code as string]),
);

/** A folder inside of this repository, where programs find it by its package name. Git and linters leave it alone. */
export function newFolder(): string {
  mkdirSync(".vitest", { recursive: true });
  return mkdtempSync(".vitest/recipe-");
}
